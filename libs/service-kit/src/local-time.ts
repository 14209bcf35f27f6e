const MINUTE_MS = 60_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether it is the name of an IANA time zone. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** A time as the clocks of the zone show it, ms, as if they showed UTC. */
export function localTime(timeZone: string, at: number): number {
  if (timeZone === 'UTC') return at;
  const shown = formatOf(timeZone).formatToParts(at);
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0] = ['year', 'month', 'day', 'hour', 'minute'].map((unit) => Number(shown.find(({ type }) => type === unit)?.value));
  return Date.UTC(year, month - 1, day, hour, minute) + (at % MINUTE_MS);
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const numeric = 'numeric';
  const format = new Intl.DateTimeFormat('en', { timeZone, hourCycle: 'h23', year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric });
  formats.set(timeZone, format);
  return format;
}
