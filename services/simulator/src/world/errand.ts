import type { ScenarioName } from '../fraud/scenario-names.js';
import type { Product } from './catalogue.js';
import type { Checkout } from './checkout.js';
import type { Connection } from './identity.js';
import type { Shopper } from './shopper.js';
import type { Step } from './visit.js';

export interface Wanted {
  readonly product: Product;
  readonly quantity: number;
}

/** What is behind an order that is not honest. */
export interface Plot {
  readonly scenario: ScenarioName;
  /** Who is behind it: one person or gang. */
  readonly actorId: string;
  /** Chance that the bank refuses the payment. */
  readonly declineShare: number;
  /** Chance that the money is claimed back through the bank, as far as anybody ever claims. */
  readonly chargebackShare: number;
  /** Chance that the shop is talked into a refund. */
  readonly refundShare: number;
  /** The bank has refused: whoever is behind it learns from that. */
  readonly declined: () => void;
}

/** A visit that somebody comes for on purpose, and the order at its end. */
export interface Errand {
  readonly shopper: Shopper;
  readonly connection: Connection;
  readonly steps: readonly Step[];
  /** Gaps between the clicks, relative to a person's. */
  readonly pace: number;
  /** What is bought; empty: whatever the visit leads to. */
  readonly wanted: readonly Wanted[];
  /** What is stated at the checkout; null: what this shopper would state. */
  readonly checkout: Checkout | null;
  /** Null: an honest shopper. */
  readonly plot: Plot | null;
}
