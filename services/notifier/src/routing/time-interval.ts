import { localTime } from '@millrace/service-kit/local-time';

/** Start and end, both included unless said otherwise. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** One definition of a time interval: every field that is there must hold the moment. */
export interface TimeInterval {
  /** Minutes of the day; the end is not included. */
  readonly times: readonly Range[];
  /** 0 is Sunday. */
  readonly weekdays: readonly Range[];
  /** From 1; negative ones count from the month's end. */
  readonly daysOfMonth: readonly Range[];
  readonly months: readonly Range[];
  readonly years: readonly Range[];
  /** IANA name of the time zone. */
  readonly location: string;
}

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];

/** A range of a time interval cannot be read. */
export class TimeIntervalError extends Error {
  override readonly name = 'TimeIntervalError';
}

/** `18:00` to minutes; `24:00` ends a day. Throws {@link TimeIntervalError}. */
export function minutesOf(text: string): number {
  const [, hour, minute] = /^(\d{2}):(\d{2})$/.exec(text) ?? [];
  const minutes = Number(hour) * 60 + Number(minute);
  if (hour === undefined || Number(minute) > 59 || minutes > 1440) throw new TimeIntervalError(`"${text}" is no time of the day, such as 18:00`);
  return minutes;
}

/** `monday:friday` or `saturday`. Throws {@link TimeIntervalError}. */
export function weekdayRange(text: string): Range {
  return rangeOf(text, (part) => WEEKDAYS.indexOf(part.toLowerCase()), 0, 6, 'weekday');
}

/** `1:5`, `-3:-1` or `15`. Throws {@link TimeIntervalError}. */
export function dayRange(text: string): Range {
  const range = bounds(text, Number);
  const bad = (day: number): boolean => !Number.isInteger(day) || day === 0 || Math.abs(day) > 31;
  if (bad(range.from) || bad(range.to) || (range.from < 0) !== (range.to < 0) && range.from < 0 || (range.from < 0) === (range.to < 0) && range.from > range.to) {
    throw new TimeIntervalError(`"${text}" is no range of days of a month, such as 1:5 or -3:-1`);
  }
  return range;
}

/** `january:march`, `1:3` or `may`. Throws {@link TimeIntervalError}. */
export function monthRange(text: string): Range {
  return rangeOf(text, (part) => (/^\d+$/.test(part) ? Number(part) : MONTHS.indexOf(part.toLowerCase()) + 1), 1, 12, 'month');
}

/** `2026:2028` or `2026`. Throws {@link TimeIntervalError}. */
export function yearRange(text: string): Range {
  return rangeOf(text, Number, 1970, 9999, 'year');
}

function rangeOf(text: string, read: (part: string) => number, least: number, most: number, what: string): Range {
  const range = bounds(text, read);
  const fine = [range.from, range.to].every((value) => Number.isInteger(value) && value >= least && value <= most);
  if (!fine || range.from > range.to) throw new TimeIntervalError(`"${text}" is no ${what}, and no range of them with the first before the last`);
  return range;
}

function bounds(text: string, read: (part: string) => number): Range {
  const [first = '', last = first, ...more] = text.trim().split(':');
  return more.length > 0 ? { from: Number.NaN, to: Number.NaN } : { from: read(first.trim()), to: read(last.trim()) };
}

/** Whether the moment (ms since 1970) lies in the interval. */
export function contains(interval: TimeInterval, at: number): boolean {
  const shown = new Date(localTime(interval.location, at));
  const [year, month, day] = [shown.getUTCFullYear(), shown.getUTCMonth() + 1, shown.getUTCDate()];
  const [weekday, minute] = [shown.getUTCDay(), shown.getUTCHours() * 60 + shown.getUTCMinutes()];
  return (
    within(interval.times, (range) => minute >= range.from && minute < range.to) &&
    within(interval.daysOfMonth, (range) => holdsDay(range, day, new Date(Date.UTC(year, month, 0)).getUTCDate())) &&
    within(interval.months, (range) => month >= range.from && month <= range.to) &&
    within(interval.weekdays, (range) => weekday >= range.from && weekday <= range.to) &&
    within(interval.years, (range) => year >= range.from && year <= range.to)
  );
}

function within(ranges: readonly Range[], holds: (range: Range) => boolean): boolean {
  return ranges.length === 0 || ranges.some(holds);
}

function holdsDay(range: Range, day: number, days: number): boolean {
  const from = range.from < 0 ? days + range.from + 1 : range.from;
  const to = range.to < 0 ? days + range.to + 1 : range.to;
  // Days that the month lacks are cut to its own.
  return from <= days && day >= Math.max(1, from) && day <= Math.min(days, to);
}
