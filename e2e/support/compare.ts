import type { MetricReading } from '@millrace/stores';

/** A window whose value is not what the recount says. */
export interface Mismatch {
  readonly window: string;
  readonly expected: number | null;
  readonly found: number | null;
}

/** Room for the order of additions in a mean or ratio; sums of minor units are compared exactly. */
const RELATIVE = 1e-12;

/** Compares what is stored with a recount, both ways; `window|metricKey|start` names a window. */
export function mismatches(expected: ReadonlyMap<string, number>, stored: readonly MetricReading[], metrics: ReadonlySet<string>): Mismatch[] {
  const found = new Map(stored.filter(({ metric }) => metrics.has(metric)).map((reading) => [`${reading.window}|${reading.metricKey}|${reading.windowStart}`, reading.value]));
  const wrong: Mismatch[] = [];
  for (const [window, value] of expected) {
    const got = found.get(window) ?? null;
    if (got === null || Math.abs(got - value) > RELATIVE * Math.abs(value)) wrong.push({ window, expected: value, found: got });
  }
  for (const [window, value] of found) if (!expected.has(window)) wrong.push({ window, expected: null, found: value });
  return wrong;
}

/** Where two values of JSON differ, one line each; numbers within the room above are the same. */
export function differences(expected: unknown, found: unknown, path = ''): string[] {
  if (typeof expected === 'number' && typeof found === 'number' && Math.abs(found - expected) <= RELATIVE * Math.abs(expected)) return [];
  if (!isObject(expected) || !isObject(found)) return Object.is(expected, found) ? [] : [`${path}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`];
  return [...new Set([...Object.keys(expected), ...Object.keys(found)])].flatMap((key) => differences(expected[key], found[key], `${path}/${key}`));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
