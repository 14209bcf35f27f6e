import type { Ring, RingReport } from '../src/ring.schema.js';

/** A report of as many rings; ring n has the customers `r<n>-c0` to `r<n>-c2`, who share one card. */
export function ringReport(lane: string, count: number, given: Partial<RingReport> = {}): RingReport {
  const until = Date.UTC(2026, 10, 21);
  return {
    lane, madeAt: until + 1_000, since: until - 30 * 86_400_000, until, days: 30, minCustomers: 3, mostShared: 12, orders: 1_000, customers: 700, frauds: 9, found: count,
    hubs: { card: 0, device: 1, address: 2 }, rings: Array.from({ length: count }, (_, index) => ring(index, until)), ...given,
  };
}

function ring(index: number, until: number): Ring {
  const name = `r${String(index)}`;
  return {
    id: index.toString(16).padStart(16, '0'), rank: index + 1, suspicion: 1 / (index + 1), sharing: 1.5, orders: 4, frauds: 2, firstAt: until - 4_000, lastAt: until,
    amounts: [{ currency: 'EUR', minor: 12_300 }],
    customers: { count: 3, ids: [0, 1, 2].map((customer) => ({ id: `${name}-c${String(customer)}`, orders: customer === 0 ? 2 : 1, frauds: customer === 0 ? 2 : 0 })) },
    things: {
      card: { count: 1, shared: 1, pairs: 3, ids: [{ id: `${name}-card`, customers: 3, orders: 4 }] },
      device: { count: 1, shared: 0, pairs: 1, ids: [{ id: `${name}-device`, customers: 1, orders: 2 }] },
      address: { count: 0, shared: 0, pairs: 0, ids: [] },
    },
    linkCount: 3,
    links: [0, 1, 2].map((customer) => ({ customer, kind: 'card' as const, thing: 0, orders: customer === 0 ? 2 : 1, firstAt: until - 4_000, lastAt: until })),
  };
}
