import { RowError, SpecError, quoted } from './import.errors.js';
import { type TimeZone } from './time-zone.js';

/** Reads a text as UTC milliseconds; throws {@link RowError}. */
export type TimestampParser = (text: string) => number;

interface Fields {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  ms: number;
  pm: boolean | null;
  offset: number | null;
}

/** Reads a part of the text from `at`; returns where it ends, or -1 where it does not fit. */
type Scanner = (text: string, at: number, fields: Fields) => number;

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const TOKENS = /\[[^\]]*\]|YYYY|YY|MMM|MM|M|DD|D|HH|H|hh|h|mm|m|ss|s|S+|A|Z|[^[]/g;
/** Largest instant of a JavaScript date. */
const MAX_MS = 8.64e15;

const SCANNERS: Readonly<Record<string, Scanner>> = {
  YYYY: digits(4, 4, (f, n) => (f.year = n)),
  YY: digits(2, 2, (f, n) => (f.year = n < 70 ? 2000 + n : 1900 + n)),
  MMM: monthName,
  MM: digits(2, 2, (f, n) => (f.month = n)),
  M: digits(1, 2, (f, n) => (f.month = n)),
  DD: digits(2, 2, (f, n) => (f.day = n)),
  D: digits(1, 2, (f, n) => (f.day = n)),
  HH: digits(2, 2, (f, n) => (f.hour = n)),
  H: digits(1, 2, (f, n) => (f.hour = n)),
  hh: digits(2, 2, (f, n) => (f.hour = n)),
  h: digits(1, 2, (f, n) => (f.hour = n)),
  mm: digits(2, 2, (f, n) => (f.minute = n)),
  m: digits(1, 2, (f, n) => (f.minute = n)),
  ss: digits(2, 2, (f, n) => (f.second = n)),
  s: digits(1, 2, (f, n) => (f.second = n)),
  A: meridiem,
  Z: offset,
};

/**
 * Compiles `YYYY-MM-DD HH:mm:ss` and the like (tokens: docs/importing.md), or `iso`, `epoch-s`, `epoch-ms`. Throws {@link SpecError}.
 */
export function compileTimestamp(format: string, zone: TimeZone): TimestampParser {
  if (format === 'epoch-s') return (text) => epoch(text, 1000);
  if (format === 'epoch-ms') return (text) => epoch(text, 1);
  if (format === 'iso') return compileIso(zone);
  const scanners = (format.match(TOKENS) ?? []).map(scannerOf);
  if (!/YY/.test(format) || !/D/.test(format)) throw new SpecError([], `"${format}" has no year or no day`);
  return (text) => {
    const fields: Fields = { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, ms: 0, pm: null, offset: null };
    let at = 0;
    for (const scan of scanners) {
      at = scan(text, at, fields);
      if (at < 0) throw notATime(format, text);
    }
    if (at !== text.length) throw notATime(format, text);
    return toUtc(fields, zone, format, text);
  };
}

function scannerOf(token: string): Scanner {
  const known = SCANNERS[token];
  if (known !== undefined) return known;
  if (/^S+$/.test(token)) return fraction;
  return literal(token.startsWith('[') ? token.slice(1, -1) : token);
}

/** Date alone, or with minutes, seconds and their fraction, `T` or a blank between, with or without a zone. */
function compileIso(zone: TimeZone): TimestampParser {
  const time = ['', '[T]HH:mm', '[T]HH:mm:ss', '[T]HH:mm:ss.S'];
  const parsers = time.map((form) => ({
    local: compileTimestamp(`YYYY-MM-DD${form}`, zone),
    zoned: compileTimestamp(`YYYY-MM-DD${form}Z`, zone),
  }));
  return (text) => {
    const found = /^.{10}(?:[T ]\d\d:\d\d(:\d\d)?(\.\d{1,9})?)?(Z|[+-]\d\d(?::?\d\d)?)?$/.exec(text);
    const length = found === null ? 0 : text.length - (found[3]?.length ?? 0);
    const parser = parsers[length <= 10 ? 0 : found?.[2] !== undefined ? 3 : found?.[1] !== undefined ? 2 : 1];
    if (found === null || parser === undefined) throw notATime('iso', text);
    const normal = text.charAt(10) === ' ' ? `${text.slice(0, 10)}T${text.slice(11)}` : text;
    return found[3] === undefined ? parser.local(normal) : parser.zoned(normal);
  };
}

function toUtc(fields: Fields, zone: TimeZone, format: string, text: string): number {
  const hour = fields.pm === null ? fields.hour : (fields.hour % 12) + (fields.pm ? 12 : 0);
  const valid =
    fields.month >= 1 && fields.month <= 12 && fields.day >= 1 && fields.day <= daysIn(fields.year, fields.month) &&
    hour <= 23 && fields.minute <= 59 && fields.second <= 59 && (fields.pm === null || (fields.hour >= 1 && fields.hour <= 12));
  if (!valid) throw notATime(format, text);
  const date = new Date(0);
  date.setUTCFullYear(fields.year, fields.month - 1, fields.day);
  const local = date.getTime() + hour * 3_600_000 + fields.minute * 60_000 + fields.second * 1000 + fields.ms;
  return fields.offset === null ? zone.toUtc(local) : local - fields.offset;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function digits(least: number, most: number, set: (fields: Fields, value: number) => void): Scanner {
  return (text, at, fields) => {
    let value = 0;
    let end = at;
    for (; end < at + most; end += 1) {
      const digit = text.charCodeAt(end) - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    if (end - at < least) return -1;
    set(fields, value);
    return end;
  };
}

function fraction(text: string, at: number, fields: Fields): number {
  const found = /^\d{1,9}/.exec(text.slice(at, at + 9));
  if (found === null) return -1;
  // Finer than a millisecond is cut, not rounded: a rounded .9999 would be in the next second.
  fields.ms = Number(found[0].padEnd(3, '0').slice(0, 3));
  return at + found[0].length;
}

function monthName(text: string, at: number, fields: Fields): number {
  const index = MONTHS.indexOf(text.slice(at, at + 3).toLowerCase());
  fields.month = index + 1;
  return index < 0 ? -1 : at + 3;
}

function meridiem(text: string, at: number, fields: Fields): number {
  const half = text.slice(at, at + 2).toLowerCase();
  if (half !== 'am' && half !== 'pm') return -1;
  fields.pm = half === 'pm';
  return at + 2;
}

function offset(text: string, at: number, fields: Fields): number {
  const found = /^(?:UTC|GMT|Z)|^([+-])(\d\d):?(\d\d)?/.exec(text.slice(at, at + 6));
  if (found === null) return -1;
  const minutes = Number(found[2] ?? 0) * 60 + Number(found[3] ?? 0);
  fields.offset = (found[1] === '-' ? -1 : 1) * minutes * 60_000;
  return at + found[0].length;
}

function literal(expected: string): Scanner {
  return (text, at) => (text.startsWith(expected, at) ? at + expected.length : -1);
}

function epoch(text: string, factor: number): number {
  const value = /^-?\d{1,16}(\.\d{1,9})?$/.test(text) ? Math.round(Number(text) * factor) : NaN;
  if (!(Math.abs(value) <= MAX_MS)) throw new RowError('not a time (epoch)', quoted(text));
  return value;
}

function notATime(format: string, text: string): RowError {
  return new RowError(`not a time (${format})`, quoted(text));
}
