import type { ClickEvent, ClickEventType } from '@millrace/contracts';
import type { Catalogue, Product } from './catalogue.js';
import type { Chronicle } from './chronicle.js';
import { Heap } from './heap.js';
import { Random } from './random.js';
import { Ring } from './ring.js';
import { shopperOf, type Shopper } from './shopper.js';
import { SlotShare } from './slot-share.js';
import type { WorldSettings } from './settings.js';
import type { TrafficMix } from './traffic.js';
import { browsingSteps, cartSteps, type Step, type Visit } from './visit.js';

/** Gaps between the clicks of a visit, measured on REES46: median 35 s, mean 64 s. */
const GAP_MEDIAN_MS = 35_000;
const GAP_SIGMA = 1.1;
/** A visit ends after 30 minutes without a click: its own clicks, and its order, come sooner. */
const LONGEST_GAP_MS = 20 * 60_000;
const SHORTEST_GAP_MS = 1_000;
const REFERRERS = ['direct', 'search', 'social', 'email', 'ads'] as const;
const PAGES = ['/', '/offers', '/about', '/shipping', '/help'] as const;
/** Visits by someone who ordered before, and by someone who was here before. */
const LOYAL_VISITS = 0.08;
const RETURNING_VISITS = 0.27;
const MEMORY = 65_536;
const FEW_BUYERS = 500;
const LOOKERS = 256;
const MOST_SEEN = 4;

/** The shop's pages: who is there, what they look at, and who is ready to buy. Turns click slots into click events. */
export class Storefront {
  readonly #due = new Heap<Visit>();
  readonly #checkouts: { readonly visit: Visit; readonly readyAt: number }[] = [];
  readonly #loyalLookers = new Ring<Visit>(LOOKERS);
  readonly #lookers = new Ring<Visit>(LOOKERS);
  readonly #visitors = new Ring<number>(MEMORY);
  readonly #buyers = new Ring<number>(MEMORY);
  readonly #random: Random;
  #share: SlotShare;
  #visits = 0;
  #shoppers = 0;

  constructor(
    private readonly settings: WorldSettings,
    private readonly catalogue: Catalogue,
    private readonly chronicle: Chronicle,
    private mix: TrafficMix,
  ) {
    this.#random = new Random(settings.seed, 'storefront', chronicle.run);
    this.#share = new SlotShare(mix.visitShare);
  }

  /** Follows new rates. */
  useMix(mix: TrafficMix): void {
    this.mix = mix;
    this.#share = new SlotShare(mix.visitShare);
  }

  /** Something is clicked now. */
  click(): void {
    const now = this.chronicle.now;
    const next = this.#due.peek();
    const early = next !== undefined && next.lastAt + SHORTEST_GAP_MS <= now;
    const choice = this.#share.choose(this.#due.lowestKey <= now, early);
    const visit = choice === 'begin' ? this.#begin() : (this.#due.pop() ?? this.#begin());
    const step = visit.steps[visit.done] ?? 'view';
    visit.done += 1;
    visit.lastAt = now;
    this.#act(visit, step);
    if (visit.done < visit.steps.length) {
      const gap = Math.min(LONGEST_GAP_MS, SHORTEST_GAP_MS + this.#random.logNormal(GAP_MEDIAN_MS, GAP_SIGMA));
      this.#due.push(now + gap, visit);
    }
  }

  /**
   * The visit that turns into an order now: one that waits at the checkout, else someone who looks at a product and buys at once. Undefined when
   * nobody is there.
   */
  buyer(): Visit | undefined {
    const now = this.chronicle.now;
    for (let first = this.#checkouts[0]; first !== undefined && first.readyAt <= now; first = this.#checkouts[0]) {
      this.#checkouts.shift();
      if (!first.visit.ordered && now - first.visit.lastAt < LONGEST_GAP_MS) return this.#sold(first.visit);
    }
    const rings = this.#random.chance(this.settings.profile.repeatShare) ? [this.#loyalLookers, this.#lookers] : [this.#lookers, this.#loyalLookers];
    for (const ring of rings) {
      for (let attempt = 0; attempt < 8; attempt += 1) {
        const visit = ring.draw(this.#random);
        if (visit === undefined) break;
        if (!visit.ordered && now - visit.lastAt < LONGEST_GAP_MS) return this.#sold(visit);
      }
    }
    return undefined;
  }

  /** Someone who orders without a visit: by telephone or on a market place. */
  caller(): Shopper {
    const known = this.#random.chance(this.settings.profile.repeatShare) ? this.#buyers.draw(this.#random, FEW_BUYERS) : undefined;
    const shopper = shopperOf(this.settings, known ?? (this.#shoppers += 1));
    if (shopper.customerId !== null) this.#buyers.add(shopper.number);
    return shopper;
  }

  #sold(visit: Visit): Visit {
    visit.ordered = true;
    if (visit.shopper.customerId !== null) this.#buyers.add(visit.shopper.number);
    return visit;
  }

  #begin(): Visit {
    this.#visits += 1;
    const random = new Random(this.settings.seed, this.chronicle.run, 'visit', this.#visits);
    const withCart = random.chance(this.mix.cartShare);
    const { shopper, loyal } = this.#visitor(random, withCart ? this.settings.profile.repeatShare : LOYAL_VISITS);
    const customer = shopper.customerId !== null;
    this.#visitors.add(shopper.number);
    return {
      id: `s-${this.chronicle.run}-${this.#visits.toString(36)}`,
      shopper,
      loyal,
      random,
      referrer: random.pick(REFERRERS),
      steps: withCart ? cartSteps(random, customer, this.settings.profile.basketLines) : browsingSteps(random, customer),
      done: 0,
      lastAt: 0,
      signedIn: false,
      ordered: false,
      seen: [],
      cart: [],
    };
  }

  #visitor(random: Random, loyalShare: number): { readonly shopper: Shopper; readonly loyal: boolean } {
    const place = random.next();
    const buyer = place < loyalShare ? this.#buyers.draw(random, FEW_BUYERS) : undefined;
    if (buyer !== undefined) return { shopper: shopperOf(this.settings, buyer), loyal: true };
    const known = place >= loyalShare && place < loyalShare + RETURNING_VISITS ? this.#visitors.draw(random) : undefined;
    return { shopper: shopperOf(this.settings, known ?? (this.#shoppers += 1)), loyal: false };
  }

  #act(visit: Visit, step: Step): void {
    switch (step) {
      case 'page':
        this.#write(visit, 'PAGE_VIEW', { pageUrl: visit.random.pick(PAGES) });
        return;
      case 'search':
        this.#write(visit, 'SEARCH', { pageUrl: '/search', searchQuery: this.catalogue.draw(visit.random).name });
        return;
      case 'view':
        this.#view(visit, this.catalogue.draw(visit.random));
        return;
      case 'sign-in':
        visit.signedIn = true;
        this.#write(visit, 'SIGN_IN', { pageUrl: '/account' });
        return;
      case 'add':
        this.#add(visit);
        return;
      case 'remove':
        this.#remove(visit);
        return;
      case 'checkout':
        this.#checkouts.push({ visit, readyAt: this.chronicle.now + 2_000 + visit.random.below(8_000) });
        this.#write(visit, 'CHECKOUT', { pageUrl: '/checkout' });
    }
  }

  #view(visit: Visit, product: Product): void {
    visit.seen.push(product);
    if (visit.seen.length > MOST_SEEN) visit.seen.shift();
    (visit.loyal ? this.#loyalLookers : this.#lookers).add(visit);
    this.#write(visit, 'PRODUCT_VIEW', productPage(product, this.settings.currency));
  }

  #add(visit: Visit): void {
    const product = visit.seen.at(-1);
    if (product === undefined) return;
    const quantity = 1 + visit.random.geometric(1 - 1 / this.settings.profile.lineItems, 500);
    visit.cart.push({ product, quantity });
    this.#write(visit, 'ADD_TO_CART', { ...productPage(product, this.settings.currency), quantity });
  }

  #remove(visit: Visit): void {
    const line = visit.cart.shift();
    if (line === undefined) return;
    this.#write(visit, 'REMOVE_FROM_CART', { ...productPage(line.product, this.settings.currency), pageUrl: '/cart', quantity: line.quantity });
  }

  #write(visit: Visit, eventType: ClickEventType, details: Partial<ClickEvent>): void {
    const { shopper } = visit;
    this.chronicle.click({
      eventType,
      visitorId: shopper.visitorId,
      sessionId: visit.id,
      customerId: visit.signedIn ? shopper.customerId : null,
      country: shopper.country,
      device: shopper.device,
      deviceId: shopper.deviceId,
      productId: details.productId ?? null,
      category: details.category ?? null,
      searchQuery: details.searchQuery ?? null,
      pageUrl: details.pageUrl ?? null,
      referrer: visit.done === 1 ? visit.referrer : null,
      quantity: details.quantity ?? null,
      priceMinor: details.priceMinor ?? null,
      currency: details.currency ?? null,
    });
  }
}

function productPage(product: Product, currency: string): Partial<ClickEvent> {
  return { productId: product.id, category: product.category, pageUrl: `/product/${product.id}`, priceMinor: product.priceMinor, currency };
}
