import type { AlertEvidence, MetricWindow } from '@millrace/contracts';
import type { MetricPoint, MetricReading } from '@millrace/stores';
import type { ExplainedWindowDto, PointDto, WindowDto } from './wire.dto.js';

export const iso = (ms: number): string => new Date(ms).toISOString();

export function toWindowDto(reading: MetricReading): WindowDto {
  const { metricKey, metric, dimensions, window, windowStart, windowEnd, value, count, items, revision, watermark, final, computedAt } = reading;
  return {
    metricKey, metric, dimensions: { ...dimensions }, window, windowStart: iso(windowStart), windowEnd: iso(windowEnd), value, count,
    items: items.map((item) => ({ key: item.key, value: item.value })), revision, watermark: watermark === null ? null : iso(watermark), final, computedAt: iso(computedAt),
  };
}

export function toExplainedDto(window: MetricWindow): ExplainedWindowDto {
  return { ...toWindowDto(window), lane: window.lane, sourceOffsets: window.sourceOffsets.map((range) => ({ ...range })) };
}

export function toPointDto(point: MetricPoint): PointDto {
  return { start: iso(point.windowStart), value: point.value, count: point.count, revision: point.revision, final: point.final };
}

export function toEvidenceDto(evidence: AlertEvidence) {
  const { windowStart, windowEnd, sourceOffsets, ...rest } = evidence;
  return { ...rest, windowStart: iso(windowStart), windowEnd: iso(windowEnd), sourceOffsets: sourceOffsets.map((range) => ({ ...range })) };
}
