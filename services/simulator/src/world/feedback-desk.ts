import type { Chronicle } from './chronicle.js';
import type { Order } from './order.js';
import { Random } from './random.js';
import type { WorldSettings } from './settings.js';
import type { After } from './warehouse.js';

const DAY_MS = 86_400_000;
/** Olist: 57, 19, 8, 3 and 11 % of the reviews have 5, 4, 3, 2 and 1 stars (normed). */
const STARS = [5, 4, 3, 2, 1] as const;
const STAR_SHARES = [0.575, 0.192, 0.085, 0.034, 0.114];
const UNHAPPY_STAR_SHARES = [0.15, 0.15, 0.2, 0.15, 0.35];

interface Words {
  readonly titles: readonly [string, ...string[]];
  readonly opinions: readonly [string, ...string[]];
}

const GOOD: Words = { titles: ['Love it', 'Very good', 'As described', 'Great value'], opinions: ['Arrived early and works very well.', 'Exactly what I was looking for.', 'Good quality for the price.', 'Would buy again.'] };
const FAIR: Words = { titles: ['It is ok', 'Fair', 'So-so'], opinions: ['Does what it should, no more.', 'The colour differs a little from the picture.', 'Delivery took its time.'] };
const BAD: Words = { titles: ['Disappointed', 'Broke soon', 'Not as described'], opinions: ['It broke after a few days.', 'Not what the pictures show.', 'Arrived damaged and late.', 'Sent it back.'] };

/** Ratings and reviews that customers write once their order has arrived. */
export class FeedbackDesk {
  constructor(
    private readonly settings: WorldSettings,
    private readonly chronicle: Chronicle,
    private readonly after: After,
  ) {}

  /** The order arrives after `delayMs`; some who got it will rate it days later. */
  expect(order: Order, delayMs: number): void {
    const random = new Random(this.settings.seed, order.id, 'feedback');
    if (!random.chance(this.settings.profile.ratedShare)) return;
    const thinking = random.logNormal(2 * DAY_MS, 0.8) / this.settings.lifecycleSpeed;
    this.after(delayMs + thinking, () => {
      this.#rate(order, random);
    });
  }

  #rate(order: Order, random: Random): void {
    const line = order.lines[random.below(order.lines.length)];
    if (line === undefined) return;
    const drawn = STARS[random.weighted(order.refunded ? UNHAPPY_STAR_SHARES : STAR_SHARES)] ?? 5;
    // The kind round a middling opinion up, the unkind down; the extremes stay.
    const shifted = drawn === 3 && random.chance(Math.abs(order.shopper.kindness) / 2) ? drawn + Math.sign(order.shopper.kindness) : drawn;
    const words = shifted >= 4 ? GOOD : shifted === 3 ? FAIR : BAD;
    const written = random.chance(this.settings.profile.reviewedShare);
    this.chronicle.feedback({
      eventType: written ? 'REVIEWED' : 'RATED',
      productId: line.product.id,
      category: line.product.category,
      customerId: order.customerId,
      orderId: order.id,
      country: order.checkout.shipping.country,
      rating: shifted,
      title: written ? random.pick(words.titles) : null,
      body: written ? `${random.pick(words.opinions)} ${random.pick(words.opinions)}` : null,
      language: written ? 'en' : null,
    });
  }
}
