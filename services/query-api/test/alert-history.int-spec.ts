import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ActionsDto, AlertsDto, DeliveriesDto, SilencesDto } from '../src/wire.dto.js';
import { AlertRows, iso, MINUTE, NOON, ORDERS, OTHER, type GivenOutage } from './alert-rows.js';
import { QueryApiRig } from './query-api-rig.js';

jest.setTimeout(60_000);

const THIRD = 'c3'.repeat(8);
const HOUR = 60 * MINUTE;

describe('the history of alerts', () => {
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

  const alerts = async (query: Readonly<Record<string, string>> = {}): Promise<AlertsDto> => rig.json<AlertsDto>(`/api/alerts?${new URLSearchParams(query).toString()}`);
  const found = async (query: Readonly<Record<string, string>>): Promise<string[]> => (await alerts(query)).alerts.map(({ fingerprint }) => fingerprint);
  const deliveries = async (query: Readonly<Record<string, string>> = {}): Promise<DeliveriesDto> => rig.json<DeliveriesDto>(`/api/deliveries?${new URLSearchParams(query).toString()}`);
  const silences = async (query: Readonly<Record<string, string>> = {}): Promise<SilencesDto> => rig.json<SilencesDto>(`/api/silences?${new URLSearchParams(query).toString()}`);
  const actions = async (query: Readonly<Record<string, string>> = {}): Promise<ActionsDto> => rig.json<ActionsDto>(`/api/actions?${new URLSearchParams(query).toString()}`);
  const named = (fingerprint: string, startsAt: number, labels: Record<string, string>, annotations: Record<string, string> = {}, given: Partial<GivenOutage> = {}): Promise<number> =>
    rows.outage({ fingerprint, startsAt, endsAt: startsAt + MINUTE, ...given, columns: { rule: labels['rule'] ?? 'orders-dropped', labels: JSON.stringify(labels), annotations: JSON.stringify(annotations), ...given.columns } });

  it('lists alerts, the one that began last first, with their evidence; one that fires has no end, whenever it would be taken for over', async () => {
    await rows.outage({ fingerprint: OTHER, startsAt: NOON + MINUTE, endsAt: NOON + 2 * MINUTE });
    await rows.outage({ startsAt: NOON, endsAt: NOON + 5 * MINUTE, firing: true, columns: { updated_at: iso(NOON + HOUR) } });
    await rows.outage({ fingerprint: THIRD, startsAt: NOON, columns: { lane: `${rig.lane}x` } });
    const answer = await alerts();
    expect(answer.alerts.map(({ fingerprint, status, endsAt }) => [fingerprint, status, endsAt])).toEqual([[OTHER, 'resolved', iso(NOON + 2 * MINUTE)], [ORDERS, 'firing', null]]);
    expect(answer).toMatchObject({
      lane: rig.lane, next: null,
      alerts: [{}, { summary: 'Orders dropped', value: 3, threshold: 10, told: false, acknowledgedBy: null, evidence: [{ metricKey: 'orders{}', windowStart: iso(NOON - MINUTE), sourceOffsets: [{ lastOffset: 9 }] }] }],
    });
    expect([await found({ status: 'resolved' }), await found({ status: 'firing' })]).toEqual([[OTHER], [ORDERS]]);
  });

  it('finds alerts by severity, rule and time', async () => {
    await rows.outage({ startsAt: NOON });
    await rows.outage({ fingerprint: OTHER, startsAt: NOON + HOUR, columns: { severity: 'warning', rule: 'rating-low' } });
    expect(await found({ severity: 'warning' })).toEqual([OTHER]);
    expect(await found({ rule: 'orders-dropped' })).toEqual([ORDERS]);
    expect(await found({ rule: 'orders' })).toEqual([]);
    expect(await found({ from: iso(NOON + HOUR) })).toEqual([OTHER]);
    expect(await found({ from: String(NOON), to: iso(NOON + HOUR) })).toEqual([ORDERS]);
    expect(await found({ severity: 'warning', rule: 'orders-dropped' })).toEqual([]);
  });

  it('finds alerts by what their labels and annotations say, in any case', async () => {
    await named(ORDERS, NOON, { rule: 'stock-low', product: 'p-10412' }, { summary: 'Garden hose 100% "sold_out"' });
    await named(OTHER, NOON - MINUTE, { rule: 'orders-spike' }, { summary: 'Orders', description: 'Ask Jürgen' });
    expect(await found({ q: 'GARDEN Hose' })).toEqual([ORDERS]);
    expect(await found({ q: ' 10412 ' })).toEqual([ORDERS]);
    expect(await found({ q: 'jürgen' })).toEqual([OTHER]);
    for (const q of ['%', '_', '"sold_']) expect(await found({ q })).toEqual([ORDERS]);
    expect(await found({ q: "' or 1=1 --" })).toEqual([]);
    expect(await found({ q: 'product' })).toEqual([]);
    expect(await found({ q: ' ' })).toEqual([ORDERS, OTHER]);
  });

  it('finds alerts by matchers of their labels; a label that is not there is empty', async () => {
    await named(ORDERS, NOON, { rule: 'stock-low', product: 'p1' });
    await named(OTHER, NOON - MINUTE, { rule: 'stock-low', product: 'p2', country: 'DE' });
    await named(THIRD, NOON - 2 * MINUTE, { rule: 'orders-spike' });
    expect(await found({ match: 'product="p1"' })).toEqual([ORDERS]);
    expect(await found({ match: '{rule="stock-low",product!="p1"}' })).toEqual([OTHER]);
    expect(await found({ match: 'country=""' })).toEqual([ORDERS, THIRD]);
    expect(await found({ match: 'country!=""' })).toEqual([OTHER]);
    expect(await found({ match: "product=\"p1' or 'x'='x\"" })).toEqual([]);
  });

  it('knows whose outages somebody was told of, and which nobody was', async () => {
    await rows.outage({ startsAt: NOON - HOUR, endsAt: NOON - HOUR + MINUTE });
    await rows.outage({ startsAt: NOON - 3 * MINUTE, firstStartsAt: NOON });
    await rows.outage({ fingerprint: OTHER, startsAt: NOON + MINUTE });
    await rows.delivery({ at: NOON, told: [{ fingerprint: OTHER, startsAt: NOON - HOUR }, { fingerprint: ORDERS, startsAt: NOON }] });
    await rows.delivery({ state: 'failed', at: NOON + MINUTE, told: [{ fingerprint: OTHER, startsAt: NOON + MINUTE }] });
    await rows.delivery({ lane: `${rig.lane}x`, at: NOON + MINUTE, told: [{ fingerprint: OTHER, startsAt: NOON + MINUTE }] });
    await rows.delivery({ kind: 'log', at: NOON + MINUTE, told: [{ fingerprint: OTHER, startsAt: NOON + MINUTE }] });
    const started = async (told: string): Promise<string[]> => (await alerts({ told })).alerts.map(({ startsAt }) => startsAt);
    expect(await started('true')).toEqual([iso(NOON - 3 * MINUTE)]);
    expect(await started('false')).toEqual([iso(NOON + MINUTE), iso(NOON - HOUR)]);
    expect((await alerts()).alerts.map(({ told }) => told)).toEqual([false, true, false]);
  });

  it('knows who has taken an outage on, until it is given back, and not the outage before', async () => {
    await rows.outage({ startsAt: NOON - HOUR, endsAt: NOON - HOUR + MINUTE });
    await rows.outage({ startsAt: NOON });
    await rows.outage({ fingerprint: OTHER, startsAt: NOON });
    await rows.action({ action: 'acknowledged', author: 'ann' });
    await rows.action({ action: 'acknowledged', author: 'ben' });
    await rows.action({ action: 'commented', author: 'eve' });
    await rows.action({ fingerprint: OTHER, action: 'commented' });
    const holders = async (query: Readonly<Record<string, string>>): Promise<unknown[]> => (await alerts(query)).alerts.map(({ fingerprint, startsAt, acknowledgedBy }) => [fingerprint, startsAt, acknowledgedBy]);
    expect(await holders({ acknowledged: 'true' })).toEqual([[ORDERS, iso(NOON), 'ben']]);
    expect(await holders({ acknowledged: 'false' })).toEqual([[OTHER, iso(NOON), null], [ORDERS, iso(NOON - HOUR), null]]);
    await rows.action({ action: 'unacknowledged' });
    expect(await holders({ acknowledged: 'true' })).toEqual([]);
  });

  it('finds messages by receiver, text and time, each with its id and what the receiver answered', async () => {
    const failed = await rows.delivery({ receiver: 'on-call', state: 'pending', at: NOON, told: [{ fingerprint: ORDERS, startsAt: NOON }] });
    await rows.attempt(failed, { attempt: 1, response_excerpt: 'try later' });
    await rows.delivery({ receiver: 'mail', at: NOON - HOUR, told: [{ fingerprint: OTHER, startsAt: NOON }] });
    const receivers = async (query: Readonly<Record<string, string>>): Promise<string[]> => (await deliveries(query)).deliveries.map(({ receiver }) => receiver);
    expect(await receivers({})).toEqual(['on-call', 'mail']);
    expect(await receivers({ receiver: 'on-call' })).toEqual(['on-call']);
    expect(await receivers({ receiver: 'on' })).toEqual([]);
    expect(await receivers({ q: 'MAIL/slack' })).toEqual(['mail']);
    expect(await receivers({ q: 'http 503' })).toEqual(['on-call']);
    expect(await receivers({ q: 'dropped' })).toEqual(['on-call', 'mail']);
    expect(await receivers({ q: 'alertname' })).toEqual([]);
    expect(await receivers({ to: iso(NOON) })).toEqual(['mail']);
    expect(await receivers({ from: iso(NOON) })).toEqual(['on-call']);
    const [message] = (await deliveries({ state: 'pending' })).deliveries;
    expect(message).toMatchObject({ messageId: expect.stringMatching(/^m\d+$/), attempts: [{ statusCode: 503, answer: 'try later' }] });
  });

  it('finds silences by state, author and text', async () => {
    const now = Date.now();
    const lasting = (from: number, to: number) => ({ starts_at: iso(now + from * MINUTE), ends_at: iso(now + to * MINUTE) });
    await rows.silence({ ...lasting(-60, 60), created_by: 'ann', comment: 'deploying', matchers: JSON.stringify([{ name: 'rule', value: 'orders-spike', isRegex: false, isEqual: true }]) });
    await rows.silence({ ...lasting(60, 120), created_by: 'ben', comment: 'sale' });
    await rows.silence({ ...lasting(-120, -60), created_by: 'ann', comment: 'works' });
    await rows.silence({ ...lasting(-60, 60), lane: `${rig.lane}x` });
    const comments = async (query: Readonly<Record<string, string>>): Promise<string[]> => (await silences(query)).silences.map(({ state, comment }) => `${state} ${comment}`);
    expect(await comments({})).toEqual(['pending sale', 'active deploying', 'expired works']);
    expect([await comments({ state: 'pending' }), await comments({ state: 'active' }), await comments({ state: 'expired' })]).toEqual([['pending sale'], ['active deploying'], ['expired works']]);
    expect(await comments({ author: 'ann' })).toEqual(['active deploying', 'expired works']);
    expect(await comments({ q: 'SPIKE' })).toEqual(['active deploying']);
    expect(await comments({ q: 'ben' })).toEqual(['pending sale']);
    expect((await silences({ q: 'spike' })).silences[0]?.matchers).toEqual([{ name: 'rule', value: 'orders-spike', isRegex: false, isEqual: true }]);
  });

  it('finds what people did, with the outage it was about', async () => {
    await rows.outage({ startsAt: NOON - HOUR, endsAt: NOON - HOUR + MINUTE });
    await rows.outage({ startsAt: NOON - MINUTE, firstStartsAt: NOON });
    await rows.action({ author: 'ann', comment: 'on it', acted_at: iso(NOON) });
    await rows.action({ author: 'ben', action: 'snoozed', until: iso(NOON + HOUR), acted_at: iso(NOON + MINUTE) });
    await rows.action({ author: 'ann', action: 'commented', comment: 'who knows', fingerprint: OTHER, acted_at: iso(NOON + 2 * MINUTE) });
    await rows.action({ author: 'cem', action: 'judged', verdict: 'unsure', acted_at: iso(NOON - MINUTE) });
    await rows.action({ lane: `${rig.lane}x` });
    const done = async (query: Readonly<Record<string, string>>): Promise<string[]> => (await actions(query)).actions.map(({ author, action }) => `${author} ${action}`);
    expect(await done({})).toEqual(['ann commented', 'ben snoozed', 'ann acknowledged', 'cem judged']);
    expect(await done({ action: 'snoozed' })).toEqual(['ben snoozed']);
    expect(await done({ author: 'ann', fingerprint: ORDERS })).toEqual(['ann acknowledged']);
    expect(await done({ q: 'ON IT' })).toEqual(['ann acknowledged']);
    expect(await done({ q: 'orders dropped' })).toEqual(['ben snoozed', 'ann acknowledged', 'cem judged']);
    expect(await done({ from: iso(NOON + MINUTE), to: iso(NOON + 2 * MINUTE) })).toEqual(['ben snoozed']);
    expect((await actions()).actions).toMatchObject([
      { fingerprint: OTHER, alert: null, until: null },
      { until: iso(NOON + HOUR), verdict: null, startsAt: iso(NOON), alert: { rule: 'orders-dropped', summary: 'Orders dropped', labels: { severity: 'critical' } } },
      { actedAt: iso(NOON), comment: 'on it' },
      { verdict: 'unsure' },
    ]);
  });

  describe('page by page', () => {
    interface Listed {
      readonly ids: readonly (number | string)[];
      readonly next: string | null;
    }
    type Query = Readonly<Record<string, string>>;

    const lists: readonly (readonly [string, (at: string) => Promise<unknown>, (query: Query) => Promise<Listed>])[] = [
      ['alerts', (at) => rows.outage({ startsAt: NOON, fingerprint: fresh(), columns: { first_starts_at: at } }), async (query) => {
        const answer = await alerts(query);
        return { ids: answer.alerts.map(({ id }) => id), next: answer.next };
      }],
      ['deliveries', async (at) => {
        const id = await rows.delivery({ at: NOON, told: [{ fingerprint: ORDERS, startsAt: NOON }] });
        await rig.pool.execute('update deliveries set created_at = $2 where id = $1', [id, at]);
      }, async (query) => {
        const answer = await deliveries(query);
        return { ids: answer.deliveries.map(({ id }) => id), next: answer.next };
      }],
      ['silences', (at) => rows.silence({ starts_at: at, ends_at: iso(NOON + HOUR) }), async (query) => {
        const answer = await silences(query);
        return { ids: answer.silences.map(({ id }) => id), next: answer.next };
      }],
      ['actions', (at) => rows.action({ acted_at: at }), async (query) => {
        const answer = await actions(query);
        return { ids: answer.actions.map(({ id }) => id), next: answer.next };
      }],
    ];
    let made = 0;
    const fresh = (): string => (made += 1).toString(16).padStart(16, '0');

    it.each(lists)('lists %s without gaps or repeats while others are added, also those that differ by a microsecond or not at all', async (_, add, list) => {
      // Two by two, a page ends between those that do not differ.
      for (const at of ['12:00:01Z', '12:00:00.000002Z', '12:00:01.5Z', '12:00:00.0009Z', '12:00:00.000001Z', '12:00:00.000003Z', '12:00:01Z', '12:00:00.000002Z']) await add(`2026-11-20T${at}`);
      const { ids: all, next } = await list({});
      expect([all.length, next]).toEqual([8, null]);
      let cursor: string | null = null;
      const seen: (number | string)[] = [];
      do {
        const page: Listed = await list({ limit: '2', ...(cursor === null ? {} : { cursor }) });
        seen.push(...page.ids);
        cursor = page.next;
        await add('2026-11-20T12:00:02Z');
      } while (cursor !== null && seen.length <= all.length);
      expect(seen).toEqual(all);
    });

    it('keeps to its filters, and a page that is just full has nothing after it', async () => {
      for (let at = 0; at < 4; at += 1) await rows.outage({ startsAt: NOON + at * MINUTE, endsAt: NOON + HOUR, columns: { severity: at % 2 === 0 ? 'critical' : 'warning' } });
      const first = await alerts({ severity: 'critical', limit: '1' });
      expect(await alerts({ severity: 'critical', limit: '1', cursor: first.next ?? '' })).toMatchObject({ alerts: [{ startsAt: iso(NOON), severity: 'critical' }], next: null });
      expect((await alerts({ limit: '4' })).next).toBeNull();
    });
  });
});
