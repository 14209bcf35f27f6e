import { RowError, SpecError } from './import.errors.js';

/** What to do with a local time that a clock change leaves out, or gives twice. */
export interface ClockChangePolicy {
  /** `forward`: as if the clock had not been put forward yet (01:30 becomes 02:30). @default forward */
  readonly gap: 'forward' | 'reject';
  /** @default earlier */
  readonly overlap: 'earlier' | 'later' | 'reject';
}

export const DEFAULT_POLICY: ClockChangePolicy = { gap: 'forward', overlap: 'earlier' };

const SLOT_MS = 15 * 60_000;
const DAY_MS = 86_400_000;
const MAX_CACHED_SLOTS = 200_000;

/**
 * Turns local times of one zone into UTC with the zone data of `Intl`. Zones change their offset at a quarter of an hour at the finest, so
 * that the answer is computed once per quarter.
 */
export class TimeZone {
  private readonly format: Intl.DateTimeFormat;
  private readonly slots = new Map<number, number>();

  constructor(
    readonly name: string,
    private readonly policy: ClockChangePolicy = DEFAULT_POLICY,
  ) {
    try {
      this.format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
    } catch {
      throw new SpecError([], `"${name}" is no time zone; use a name such as Europe/London or UTC`);
    }
  }

  /** UTC milliseconds of a local time, itself given as the milliseconds it would be in UTC. Throws {@link RowError} where the policy rejects it. */
  toUtc(local: number): number {
    const slot = Math.floor(local / SLOT_MS);
    let offset = this.slots.get(slot);
    if (offset === undefined) {
      offset = this.resolve(local);
      if (this.slots.size >= MAX_CACHED_SLOTS) this.slots.clear();
      this.slots.set(slot, offset);
    }
    return local - offset;
  }

  private resolve(local: number): number {
    const before = this.offsetAt(local - DAY_MS);
    const after = this.offsetAt(local + DAY_MS);
    const valid = [...new Set([before, after])].filter((offset) => this.offsetAt(local - offset) === offset);
    const [first, second] = valid;
    if (first === undefined) {
      if (this.policy.gap === 'reject') throw new RowError(`no such local time in ${this.name}`, printable(local));
      return before;
    }
    if (second === undefined) return first;
    if (this.policy.overlap === 'reject') throw new RowError(`local time is twice in ${this.name}`, printable(local));
    return this.policy.overlap === 'earlier' ? Math.max(first, second) : Math.min(first, second);
  }

  private offsetAt(utc: number): number {
    const name = this.format.formatToParts(utc).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
    const found = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name);
    if (found?.[1] === undefined) return 0;
    const seconds = Number(found[2]) * 3600 + Number(found[3]) * 60 + Number(found[4] ?? 0);
    return (found[1] === '-' ? -1 : 1) * seconds * 1000;
  }
}

function printable(local: number): string {
  return new Date(local).toISOString().slice(0, 19);
}
