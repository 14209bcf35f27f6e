import { hash } from 'node:crypto';
import type { ClickEvent, FeedbackEvent, FraudLabelEvent, InventoryEvent, OrderEvent, TruthEvent } from '@millrace/contracts';
import type { WorldSettings } from './settings.js';
import type { WorldEvent } from './world-event.js';

type Written<E> = Omit<E, 'eventId' | 'occurredAt'>;

/**
 * Where the parts of the world write down what happens: gives each event its id and its time. Ids are the run's name, a letter per stream and
 * a count; the run's name is a hash of all settings, start included, so another run never repeats an id.
 */
export class Chronicle {
  readonly run: string;
  #now: number;
  #count = 0;
  #written: WorldEvent[] = [];
  #read = 0;

  constructor(settings: WorldSettings) {
    this.run = hash('sha256', JSON.stringify(settings)).slice(0, 10);
    this.#now = settings.start;
  }

  /** Event time, ms; never goes back. */
  get now(): number {
    return this.#now;
  }

  advance(time: number): void {
    this.#now = Math.max(this.#now, Math.floor(time));
  }

  /** The oldest event not yet taken. */
  take(): WorldEvent | undefined {
    const event = this.#written[this.#read];
    if (event === undefined) {
      this.#written = [];
      this.#read = 0;
      return undefined;
    }
    this.#read += 1;
    return event;
  }

  click(event: Written<ClickEvent>): void {
    this.#written.push({ stream: 'clickstream', event: { eventId: this.#id('c'), occurredAt: this.#now, ...event } });
  }

  order(event: Written<OrderEvent>): void {
    this.#written.push({ stream: 'orders', event: { eventId: this.#id('o'), occurredAt: this.#now, ...event } });
  }

  inventory(event: Written<InventoryEvent>): void {
    this.#written.push({ stream: 'inventory', event: { eventId: this.#id('i'), occurredAt: this.#now, ...event } });
  }

  feedback(event: Written<FeedbackEvent>): void {
    this.#written.push({ stream: 'feedback', event: { eventId: this.#id('f'), occurredAt: this.#now, ...event } });
  }

  label(event: Written<FraudLabelEvent>): void {
    this.#written.push({ stream: 'labels', event: { eventId: this.#id('l'), occurredAt: this.#now, ...event } });
  }

  truth(event: Written<TruthEvent>): void {
    this.#written.push({ stream: 'truth', event: { eventId: this.#id('t'), occurredAt: this.#now, ...event } });
  }

  #id(letter: string): string {
    this.#count += 1;
    return `${this.run}-${letter}${this.#count.toString(36)}`;
  }
}
