import type { Catalogue, Product } from '../world/catalogue.js';
import { drawPromoCode, honestCheckout, lockerOf, type Checkout } from '../world/checkout.js';
import type { Errand, Plot, Wanted } from '../world/errand.js';
import { addressOf, cardOf, DISPOSABLE_DOMAINS, drawCountry, drawEmailDomain, homeOf, type Address, type Card, type Connection } from '../world/identity.js';
import type { Random } from '../world/random.js';
import type { Ring } from '../world/ring.js';
import type { WorldSettings } from '../world/settings.js';
import { customerIdOf, onBrowserOf, shopperOf, strangerOf, type Shopper } from '../world/shopper.js';
import type { Storefront } from '../world/storefront.js';
import { buyingSteps } from '../world/visit.js';
import { carrierLine, homeLine } from '../world/whereabouts.js';
import type { ScenarioName } from './scenario-names.js';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
const MOST_CAUTION = 0.8;
const CAUTION_PER_DECLINE = 0.2;
/** A machine's clicks are so much closer together. */
const MACHINE_PACE = 0.03;
const DRAWS = 24;

/** An honest order paid by card, which somebody may have watched. */
export interface Victim {
  readonly shopper: Shopper;
  readonly card: Card;
  readonly product: Product;
}

/** A card in the wrong hands, and whose it is. */
export interface StolenCard {
  readonly card: Card;
  readonly home: Address;
}

/** What is in fashion among those who play a scenario, until the next season. */
export interface Taste {
  readonly country: string;
  readonly emailDomain: string;
  readonly category: string | null;
}

export interface CrewParts {
  readonly settings: WorldSettings;
  readonly catalogue: Catalogue;
  readonly storefront: Storefront;
  readonly now: () => number;
  /** Recent honest orders paid by card. */
  readonly victims: Ring<Victim>;
}

export interface CrewTraits {
  readonly scenario: ScenarioName;
  readonly actorId: string;
  readonly difficulty: number;
  readonly taste: Taste;
}

/**
 * One fraudster or gang: what it owns and how well it hides. Whatever could give it away goes through {@link hides}, which is true as often
 * as the scenario's difficulty says, and oftener after each decline.
 */
export class Crew {
  #caution = 0;
  #browser: Shopper | null = null;
  #line: Connection | null = null;
  #drop: Address | null = null;
  #drops = 0;
  readonly #shared = new Map<string, unknown>();

  constructor(
    readonly parts: CrewParts,
    readonly random: Random,
    private readonly traits: CrewTraits,
  ) {}

  /** How much of what it wants it dares to take: 1, and less after each decline. */
  get daring(): number {
    return 1 - this.#caution / 2;
  }

  /** Does it do the next thing as an honest shopper would? */
  hides(): boolean {
    const { difficulty } = this.traits;
    return this.random.chance(difficulty + (1 - difficulty) * this.#caution);
  }

  /** Days, as fast as the world's orders live; minutes and hours of a burst are never scaled. */
  days(median: number): number {
    return this.random.logNormal(median * DAY_MS, 0.8) / this.parts.settings.lifecycleSpeed;
  }

  /** Gap between attempts: `naive` in a burst; else `hidden`, as fast as the world's orders live. Medians, ms. */
  gap(naive: number, hidden: number): number {
    const patient = Math.max(naive, hidden / this.parts.settings.lifecycleSpeed);
    return this.random.logNormal(this.hides() ? patient : naive, 0.7);
  }

  /** Someone the shop does not know yet, at a browser of her own or at the crew's. */
  newcomer(kind: 'account' | 'guest'): Shopper {
    const { settings, storefront } = this.parts;
    const number = storefront.newcomer();
    const shopper = { ...strangerOf(settings, number), customerId: kind === 'account' ? customerIdOf(number) : null };
    return this.hides() ? shopper : this.atOwnBrowser(shopper);
  }

  /** Anybody at the crew's own browser. */
  atOwnBrowser(shopper: Shopper): Shopper {
    this.#browser ??= strangerOf(this.parts.settings, this.parts.storefront.newcomer());
    return onBrowserOf(shopper, this.#browser);
  }

  atNewBrowser(shopper: Shopper): Shopper {
    return onBrowserOf(shopper, strangerOf(this.parts.settings, this.parts.storefront.newcomer()));
  }

  /** Hidden: a line in this country as thousands have one; else the crew's own, wherever it sits. */
  connection(country: string | null): Connection {
    if (this.hides()) return this.random.chance(0.4) ? carrierLine(country, this.random) : homeLine(this.anyNumber(), country);
    this.#line ??= { line: `host ${this.traits.actorId}`, country: this.traits.taste.country };
    return this.#line;
  }

  emailDomain(): string {
    return this.hides() ? drawEmailDomain(this.random, this.parts.settings.oddities.disposableEmail) : this.traits.taste.emailDomain;
  }

  /** When its newest account was opened: hidden, one that was bought or left to ripen. */
  accountCreatedAt(): number {
    const age = this.hides() ? this.random.logNormal(90 * DAY_MS, 1.3) : this.random.logNormal(8 * MINUTE_MS, 0.8);
    return Math.floor(this.parts.now() - age);
  }

  /** Where goods are picked up. */
  drop(country: string | null): Address {
    const { seed } = this.parts.settings;
    if (!this.hides()) return (this.#drop ??= this.freshAddress(country));
    return this.random.chance(0.4) ? lockerOf(seed, country, this.random) : this.freshAddress(country);
  }

  freshAddress(country: string | null): Address {
    this.#drops += 1;
    return addressOf(this.parts.settings.seed, `drop ${this.traits.actorId} ${String(this.#drops)}`, country);
  }

  /** A card from a leak elsewhere, with its owner's address. */
  stolenCard(): StolenCard {
    const { seed, oddities } = this.parts.settings;
    const owner = -1 - this.random.below(2 ** 40);
    const country = drawCountry(this.random);
    return { card: cardOf(seed, owner, 0, country, oddities.foreignCard), home: homeOf(seed, owner, country) };
  }

  /** A person who may or may not have been in the shop. */
  anyNumber(): number {
    return 1 + this.random.below(2 ** 24);
  }

  /** Codes for everybody; the naive do not care for ten percent of what is not theirs. */
  promoCode(): string | null {
    return this.hides() ? drawPromoCode(false, this.random) : null;
  }

  /** Where it works. */
  country(): string {
    return this.hides() ? drawCountry(this.random) : this.traits.taste.country;
  }

  /** What a known customer states, whoever sits at the keyboard. */
  statedBy(shopper: Shopper): Checkout {
    const { settings, storefront } = this.parts;
    return honestCheckout(settings, shopper, storefront.firstSeen(shopper), this.random);
  }

  /** Somebody who ordered before and whose country is known; null while there is nobody. */
  formerBuyer(): Shopper | null {
    const { settings, storefront } = this.parts;
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const number = storefront.formerBuyer(this.random);
      const shopper = number === undefined ? null : shopperOf(settings, number);
      if (shopper !== null && shopper.country !== null) return shopper;
    }
    return null;
  }

  /** The n-th thing of a kind that the crew owns; made at its first use. */
  shared<T>(kind: string, index: number, make: () => T): T {
    const key = `${kind} ${String(index)}`;
    // A kind always holds things of one type: its callers make them.
    if (!this.#shared.has(key)) this.#shared.set(key, make());
    return this.#shared.get(key) as T;
  }

  atPoolBrowser(shopper: Shopper, index: number): Shopper {
    return onBrowserOf(shopper, this.shared('browser', index, () => strangerOf(this.parts.settings, this.parts.storefront.newcomer())));
  }

  /** The product of the highest or lowest price among some that are drawn; of the season's category where there is one. */
  product(price: 'highest' | 'lowest' | 'any'): Product {
    const { catalogue } = this.parts;
    let best = catalogue.draw(this.random);
    if (price === 'any') return best;
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const other = catalogue.draw(this.random);
      const better = price === 'highest' ? other.priceMinor > best.priceMinor : other.priceMinor < best.priceMinor;
      const inFashion = other.category === this.traits.taste.category && best.category !== this.traits.taste.category;
      if (better || (inFashion && price === 'highest' && 2 * other.priceMinor > best.priceMinor)) best = other;
    }
    return best;
  }

  /** What a thief takes: hidden, as any shopper; else the dearest, and several of it. */
  plunder(): readonly Wanted[] {
    if (this.hides()) return [];
    return [{ product: this.product('highest'), quantity: Math.max(1, Math.round(this.random.logNormal(1.5, 0.6) * this.daring)) }];
  }

  plot(plan: Pick<Plot, 'declineShare' | 'chargebackShare'> & Partial<Pick<Plot, 'refundShare'>>): Plot {
    const { scenario, actorId } = this.traits;
    return { scenario, actorId, refundShare: 0, declined: this.#learn, ...plan };
  }

  /** A visit that ends in an order. In haste: straight to the goods, as fast as a machine. */
  errand(plan: { readonly shopper: Shopper; readonly connection: Connection; readonly checkout: Checkout | null; readonly wanted: readonly Wanted[]; readonly haste: boolean; readonly plot: Plot }): Errand {
    const { haste, wanted, ...rest } = plan;
    const cart = !this.random.chance(this.parts.settings.profile.cartlessShare);
    const signIn = cart && plan.shopper.customerId !== null && this.random.chance(0.7);
    const steps = buyingSteps(this.random, { lines: Math.max(1, wanted.length), cart, signIn, haste });
    return { ...rest, wanted, steps, pace: haste ? MACHINE_PACE : 1 };
  }

  readonly #learn = (): void => {
    this.#caution = Math.min(MOST_CAUTION, this.#caution + CAUTION_PER_DECLINE);
    this.#browser = null;
    this.#line = null;
  };
}

/** The taste of a season. */
export function drawTaste(random: Random, categories: readonly (string | null)[]): Taste {
  return { country: drawCountry(random), emailDomain: random.pick(DISPOSABLE_DOMAINS), category: categories[random.below(categories.length)] ?? null };
}
