import type { ClickEvent, ClickEventType } from '@millrace/contracts';
import type { Catalogue, Product } from './catalogue.js';
import type { Chronicle } from './chronicle.js';
import type { Errand } from './errand.js';
import { Heap } from './heap.js';
import { Random } from './random.js';
import { Ring } from './ring.js';
import { onBrowserOf, shopperOf, strangerOf, type Shopper } from './shopper.js';
import { SlotShare } from './slot-share.js';
import type { WorldSettings } from './settings.js';
import type { TrafficMix } from './traffic.js';
import { browsingSteps, cartSteps, type Step, type Visit } from './visit.js';
import { whereaboutsOf } from './whereabouts.js';

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
/** Who comes for a purpose and finds no slot to click in orders without a visit, by telephone. */
const PATIENCE_MS = 60 * 60_000;
/** Orders that those who came for a purpose get while they stand in line: a gang never crowds out the shop. */
const ERRAND_SHARE = 0.5;
/** First visits are remembered by blocks of so many shoppers: eight bytes each for as long as the shop is open. */
const BLOCK = 256;
const KIOSKS = 5;
/** New devices among travellers. */
const TRAVELLERS_DEVICE_SHARE = 0.4;

/** Someone who orders now. */
export interface Buyer {
  readonly shopper: Shopper;
  /** Null: by telephone. */
  readonly visit: Visit | null;
  readonly errand: Errand | null;
}

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
  readonly #firstSeen: number[] = [];
  readonly #kiosks: Shopper[] = [];
  readonly #waiting: { readonly errand: Errand; readonly since: number }[] = [];
  readonly #calls: Errand[] = [];
  readonly #line: Buyer[] = [];
  readonly #ready = new Heap<Visit>();
  #byTelephone = false;

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
      this.#due.push(now + gap * (visit.errand?.pace ?? 1), visit);
    } else if (visit.errand !== null) {
      this.#ready.push(now + (2_000 + visit.random.below(8_000)) * visit.errand.pace, visit);
    }
  }

  /** Somebody will come for a purpose, as soon as there is something to click. */
  send(errand: Errand): void {
    // Where clicks are too few for the orders, honest people order by telephone; who comes for a purpose does so as often.
    if (this.#byTelephone) this.#calls.push(errand);
    else this.#waiting.push({ errand, since: this.chronicle.now });
  }

  /** A number that nobody in the world has yet. */
  newcomer(): number {
    this.#shoppers += 1;
    if (this.#shoppers % BLOCK === 1) this.#firstSeen.push(this.chronicle.now);
    return this.#shoppers;
  }

  /** Number of somebody who ordered before; undefined while nobody has. */
  formerBuyer(random: Random): number | undefined {
    return this.#buyers.draw(random);
  }

  /** A time shortly before the shop first saw this shopper, ms. */
  firstSeen({ number }: Shopper): number {
    return this.#firstSeen[Math.floor((number - 1) / BLOCK)] ?? this.settings.start;
  }

  /**
   * Who orders now. Who came for a purpose stands in line with the others: whoever took the first order after she was ready would mostly be
   * found behind a long gap between orders, and so be found out.
   */
  nextBuyer(): Buyer {
    const inLine = this.#line.length > 0 && this.#random.chance(ERRAND_SHARE) ? this.#line.shift() : undefined;
    this.#lineUp();
    if (inLine !== undefined) return inLine;
    const visit = this.#visitThatBuys();
    this.#byTelephone = visit === undefined;
    return { shopper: visit?.shopper ?? this.#caller(), visit: visit ?? null, errand: null };
  }

  #lineUp(): void {
    const { now } = this.chronicle;
    while (this.#ready.lowestKey <= now) {
      const visit = this.#ready.pop();
      if (visit?.errand != null) this.#line.push({ shopper: visit.shopper, visit, errand: visit.errand });
    }
    for (let first = this.#waiting[0]; first !== undefined && first.since + PATIENCE_MS < now; first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#calls.push(first.errand);
    }
    for (const errand of this.#calls.splice(0)) this.#line.push({ shopper: errand.shopper, visit: null, errand });
  }

  /**
   * The visit that turns into an order now: one that waits at the checkout, else someone who looks at a product and buys at once. Undefined when
   * nobody is there.
   */
  #visitThatBuys(): Visit | undefined {
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
  #caller(): Shopper {
    const known = this.#random.chance(this.settings.profile.repeatShare) ? this.#buyers.draw(this.#random, FEW_BUYERS) : undefined;
    const shopper = shopperOf(this.settings, known ?? this.newcomer());
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
    const errand = this.#waiting.shift()?.errand ?? null;
    const plan = errand === null ? this.#lookAround(random) : { shopper: errand.shopper, loyal: false, connection: errand.connection, steps: errand.steps };
    return {
      id: `s-${this.chronicle.run}-${this.#visits.toString(36)}`,
      ...plan,
      errand,
      wanted: [...(errand?.wanted ?? [])],
      random,
      referrer: random.pick(REFERRERS),
      done: 0,
      lastAt: 0,
      signedIn: false,
      ordered: false,
      seen: [],
      cart: [],
    };
  }

  /** An honest visit. */
  #lookAround(random: Random): Pick<Visit, 'shopper' | 'loyal' | 'connection' | 'steps'> {
    const withCart = random.chance(this.mix.cartShare);
    const { shopper: known, loyal } = this.#visitor(random, withCart ? this.settings.profile.repeatShare : LOYAL_VISITS);
    this.#visitors.add(known.number);
    const { connection, travelling } = whereaboutsOf(this.settings.oddities, known, random);
    const shopper = this.#atSomeDevice(known, travelling, random);
    const customer = shopper.customerId !== null;
    const steps = withCart ? cartSteps(random, customer, this.settings.profile.basketLines) : browsingSteps(random, customer);
    return { shopper, loyal, connection, steps };
  }

  #atSomeDevice(shopper: Shopper, travelling: boolean, random: Random): Shopper {
    const { kiosk, newDevice } = this.settings.oddities;
    const place = random.next();
    if (place < kiosk) return onBrowserOf(shopper, (this.#kiosks[Math.floor((place / kiosk) * KIOSKS)] ??= strangerOf(this.settings, this.newcomer())));
    return place < kiosk + (travelling ? TRAVELLERS_DEVICE_SHARE : newDevice) ? onBrowserOf(shopper, strangerOf(this.settings, this.newcomer())) : shopper;
  }

  #visitor(random: Random, loyalShare: number): { readonly shopper: Shopper; readonly loyal: boolean } {
    const place = random.next();
    const buyer = place < loyalShare ? this.#buyers.draw(random, FEW_BUYERS) : undefined;
    if (buyer !== undefined) return { shopper: shopperOf(this.settings, buyer), loyal: true };
    const known = place >= loyalShare && place < loyalShare + RETURNING_VISITS ? this.#visitors.draw(random) : undefined;
    return { shopper: shopperOf(this.settings, known ?? this.newcomer()), loyal: false };
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
        this.#view(visit, this.#nextWanted(visit) ?? this.catalogue.draw(visit.random));
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
        if (visit.errand === null) this.#checkouts.push({ visit, readyAt: this.chronicle.now + 2_000 + visit.random.below(8_000) });
        this.#write(visit, 'CHECKOUT', { pageUrl: '/checkout' });
    }
  }

  /** What is wanted is looked at last, or just before it goes into the cart. */
  #nextWanted(visit: Visit): Product | undefined {
    const next = visit.steps[visit.done];
    const isLast = visit.steps.length - visit.done < visit.wanted.length;
    return next === 'add' || isLast ? visit.wanted.shift()?.product : undefined;
  }

  #view(visit: Visit, product: Product): void {
    visit.seen.push(product);
    if (visit.seen.length > MOST_SEEN) visit.seen.shift();
    if (visit.errand === null) (visit.loyal ? this.#loyalLookers : this.#lookers).add(visit);
    this.#write(visit, 'PRODUCT_VIEW', productPage(product, this.settings.currency));
  }

  #add(visit: Visit): void {
    const product = visit.seen.at(-1);
    if (product === undefined) return;
    const wished = visit.errand?.wanted.find((line) => line.product === product)?.quantity;
    const quantity = wished ?? 1 + visit.random.geometric(1 - 1 / this.settings.profile.lineItems, 500);
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
      country: visit.connection.country,
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
