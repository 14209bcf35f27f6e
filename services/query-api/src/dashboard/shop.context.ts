import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { AlertLink } from './alert.link.js';
import type { Subject } from './explanation.js';
import { formats, type Formats } from './format.js';
import { EMPTY, type ShopState } from './shop.state.js';

interface Shop {
  readonly state: ShopState;
  /** The server's time, ms. */
  readonly now: number;
  readonly format: Formats;
  /** Opens the explanation of a number. */
  readonly explain: (subject: Subject) => void;
  /** Opens an alert. */
  readonly showAlert: (link: AlertLink) => void;
}

export const ShopContext = createContext<Shop>({ state: EMPTY, now: 0, format: formats('UTC'), explain: () => undefined, showAlert: () => undefined });

export function useShopContext(): Shop {
  return useContext(ShopContext);
}
