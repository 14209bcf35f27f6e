import { metricKey, windowDefinitions, type MetricWindow } from '@millrace/contracts';

/** PostgreSQL stores every character but this one. */
const NUL = '\u0000';

/** Why a window cannot be stored, naming the field; null where it can. */
export function problemOf(window: MetricWindow, lane: string): string | null {
  if (window.lane !== lane) return `lane: "${window.lane}" in the topic of "${lane}"`;
  if (!Object.hasOwn(windowDefinitions, window.window)) return `window: "${window.window}" is none of ${Object.keys(windowDefinitions).join(', ')}`;
  const expected = metricKey(window.metric, window.dimensions);
  if (window.metricKey !== expected) return `metricKey: "${window.metricKey}" is not "${expected}"`;
  if (window.metricKey.includes(NUL) || window.items.some(({ key }) => key.includes(NUL))) return 'metricKey: holds a NUL character';
  if (!Number.isFinite(window.value)) return `value: ${String(window.value)} is no finite number`;
  if (window.items.some(({ value }) => !Number.isFinite(value))) return 'items: hold a value that is no finite number';
  if (!(window.windowStart < window.windowEnd)) return `windowEnd: ${String(window.windowEnd)} is not after windowStart ${String(window.windowStart)}`;
  if (!Number.isSafeInteger(window.revision) || window.revision < 0) return `revision: ${String(window.revision)} is no count`;
  return null;
}
