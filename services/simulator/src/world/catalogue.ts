import { WeightedSampler, zipfWeights } from './popularity.js';
import { Random } from './random.js';
import type { WorldSettings } from './settings.js';

/** A product and its present price. */
export interface Product {
  readonly index: number;
  readonly id: string;
  readonly name: string;
  readonly category: string | null;
  /** Share of the views it gets. */
  readonly weight: number;
  readonly listPriceMinor: number;
  priceMinor: number;
}

const NOUNS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'electronics.audio': ['headphones', 'speaker', 'earbuds', 'radio'],
  'electronics.phones': ['phone', 'phone case', 'charger', 'power bank'],
  computers: ['keyboard', 'mouse', 'monitor', 'notebook', 'webcam'],
  kitchen: ['kettle', 'toaster', 'pan', 'knife set', 'lunch box'],
  furniture: ['chair', 'desk', 'shelf', 'lamp', 'stool'],
  garden: ['watering can', 'plant pot', 'bird table', 'lantern'],
  toys: ['puzzle', 'building blocks', 'plush bear', 'board game'],
  apparel: ['jacket', 'dress', 'shirt', 'scarf', 'cap'],
  shoes: ['sneakers', 'boots', 'sandals'],
  sport: ['yoga mat', 'dumbbells', 'bottle', 'backpack'],
  beauty: ['soap', 'hand cream', 'perfume'],
  stationery: ['notebook', 'fountain pen', 'gift bag', 'greeting card'],
};
const BRANDS = ['Aldren', 'Bexo', 'Corvale', 'Dunmore', 'Elva', 'Fjordby', 'Granita', 'Halden', 'Isko', 'Junto'] as const;
const LOOKS = ['red', 'blue', 'small', 'large', 'vintage', 'classic', 'folding', 'soft', 'compact', 'striped'] as const;
const MEDIAN_PRICE_MINOR = 2400;
const PRICE_SIGMA = 0.9;

/** What the shop sells; the same for every run of a seed. */
export class Catalogue {
  readonly products: readonly Product[];
  readonly #sampler: WeightedSampler;

  constructor(settings: Pick<WorldSettings, 'seed' | 'products' | 'topShare' | 'nulls'>) {
    const weights = zipfWeights(settings.products, settings.topShare);
    this.products = weights.map((weight, index) => makeProduct(settings, index, weight));
    this.#sampler = new WeightedSampler(weights);
  }

  /** Categories of the products, as far as they have one. */
  readonly categories = Object.keys(NOUNS);

  /** A product by its popularity. */
  draw(random: Random): Product {
    return this.at(this.#sampler.draw(random));
  }

  at(index: number): Product {
    const product = this.products[index];
    if (product === undefined) throw new RangeError(`no product ${String(index)}`);
    return product;
  }
}

function makeProduct(settings: Pick<WorldSettings, 'seed' | 'nulls'>, index: number, weight: number): Product {
  const random = new Random(settings.seed, 'product', index);
  const categories = Object.keys(NOUNS);
  const category = categories[random.below(categories.length)] ?? 'toys';
  const noun = random.pick(NOUNS[category] ?? ['thing']);
  const brand = random.chance(settings.nulls.brand) ? '' : `${random.pick(BRANDS)} `;
  const priceMinor = Math.max(99, Math.round(random.logNormal(MEDIAN_PRICE_MINOR, PRICE_SIGMA) / 100) * 100 - 1);
  return {
    index,
    id: `p-${String(index + 1).padStart(5, '0')}`,
    name: `${brand}${random.pick(LOOKS)} ${noun}`,
    category: random.chance(settings.nulls.category) ? null : category,
    weight,
    listPriceMinor: priceMinor,
    priceMinor,
  };
}
