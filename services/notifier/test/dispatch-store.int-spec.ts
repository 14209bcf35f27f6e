import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPool, migrate, type PostgresPool } from '@millrace/stores';
import { createTestDatabase, type TestDatabase } from '@millrace/testing';
import { LeaseLostError, type Decided, type Inbox, type Lease } from '../src/dispatch/dispatch-store.js';
import { PostgresDispatchStore } from '../src/dispatch/postgres-dispatch-store.js';
import type { ToldAlert } from '../src/dispatch/told-alert.js';
import type { Alert } from '../src/grouping/alert.js';
import { SilenceStore } from '../src/silences/silence-store.js';

const LANE = 'live';
const LEASE_MS = 60_000;
const NOTHING: Decided = { alerts: [], taken: [], forgotten: [], logged: [], deliveries: [], muted: [] };

function alertOf(change: Partial<Alert> = {}): Alert {
  const startsAt = 1_000_000;
  return { fingerprint: 'f1', labels: { alertname: 'a' }, annotations: {}, startsAt, firstStartsAt: startsAt, endsAt: Infinity, isTimeout: false, updatedAt: startsAt, generatorUrl: '', decision: null, ...change };
}

function told(alert: Alert): ToldAlert {
  return { eventId: randomUUID(), alert, position: null };
}

describe('the dispatch store', () => {
  let database: TestDatabase;
  let pool: PostgresPool;
  let store: PostgresDispatchStore;
  const lead = async (owner: string, leaseMs = LEASE_MS): Promise<Lease> => {
    const lease = await store.acquire(owner, leaseMs);
    if (lease === null) throw new Error(`${owner} has no lease`);
    return lease;
  };
  const round = async (lease: Lease, decide: (inbox: Inbox) => Decided): Promise<void> => { await store.round(lease, { leaseMs: LEASE_MS, limit: 100 }, decide); };

  beforeEach(async () => {
    database = await createTestDatabase();
    await migrate(database.url);
    pool = createPool(database.url, 'test');
    store = new PostgresDispatchStore(pool, LANE);
  });
  afterEach(async () => {
    await pool.close();
    await database.drop();
  });

  it('one has the lease until it gives it back or its time is over', async () => {
    const first = await lead('first');
    expect(await store.acquire('second', LEASE_MS)).toBeNull();
    await store.release(first);
    expect(await lead('second', 1)).toEqual({ owner: 'second', fence: 2 });
    await pool.query('select pg_sleep(0.01)');
    expect(await lead('third')).toEqual({ owner: 'third', fence: 3 });
    expect(await new PostgresDispatchStore(pool, 'other').acquire('first', LEASE_MS)).toEqual({ owner: 'first', fence: 1 });
  });

  it('a round of one whose lease was taken writes nothing, also under the same name', async () => {
    const first = await lead('one', 1);
    await store.accept([told(alertOf())]);
    await pool.query('select pg_sleep(0.01)');
    const second = await lead('one');
    const write = ({ events }: Inbox): Decided => ({ ...NOTHING, alerts: events.map(({ alert }) => ({ alert, isHeld: true, isResolved: false })), taken: events.map(({ id }) => id) });
    await expect(round(first, write)).rejects.toThrow(LeaseLostError);
    expect((await store.restore()).alerts).toEqual([]);
    await round(second, write);
    expect((await store.restore()).alerts).toEqual([alertOf()]);
    await round(second, ({ events }) => {
      expect(events).toEqual([]);
      return NOTHING;
    });
  });

  it('one that begins anew need not wait for its own lease, and what it had begun before is void', async () => {
    const before = await lead('one');
    const after = await lead('one');
    expect(after.fence).toBe(before.fence + 1);
    await expect(round(before, () => NOTHING)).rejects.toThrow(LeaseLostError);
    await round(after, () => NOTHING);
  });

  it('has news of alerts, of silences that changed, and of a lost lease', async () => {
    const lease = await lead('one');
    await round(lease, () => NOTHING);
    expect(await store.hasNews(lease)).toBe(false);
    await store.accept([told(alertOf())]);
    expect(await store.hasNews(lease)).toBe(true);
    await round(lease, ({ events }) => ({ ...NOTHING, taken: events.map(({ id }) => id) }));
    expect(await store.hasNews(lease)).toBe(false);
    const draft = { matchers: [{ name: 'a', value: 'b', isRegex: false, isEqual: true }], startsAt: new Date(), endsAt: new Date(Date.now() + 60_000), createdBy: 'me', comment: '' };
    await new SilenceStore(pool, LANE).put(draft, null, Date.now());
    expect(await store.hasNews(lease)).toBe(true);
    await store.round(lease, { leaseMs: 500, limit: 100 }, ({ people }) => {
      expect(people?.silences).toHaveLength(1);
      return NOTHING;
    });
    expect(await store.hasNews(lease)).toBe(false);
    await pool.query('select pg_sleep(0.6)');
    expect(await new PostgresDispatchStore(pool, LANE).acquire('two', LEASE_MS)).toMatchObject({ owner: 'two' });
    expect(await store.hasNews(lease)).toBe(true);
  });

  it('a round that fails leaves all as it was, and what it saw comes again', async () => {
    const lease = await lead('one');
    await store.accept([told(alertOf())]);
    await expect(round(lease, () => { throw new RangeError('no'); })).rejects.toThrow(RangeError);
    const seen: number[] = [];
    await round(lease, ({ events }) => {
      seen.push(...events.map(({ id }) => id));
      return { ...NOTHING, forgotten: seen };
    });
    expect(seen).toHaveLength(1);
    expect(await pool.query('select id from alert_events')).toEqual([]);
  });

  it('forgets what ended long ago, and nothing that is still to be known', async () => {
    const lease = await lead('one');
    const [old, held] = [alertOf({ fingerprint: 'old', endsAt: 1_100_000 }), alertOf({ fingerprint: 'held' })];
    await store.accept([told(old), told(held)]);
    const notice = { receiver: 'ops', groupKey: 'g', groupLabels: {}, at: 0, alerts: [], truncated: 0 };
    await round(lease, ({ events }) => ({
      ...NOTHING,
      taken: events.map(({ id }) => id),
      alerts: [{ alert: old, isHeld: false, isResolved: true }, { alert: held, isHeld: true, isResolved: false }],
      logged: [{ groupKey: 'g', integration: 'ops/webhook/0', entry: { firing: new Set(['held']), resolved: new Set(), at: Date.now() } }],
      deliveries: [{ integration: 'ops/webhook/0', notice, isLive: true }, { integration: 'off/webhook/0', notice, isLive: false }],
    }));
    await store.accept([told(alertOf({ fingerprint: 'new' }))]);
    expect(await store.forget(new Date(Date.now() - 60_000))).toBe(1);
    expect(await pool.query('select fingerprint from alerts')).toEqual([{ fingerprint: 'held' }]);
    expect(await store.forget(new Date(Date.now() + 60_000))).toBe(4);
    expect(await pool.query("select integration from deliveries where state = 'pending'")).toEqual([{ integration: 'ops/webhook/0' }]);
    expect(await pool.query('select fingerprint from alert_events')).toEqual([{ fingerprint: 'new' }]);
  });
});
