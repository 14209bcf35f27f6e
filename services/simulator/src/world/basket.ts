import type { Catalogue, Product } from './catalogue.js';
import type { Wanted } from './errand.js';
import type { Line } from './order.js';
import type { Random } from './random.js';
import type { ShopProfile } from './settings.js';
import type { Visit } from './visit.js';
import type { Warehouse } from './warehouse.js';

const MOST_LINES = 200;
const MOST_ITEMS = 500;
/** Above this mean, baskets are log-normal as a wholesaler's (median 13, mean 23); below, geometric as a shop's for people. */
const LARGE_BASKET = 3;
const LARGE_BASKET_SIGMA = 1.05;
/** Who buys for a club or an office buys so many times as much. */
const BULK_MEDIAN = 6;
const BULK_SIGMA = 0.7;

/** Decides what is in an order: the cart, or what was looked at, then more by popularity; only what is on the shelves. */
export class BasketFiller {
  constructor(
    private readonly profile: ShopProfile,
    private readonly bulkShare: number,
    private readonly catalogue: Catalogue,
    private readonly warehouse: Warehouse,
  ) {}

  /** At least one line; each product once. */
  fill(random: Random, visit: Visit | null): readonly Line[] {
    const wanted = new Map<Product, number>(visit?.cart.map((line) => [line.product, line.quantity]));
    const large = this.profile.basketLines >= LARGE_BASKET;
    const count = wanted.size > 0 && !large ? wanted.size : Math.max(wanted.size, this.#lineCount(random));
    const seen = [...(visit?.seen ?? [])];
    for (let attempt = 0; wanted.size < count && attempt < count + 8; attempt += 1) {
      const product = seen.pop() ?? this.catalogue.draw(random);
      if (!wanted.has(product)) wanted.set(product, 1 + random.geometric(1 - 1 / this.profile.lineItems, MOST_ITEMS));
    }
    const times = random.chance(this.bulkShare) ? Math.ceil(random.logNormal(BULK_MEDIAN, BULK_SIGMA)) : 1;
    return this.take(random, [...wanted].map(([product, quantity]) => ({ product, quantity: quantity * times })));
  }

  /** Exactly what is wanted, as far as it is on the shelves. */
  take(random: Random, wanted: readonly Wanted[]): readonly Line[] {
    const lines: Line[] = [];
    for (const { product, quantity } of wanted) {
      const available = Math.min(quantity, this.warehouse.level(product));
      if (available > 0) lines.push({ product, quantity: available, unitPriceMinor: product.priceMinor });
    }
    return lines.length > 0 ? lines : [this.#substitute(random)];
  }

  #substitute(random: Random): Line {
    let product = this.catalogue.draw(random);
    for (let attempt = 0; attempt < 8 && this.warehouse.level(product) === 0; attempt += 1) product = this.catalogue.draw(random);
    if (this.warehouse.level(product) === 0) this.warehouse.rush(product);
    return { product, quantity: 1, unitPriceMinor: product.priceMinor };
  }

  #lineCount(random: Random): number {
    const mean = this.profile.basketLines;
    if (mean < LARGE_BASKET) return 1 + random.geometric(1 - 1 / mean, MOST_LINES);
    const median = mean * Math.exp(-(LARGE_BASKET_SIGMA ** 2) / 2);
    return Math.min(MOST_LINES, Math.max(1, Math.round(random.logNormal(median, LARGE_BASKET_SIGMA))));
  }
}
