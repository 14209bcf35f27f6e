import { LabelDesk } from '../fraud/label-desk.js';
import { Underworld } from '../fraud/underworld.js';
import { RateCurve, Slots } from './arrivals.js';
import { Catalogue } from './catalogue.js';
import { Chronicle } from './chronicle.js';
import { FeedbackDesk } from './feedback-desk.js';
import { Heap } from './heap.js';
import { OrderDesk } from './order-desk.js';
import { Random } from './random.js';
import type { Rates, WorldSettings } from './settings.js';
import { Storefront } from './storefront.js';
import { trafficMix } from './traffic.js';
import { Warehouse } from './warehouse.js';
import type { WorldEvent } from './world-event.js';

/**
 * A shop and its people as a discrete-event simulation: no clock, no input, no output. `next()` gives one event after the other in event
 * time, for ever; the same settings give the same events.
 */
export class World {
  readonly #chronicle: Chronicle;
  readonly #timers = new Heap<() => void>();
  readonly #storefront: Storefront;
  readonly #orderDesk: OrderDesk;
  readonly #clickSlots: Slots;
  readonly #orderSlots: Slots;
  #rates: Rates;
  #curves: boolean;

  constructor(private readonly settings: WorldSettings) {
    this.#rates = settings.rates;
    this.#curves = settings.curves;
    const { seed, profile, start } = settings;
    const mix = trafficMix(settings.rates, profile, settings.oddities.declined);
    const chronicle = new Chronicle(settings);
    const catalogue = new Catalogue(settings);
    const after = (delayMs: number, action: () => void): void => {
      this.#timers.push(chronicle.now + delayMs, action);
    };
    const unitsPerMs = (mix.ordersPerSecond * profile.basketLines * profile.lineItems) / 1000;
    const warehouse = new Warehouse(settings, catalogue, chronicle, after, unitsPerMs);
    const feedback = new FeedbackDesk(settings, chronicle, after);
    this.#chronicle = chronicle;
    this.#storefront = new Storefront(settings, catalogue, chronicle, mix);
    const labels = new LabelDesk(settings, chronicle, after);
    const underworld = new Underworld(settings, { catalogue, chronicle, storefront: this.#storefront, after });
    this.#orderDesk = new OrderDesk(settings, { catalogue, chronicle, storefront: this.#storefront, warehouse, feedback, labels, underworld, after }, mix);
    this.#clickSlots = new Slots(settings.rates.clickstream, this.#curve(), start, new Random(seed, 'click slots', chronicle.run));
    this.#orderSlots = new Slots(settings.rates.orders, this.#curve(), start, new Random(seed, 'order slots', chronicle.run));
    warehouse.open();
  }

  get rates(): Rates {
    return this.#rates;
  }

  /** The following event; its time is never before that of the one before. */
  next(): WorldEvent {
    for (;;) {
      const event = this.#chronicle.take();
      if (event !== undefined) return event;
      this.#step();
    }
  }

  /** Changes the rates from `time` (event time, ms) on. */
  setRates(rates: Rates, time: number): void {
    this.#rates = rates;
    const mix = trafficMix(rates, this.settings.profile, this.settings.oddities.declined);
    this.#storefront.useMix(mix);
    this.#orderDesk.useMix(mix);
    this.skipTo(time);
  }

  /** Switches the day, week and year curves on or off from `time` on. */
  setCurves(curves: boolean, time: number): void {
    this.#curves = curves;
    this.skipTo(time);
  }

  /** Nothing is clicked or ordered until `time`; what was arranged for the time between happens then. */
  skipTo(time: number): void {
    const from = Math.max(time, this.#chronicle.now);
    this.#clickSlots.restart(from, this.#rates.clickstream, this.#curve());
    this.#orderSlots.restart(from, this.#rates.orders, this.#curve());
    this.#chronicle.advance(from);
  }

  #step(): void {
    const click = this.#clickSlots.at;
    const order = this.#orderSlots.at;
    const timer = this.#timers.lowestKey;
    this.#chronicle.advance(Math.min(click, order, timer));
    if (timer <= click && timer <= order) {
      this.#timers.pop()?.();
    } else if (click <= order) {
      this.#clickSlots.take();
      this.#storefront.click();
    } else {
      this.#orderSlots.take();
      this.#orderDesk.step();
    }
  }

  #curve(): RateCurve {
    return new RateCurve(this.#curves ? this.settings.profile.curve : null, this.settings.timeZone);
  }
}
