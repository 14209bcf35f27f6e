import type { Product } from './catalogue.js';
import type { Errand, Wanted } from './errand.js';
import type { Connection } from './identity.js';
import type { Random } from './random.js';
import type { Shopper } from './shopper.js';
import { CHECKOUT_SHARE } from './traffic.js';

export type Step = 'page' | 'search' | 'view' | 'sign-in' | 'add' | 'remove' | 'checkout';

/** One visit: what its visitor will do, and what she has done so far. */
export interface Visit {
  readonly id: string;
  readonly shopper: Shopper;
  readonly connection: Connection;
  /** Why it is made; null: to look around. */
  readonly errand: Errand | null;
  /** What the errand asks for and was not looked at yet. */
  readonly wanted: Wanted[];
  /** She ordered before. */
  readonly loyal: boolean;
  readonly random: Random;
  readonly referrer: string;
  readonly steps: readonly Step[];
  done: number;
  lastAt: number;
  signedIn: boolean;
  ordered: boolean;
  /** The last products seen, newest last. */
  readonly seen: Product[];
  readonly cart: { readonly product: Product; readonly quantity: number }[];
}

/** REES46: 59 % of the visits are one click; the others go on. */
const BOUNCE_SHARE = 0.55;
const GO_ON = 2 / 3;
const MOST_CLICKS = 200;
const PAGE_SHARE = 0.05;
const SEARCH_SHARE = 0.04;
const SIGN_IN_SHARE = 0.2;
/** Carts of several products of which one is taken out again. */
const REMOVE_SHARE = 0.3;
const MOST_MORE_LINES = 5;

/** Plans a visit that only looks around. */
export function browsingSteps(random: Random, customer: boolean): Step[] {
  if (random.chance(BOUNCE_SHARE)) return [lookAround(random)];
  const steps = Array.from({ length: 2 + random.geometric(GO_ON, MOST_CLICKS) }, () => lookAround(random));
  if (customer && random.chance(SIGN_IN_SHARE)) steps.splice(1, 0, 'sign-in');
  return steps;
}

/** Plans a visit that fills a cart with about `lines` products; most carts are left. */
export function cartSteps(random: Random, customer: boolean, lines: number): Step[] {
  const steps = Array.from({ length: random.geometric(GO_ON, MOST_CLICKS) }, () => lookAround(random));
  steps.push('view', 'add');
  const more = random.geometric(1 - 1 / lines, MOST_MORE_LINES);
  for (let line = 0; line < more; line += 1) steps.push('view', 'add');
  if (more > 0 && random.chance(REMOVE_SHARE)) steps.push('remove');
  if (!random.chance(CHECKOUT_SHARE)) return steps;
  if (customer && random.chance(0.7)) steps.push('sign-in');
  steps.push('checkout');
  return steps;
}

/** Plans a visit that ends in an order: `lines` products, through the cart or not. In haste nothing else is looked at. */
export function buyingSteps(random: Random, plan: { readonly lines: number; readonly cart: boolean; readonly signIn: boolean; readonly haste: boolean }): Step[] {
  const steps = Array.from({ length: plan.haste ? 0 : random.geometric(GO_ON, MOST_CLICKS) }, () => lookAround(random));
  if (plan.signIn) steps.unshift('sign-in');
  for (let line = 0; line < plan.lines; line += 1) steps.push(...(plan.cart ? (['view', 'add'] as const) : (['view'] as const)));
  if (plan.cart) steps.push('checkout');
  return steps;
}

function lookAround(random: Random): Step {
  const place = random.next();
  if (place < PAGE_SHARE) return 'page';
  return place < PAGE_SHARE + SEARCH_SHARE ? 'search' : 'view';
}
