import { outageOf, type Alert } from './alert.js';

/** Why a receiver is not told of an alert that fires. */
export interface Muting {
  readonly alert: Alert;
  readonly receiver: string;
  readonly reason: 'silence' | 'inhibition' | 'time-interval';
  /** Id of the silence, fingerprint of the alert that inhibits it, name of the time interval. */
  readonly by: string;
  /** When it would have been told, ms. */
  readonly at: number;
}

/** What was noted of each outage, so that it is noted once. */
export class Mutings {
  readonly #noted = new Map<string, Set<string>>();

  /** Whether it is new. */
  note({ alert, receiver, reason, by }: Muting): boolean {
    const outage = outageOf(alert);
    const noted = this.#noted.get(outage) ?? new Set();
    this.#noted.set(outage, noted);
    const key = `${receiver}\n${reason}\n${by}`;
    return !noted.has(key) && noted.add(key).has(key);
  }

  forget(alert: Alert): void {
    this.#noted.delete(outageOf(alert));
  }
}
