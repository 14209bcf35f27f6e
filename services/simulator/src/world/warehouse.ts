import type { InventoryEventType } from '@millrace/contracts';
import type { Catalogue, Product } from './catalogue.js';
import type { Chronicle } from './chronicle.js';
import { Random } from './random.js';
import type { WorldSettings } from './settings.js';

/** From order to delivery of goods, before the lifecycle's speed. */
const LEAD_MS = 2 * 86_400_000;
const LEAD_SIGMA = 0.3;
const PRICE_LASTS_MS = 90 * 86_400_000;
const COUNT_EVERY_MS = 180 * 86_400_000;
const LEAST_REORDER = 2;
const LEAST_TARGET = 8;

interface Shelf {
  level: number;
  readonly reorderPoint: number;
  target: number;
  onOrder: boolean;
  soldSinceOrder: number;
}

export type After = (delayMs: number, action: () => void) => void;

/** Shelves, suppliers and prices. Every change is an inventory event; a level is never negative. */
export class Warehouse {
  readonly #shelves: readonly Shelf[];
  readonly #random: Random;

  /** @param unitsPerMs items the shop sells, all products together, by which shelves are planned. */
  constructor(
    private readonly settings: WorldSettings,
    private readonly catalogue: Catalogue,
    private readonly chronicle: Chronicle,
    private readonly after: After,
    unitsPerMs: number,
  ) {
    this.#random = new Random(settings.seed, 'warehouse', chronicle.run);
    this.#shelves = catalogue.products.map((product) => this.#plan(product, unitsPerMs));
  }

  /** Opens the shop: one event per product, and the first price change and stock-taking are arranged. */
  open(): void {
    for (const product of this.catalogue.products) this.#write(product, 'PRODUCT_CHANGED', null, 'count');
    this.#arrangePriceChange();
    this.#arrangeCount();
  }

  level(product: Product): number {
    return this.#shelf(product).level;
  }

  /** Takes items off the shelf; the caller has asked for the level. Orders more where the shelf is low. */
  sell(product: Product, quantity: number): void {
    const shelf = this.#shelf(product);
    shelf.soldSinceOrder += quantity;
    this.#change(product, -quantity, 'sale');
    this.#reorder(product, shelf);
  }

  putBack(product: Product, quantity: number, reason: 'return' | 'cancellation'): void {
    this.#change(product, quantity, reason);
  }

  /** Fills an empty shelf at once, where the shop would have nothing left to sell. */
  rush(product: Product): void {
    this.#deliver(product, this.#shelf(product).target);
  }

  #plan(product: Product, unitsPerMs: number): Shelf {
    const overLead = (unitsPerMs * product.weight * LEAD_MS) / this.settings.lifecycleSpeed;
    const reorderPoint = Math.max(LEAST_REORDER, Math.ceil(1.5 * overLead));
    const target = Math.max(LEAST_TARGET, reorderPoint + Math.ceil(6 * overLead));
    const level = Math.floor(this.#random.between(reorderPoint + 1, target + 1));
    return { level, reorderPoint, target, onOrder: false, soldSinceOrder: 0 };
  }

  #reorder(product: Product, shelf: Shelf): void {
    if (shelf.onOrder || shelf.level > shelf.reorderPoint) return;
    shelf.onOrder = true;
    this.after(this.#random.logNormal(LEAD_MS, LEAD_SIGMA) / this.settings.lifecycleSpeed, () => {
      // A product that sold more than its shelf holds gets a larger shelf: rates can change while the shop runs.
      shelf.target = Math.max(shelf.target, Math.min(2 * shelf.target, shelf.soldSinceOrder));
      this.#deliver(product, Math.max(1, shelf.target - shelf.level));
    });
  }

  #deliver(product: Product, quantity: number): void {
    const shelf = this.#shelf(product);
    shelf.onOrder = false;
    shelf.soldSinceOrder = 0;
    shelf.level += quantity;
    this.#write(product, 'RESTOCKED', quantity, 'delivery');
    this.#reorder(product, shelf);
  }

  #change(product: Product, change: number, reason: string): void {
    this.#shelf(product).level += change;
    this.#write(product, 'STOCK_LEVEL', change, reason);
  }

  #arrangePriceChange(): void {
    this.#every(PRICE_LASTS_MS, () => {
      const product = this.catalogue.at(this.#random.below(this.catalogue.products.length));
      const factor = this.#random.pick([0.7, 0.8, 0.9, 1, 1, 1.05]);
      product.priceMinor = Math.max(1, Math.round((product.listPriceMinor * factor) / 10) * 10 - 1);
      this.#write(product, 'PRICE_CHANGED', null, null);
    });
  }

  #arrangeCount(): void {
    this.#every(COUNT_EVERY_MS, () => {
      const product = this.catalogue.at(this.#random.below(this.catalogue.products.length));
      const shelf = this.#shelf(product);
      const missing = Math.min(shelf.level, 1 + this.#random.geometric(0.5, 20));
      if (missing > 0) this.#change(product, -missing, 'write-off');
      this.#reorder(product, shelf);
    });
  }

  /** Acts again and again; each product is met once per `period` on average. */
  #every(period: number, act: () => void): void {
    const gap = (-Math.log1p(-this.#random.next()) * period) / this.catalogue.products.length / this.settings.lifecycleSpeed;
    this.after(gap, () => {
      act();
      this.#every(period, act);
    });
  }

  #write(product: Product, eventType: InventoryEventType, change: number | null, reason: string | null): void {
    const shelf = this.#shelf(product);
    const named = eventType === 'PRODUCT_CHANGED';
    this.chronicle.inventory({
      eventType,
      productId: product.id,
      name: named ? product.name : null,
      category: product.category,
      stockLevel: shelf.level,
      change,
      reorderPoint: shelf.reorderPoint,
      priceMinor: named || eventType === 'PRICE_CHANGED' ? product.priceMinor : null,
      currency: named || eventType === 'PRICE_CHANGED' ? this.settings.currency : null,
      reason,
    });
  }

  #shelf(product: Product): Shelf {
    const shelf = this.#shelves[product.index];
    if (shelf === undefined) throw new RangeError(`no shelf for ${product.id}`);
    return shelf;
  }
}
