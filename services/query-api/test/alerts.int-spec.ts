import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { AlertDetailDto, DeliveriesDto } from '../src/wire.dto.js';
import { AlertRows, iso, MINUTE, NOON, ORDERS, OTHER } from './alert-rows.js';
import { QueryApiRig } from './query-api-rig.js';

jest.setTimeout(60_000);

describe('alerts and deliveries', () => {
  let rig: QueryApiRig;
  let rows: AlertRows;
  beforeAll(async () => {
    rig = await QueryApiRig.open();
    rows = new AlertRows(rig);
  });
  afterEach(async () => {
    await rows.clear();
  });
  afterAll(async () => {
    await rig.close();
  });

  const told = (eventId: string, alert: { startsAt: number; endsAt: number | null; updatedAt: number }, place: readonly [string, number, number] | null): Promise<number> =>
    rows.insert('alert_events', {
      lane: rig.lane, event_id: eventId, fingerprint: ORDERS, alert: JSON.stringify({ fingerprint: ORDERS, ...alert }), received_at: iso(alert.updatedAt + 5),
      source_topic: place?.[0] ?? null, source_partition: place?.[1] ?? null, source_offset: place?.[2] ?? null,
    });
  const detail = (query = '', fingerprint = ORDERS): Promise<AlertDetailDto> => rig.json<AlertDetailDto>(`/api/alerts/${fingerprint}${query}`);

  it('lists deliveries with what they told of and their attempts, by state and by alert', async () => {
    const waiting = await rows.delivery({ state: 'pending', at: NOON, told: [{ fingerprint: ORDERS, startsAt: NOON }, { fingerprint: OTHER, startsAt: NOON, status: 'resolved', labels: { rule: 'rating-low' } }] });
    await rows.attempt(waiting, { attempt: 1 });
    await rows.attempt(waiting, { attempt: 2, possible_repeat: true });
    await rows.delivery({ receiver: 'mail', state: 'replaced', at: NOON - MINUTE, told: [{ fingerprint: OTHER, startsAt: NOON }] });
    const deliveries = async (query: string) => (await rig.json<DeliveriesDto>(`/api/deliveries?${query}`)).deliveries;
    expect(await deliveries('state=pending')).toMatchObject([{
      receiver: 'team', integration: 'team/slack/0', groupKey: '{}:{alertname="orders-dropped"}', groupLabels: { alertname: 'orders-dropped' }, status: 'firing', state: 'pending', alertCount: 2,
      alerts: [{ fingerprint: ORDERS, name: 'orders-dropped', status: 'firing' }, { fingerprint: OTHER, name: 'rating-low', status: 'resolved' }],
      lastError: 'HTTP 503', createdAt: iso(NOON), finishedAt: null, attempts: [{ attempt: 1, outcome: 'retry', statusCode: 503, durationMs: 12 }, { attempt: 2, possibleRepeat: true }],
    }]);
    expect((await deliveries('state=pending'))[0]?.nextAttemptAt).not.toBeNull();
    expect(await deliveries('state=replaced')).toMatchObject([{ receiver: 'mail', nextAttemptAt: null, finishedAt: iso(NOON - MINUTE + 80), attempts: [] }]);
    expect(await deliveries('state=failed')).toEqual([]);
    expect((await deliveries(`fingerprint=${OTHER}`)).map(({ receiver }) => receiver)).toEqual(['team', 'mail']);
    expect((await deliveries(`fingerprint=${ORDERS}&limit=5`)).map(({ receiver }) => receiver)).toEqual(['team']);
    expect(await deliveries(`fingerprint=${'c'.repeat(16)}`)).toEqual([]);
  });

  it('names at most 20 alerts of a delivery, and says how many there were', async () => {
    await rows.delivery({ at: NOON, truncated: 7, told: Array.from({ length: 25 }, (_, at) => ({ fingerprint: at.toString(16).padStart(16, '0'), startsAt: NOON, labels: {} })) });
    const [one] = (await rig.json<DeliveriesDto>('/api/deliveries')).deliveries;
    expect([one?.alerts.length, one?.alertCount, one?.alerts[0]?.name]).toEqual([20, 32, 'alert']);
    expect(one?.alerts.map(({ fingerprint }) => fingerprint)).toEqual(Array.from({ length: 20 }, (_, at) => at.toString(16).padStart(16, '0')));
  });

  it('says why receivers were not told of an outage, as far as what they were muted by is kept', async () => {
    const [before, now] = [new Date(NOON - 60 * MINUTE), new Date(NOON)];
    await rows.outage({ startsAt: before.getTime(), endsAt: before.getTime() + MINUTE });
    await rows.outage({ startsAt: NOON });
    await rows.outage({ fingerprint: OTHER, startsAt: NOON, columns: { labels: { alertname: 'db-down' } } });
    const silence = await rows.silence({ starts_at: before, ends_at: now });
    await rows.muting({ first_starts_at: before, since: before });
    await rows.muting({ first_starts_at: now, since: new Date(NOON + 1), reason: 'silence', muted_by: silence });
    await rows.muting({ first_starts_at: now, since: new Date(NOON + 2), reason: 'silence', muted_by: 'gone' });
    await rows.muting({ first_starts_at: now, since: new Date(NOON + 3), reason: 'inhibition', muted_by: OTHER, receiver: 'lead' });
    await rows.muting({ first_starts_at: now, since: now, lane: `${rig.lane}x` });
    const of = { receiver: 'team', silence: null, source: null };
    expect((await detail()).mutings).toEqual([
      { ...of, receiver: 'lead', reason: 'inhibition', by: OTHER, since: iso(NOON + 3), source: 'db-down' },
      { ...of, reason: 'silence', by: 'gone', since: iso(NOON + 2) },
      { ...of, reason: 'silence', by: silence, since: iso(NOON + 1), silence: { author: 'ann', comment: 'deploying' } },
    ]);
    expect((await detail(`?startsAt=${String(before.getTime())}`)).mutings).toEqual([{ ...of, reason: 'time-interval', by: 'nights', since: iso(before.getTime()) }]);
  });

  it('gives one alert in full: evidence, how it came, who was told of this outage, and when else it fired', async () => {
    const [before, now] = [NOON - 60 * MINUTE, NOON];
    await rows.outage({ startsAt: before, endsAt: before + 5 * MINUTE });
    await rows.outage({ startsAt: now });
    await told('e1', { startsAt: before, endsAt: null, updatedAt: before }, [`${rig.lane}.shop.alerts.v1`, 1, 40]);
    await told('e2', { startsAt: before, endsAt: before + 5 * MINUTE, updatedAt: before + 5 * MINUTE }, [`${rig.lane}.shop.alerts.v1`, 1, 41]);
    await told('e3', { startsAt: now, endsAt: null, updatedAt: now }, [`${rig.lane}.shop.alerts.v1`, 1, 2 ** 40]);
    await told('e4', { startsAt: now, endsAt: now + 5 * MINUTE, updatedAt: now + MINUTE }, null);
    await rows.delivery({ receiver: 'then', at: before, told: [{ fingerprint: ORDERS, startsAt: before }] });
    await rows.attempt(await rows.delivery({ receiver: 'now', at: now, told: [{ fingerprint: OTHER, startsAt: before }, { fingerprint: ORDERS, startsAt: now }] }), { attempt: 1, outcome: 'delivered', status_code: 200, error: null });
    await rows.delivery({ receiver: 'elsewhere', lane: `${rig.lane}x`, at: now, told: [{ fingerprint: ORDERS, startsAt: now }] });

    expect(await detail()).toMatchObject({
      lane: rig.lane,
      alert: {
        fingerprint: ORDERS, status: 'firing', startsAt: iso(now), endsAt: null, decided: true, timedOut: false, generatorUrl: null, value: 3, annotations: { runbook_url: 'https://runbooks.example/orders' },
        evidence: [{ metricKey: 'orders{}', sourceOffsets: [{ topic: 't', partition: 0, firstOffset: 1, lastOffset: 9 }] }],
      },
      outages: [{ status: 'resolved', startsAt: iso(before), endsAt: iso(before + 5 * MINUTE) }],
      changes: [
        { eventId: 'e4', status: 'firing', receivedAt: iso(now + MINUTE + 5), topic: null, partition: null, offset: null },
        { eventId: 'e3', status: 'firing', topic: `${rig.lane}.shop.alerts.v1`, partition: 1, offset: 2 ** 40 },
      ],
      deliveries: [{ receiver: 'now', attempts: [{ outcome: 'delivered', statusCode: 200, error: null }] }],
    });
    const earlier = await detail(`?startsAt=${String(before)}`);
    expect(earlier.alert).toMatchObject({ status: 'resolved', startsAt: iso(before) });
    expect(earlier.outages).toEqual([{ status: 'firing', startsAt: iso(now), endsAt: null }]);
    expect(earlier.changes.map(({ eventId, status }) => [eventId, status])).toEqual([['e2', 'resolved'], ['e1', 'firing']]);
    expect(earlier.deliveries.map(({ receiver }) => receiver)).toEqual(['then']);
  });

  it('finds an outage by every start that was told of it, and no other', async () => {
    await rows.outage({ startsAt: NOON - 3 * MINUTE + 7, firstStartsAt: NOON, endsAt: NOON + MINUTE });
    await rows.outage({ startsAt: NOON + 10 * MINUTE });
    await rows.delivery({ at: NOON, told: [{ fingerprint: ORDERS, startsAt: NOON }] });
    for (const startsAt of [NOON - 3 * MINUTE + 7, NOON - MINUTE, NOON, iso(NOON)]) {
      const { alert, deliveries } = await detail(`?startsAt=${String(startsAt)}`);
      expect([alert.startsAt, deliveries.length]).toEqual([iso(NOON - 3 * MINUTE + 7), 1]);
    }
    for (const startsAt of [NOON - 3 * MINUTE + 6, NOON + 1, NOON + MINUTE, 0]) expect((await rig.get(`/api/alerts/${ORDERS}?startsAt=${String(startsAt)}`)).status).toBe(404);
  });

  it('says of an alert from elsewhere that nothing was decided here, and what its sender links to', async () => {
    const columns = { is_decided: false, value: null, threshold: null, evidence: '[]', is_timeout: true, generator_url: 'https://prometheus.example/graph?g0.expr=up' };
    await rows.outage({ startsAt: NOON, endsAt: NOON + 5 * MINUTE, columns });
    expect((await detail()).alert).toMatchObject({ decided: false, timedOut: true, value: null, threshold: null, evidence: [], generatorUrl: 'https://prometheus.example/graph?g0.expr=up' });
  });

  it('gives at most 20 other outages, the newest first', async () => {
    for (let ago = 0; ago < 23; ago += 1) await rows.outage({ startsAt: NOON - ago * 10 * MINUTE, endsAt: NOON - ago * 10 * MINUTE + MINUTE });
    const { outages } = await detail();
    expect(outages).toHaveLength(20);
    expect([outages[0]?.startsAt, outages[19]?.startsAt]).toEqual([iso(NOON - 10 * MINUTE), iso(NOON - 200 * MINUTE)]);
  });

  it('404s as problem+json where there is no such alert in this lane', async () => {
    await rows.outage({ startsAt: NOON, columns: { lane: `${rig.lane}x` } });
    for (const path of [`/api/alerts/${ORDERS}`, `/api/alerts/${OTHER}?startsAt=${String(NOON)}`]) {
      const response = await rig.get(path);
      expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/problem+json; charset=utf-8']);
      expect(await response.json()).toMatchObject({ status: 404, title: 'Not Found' });
    }
  });
});
