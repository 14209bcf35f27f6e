/** Texts for numbers and times. Pure; the locale is the browser's unless given. */
export interface Formats {
  /** Whole money for large sums, exact for small; `minor` counts minor units. */
  readonly money: (minor: number, currency: string) => string;
  /** As {@link Formats.money}, shortened: 12.4K. */
  readonly moneyShort: (minor: number, currency: string) => string;
  /** As {@link Formats.moneyShort}, without a needless fraction: 12K. */
  readonly moneyAxis: (minor: number, currency: string) => string;
  /** In full, with its unit: `minor` is money of `currency`, `ratio` a share; units are plurals. */
  readonly exact: (value: number, unit: string, currency?: string) => string;
  readonly count: (value: number) => string;
  readonly countShort: (value: number) => string;
  /** 0.0312 is "3.1%". */
  readonly percent: (ratio: number) => string;
  /** One decimal. */
  readonly decimal: (value: number) => string;
  /** Hours and minutes in the shop's zone. */
  readonly minute: (epochMs: number) => string;
  readonly second: (epochMs: number) => string;
  readonly day: (epochMs: number) => string;
}

/** Sums of this many major units or more are shown without a fraction. */
const WHOLE_FROM = 10_000;

export function formats(timeZone: string, locale?: string): Formats {
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const short = new Intl.NumberFormat(locale, { notation: 'compact', minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(locale, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const percentExact = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 });
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  const decimal = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const clock = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => new Intl.DateTimeFormat(locale, { timeZone, hourCycle: 'h23', ...options });
  const minute = clock({ hour: '2-digit', minute: '2-digit' });
  const second = clock({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const day = clock({ weekday: 'short', day: 'numeric', month: 'short' });
  return {
    money: (minor, currency) => {
      const major = minor / 10 ** minorDigits(currency);
      return currencyFormat(locale, currency, Math.abs(major) >= WHOLE_FROM ? { maximumFractionDigits: 0 } : {}, major);
    },
    moneyShort: (minor, currency) =>
      currencyFormat(locale, currency, { notation: 'compact', minimumFractionDigits: 1, maximumFractionDigits: 1 }, minor / 10 ** minorDigits(currency)),
    moneyAxis: (minor, currency) =>
      currencyFormat(locale, currency, { notation: 'compact', minimumFractionDigits: 0, maximumFractionDigits: 1 }, minor / 10 ** minorDigits(currency)),
    exact: (value, unit, currency) => {
      if (unit === 'minor' && currency !== undefined) return currencyFormat(locale, currency, {}, value / 10 ** minorDigits(currency));
      return unit === 'ratio' ? percentExact.format(value) : `${number.format(value)} ${value === 1 ? unit.replace(/s$/, '') : unit}`;
    },
    count: (value) => whole.format(value),
    countShort: (value) => (Math.abs(value) < 10_000 ? whole.format(value) : short.format(value)),
    percent: (ratio) => percent.format(ratio),
    decimal: (value) => decimal.format(value),
    minute: (epochMs) => minute.format(epochMs),
    second: (epochMs) => second.format(epochMs),
    day: (epochMs) => day.format(epochMs),
  };
}

/** Digits after the point of a currency; 2 where the code is none that Intl takes. */
export function minorDigits(currency: string): number {
  if (!isCurrencyCode(currency)) return 2;
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

/** "now", "12 s", "3 min", "5 h", "2 d". */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 2) return 'now';
  if (seconds < 60) return `${String(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${String(minutes)} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${String(hours)} h` : `${String(Math.floor(hours / 24))} d`;
}

/** When a day (2026-11-20), or the one `later` days after it, begins by the clocks of a zone, ms; NaN where there is no such day. */
export function startOfDay(day: string, timeZone: string, later = 0): number {
  const midnight = Date.parse(`${day}T00:00:00Z`) + later * 86_400_000;
  if (Number.isNaN(midnight)) return Number.NaN;
  const clock = new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  const offsetAt = (ms: number): number => Date.parse(`${clock.format(ms).replace(' ', 'T')}Z`) - ms;
  // The offset may change between the guess and the day's start.
  return midnight - offsetAt(midnight - offsetAt(midnight));
}

/** The country's name for an ISO 3166 code; any other text, such as `unknown` or a name, as it is. */
export function countryName(code: string, locale?: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return sentence(code);
  return new Intl.DisplayNames(locale === undefined ? [] : [locale], { type: 'region', fallback: 'code' }).of(code) ?? code;
}

/** `home-garden` is "Home garden". */
export function sentence(slug: string): string {
  const words = slug.replaceAll(/[-_]+/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function isCurrencyCode(currency: string): boolean {
  return /^[A-Za-z]{3}$/.test(currency);
}

function currencyFormat(locale: string | undefined, currency: string, options: Intl.NumberFormatOptions, major: number): string {
  if (isCurrencyCode(currency)) return new Intl.NumberFormat(locale, { style: 'currency', currency, ...options }).format(major);
  return `${new Intl.NumberFormat(locale, { minimumFractionDigits: 2, ...options }).format(major)} ${currency}`;
}
