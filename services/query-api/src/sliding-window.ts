import { windowDefinitions, type WindowDefinition } from '@millrace/contracts';
import type { MetricReading } from '@millrace/stores';

const definitions = new Map<string, WindowDefinition>(Object.entries(windowDefinitions));

/**
 * Latest start (ms) of a window that tells the last of its length: of sliding windows the one that ends with the running slide, since one that
 * has just begun holds next to nothing. Infinity where windows do not overlap.
 */
export function latestStart(window: string, now: number): number {
  const { lengthMs, slideMs } = definitions.get(window) ?? {};
  return lengthMs === undefined || slideMs === undefined ? Infinity : now + slideMs - lengthMs;
}

/** Whether a sliding window has only begun. */
export function isYoung({ window, windowStart }: Pick<MetricReading, 'window' | 'windowStart'>, now: number): boolean {
  return windowStart > latestStart(window, now);
}
