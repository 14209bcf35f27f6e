import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { formats, type Formats } from './format.js';
import { EMPTY, type ShopState } from './shop.state.js';

interface Shop {
  readonly state: ShopState;
  /** The server's time, ms. */
  readonly now: number;
  readonly format: Formats;
}

export const ShopContext = createContext<Shop>({ state: EMPTY, now: 0, format: formats('UTC') });

export function useShopContext(): Shop {
  return useContext(ShopContext);
}
