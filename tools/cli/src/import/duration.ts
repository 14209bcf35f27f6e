import { SpecError } from './import.errors.js';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `250ms`, `10s`, `5m`, `1h`, `7d` as milliseconds; throws {@link SpecError}. */
export function parseDuration(text: string): number {
  const found = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  const unit = UNITS[found?.[2] ?? ''];
  if (found === null || unit === undefined) throw new SpecError([], `"${text}" is no duration such as 30s, 5m, 1h or 7d`);
  return Number(found[1]) * unit;
}
