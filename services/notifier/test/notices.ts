import type { Notice, NoticeAlert } from '../src/delivery/message.js';

export const NOON = Date.UTC(2026, 0, 5, 12);

/** An alert of our ruler as a notice has it. */
export function alertOf(change: Partial<NoticeAlert> = {}): NoticeAlert {
  return {
    status: 'firing',
    fingerprint: '8f14a41207c8456c',
    labels: { alertname: 'orders-high', rule: 'orders-high', severity: 'critical', lane: 'live', country: 'DE' },
    annotations: { summary: '150 orders' },
    startsAt: NOON,
    endsAt: null,
    generatorUrl: '',
    decision: {
      value: 150,
      threshold: 100,
      evidence: [
        {
          metricKey: 'orders{country=DE}', window: '1m', windowStart: NOON - 60_000, windowEnd: NOON, value: 150, revision: 3,
          sourceOffsets: [{ topic: 'shop.orders.v1', partition: 2, firstOffset: 10, lastOffset: 19 }],
        },
      ],
    },
    ...change,
  };
}

/** A notice of alerts, each as `alertOf` has it but for what is given. */
export function noticeOf(...changes: readonly Partial<NoticeAlert>[]): Notice {
  return {
    id: 'msg_1', test: false, receiver: 'ops', groupKey: '{}:{alertname="orders-high"}', groupLabels: { alertname: 'orders-high' }, at: NOON + 500, truncated: 0,
    alerts: (changes.length === 0 ? [{}] : changes).map(alertOf),
  };
}
