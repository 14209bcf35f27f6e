import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { fraudScore } from '@millrace/contracts';
import { makeFraudScore } from '@millrace/testing';
import type { CaseDetailDto } from '../src/case.dto.js';
import type { RingDto, RingsDto } from '../src/ring.dto.js';
import type { RingReport } from '../src/ring.schema.js';
import { DeskRig } from './desk-rig.js';
import { ringReport } from './ring-report.js';

jest.setTimeout(120_000);

const PATH = '/api/fraud/rings';

describe('rings at the fraud desk', () => {
  let rig: DeskRig;

  beforeEach(async () => {
    rig = await DeskRig.open();
    await rig.start();
  });
  afterEach(async () => {
    await rig.close();
  });

  const put = (body: unknown): Promise<Response> =>
    rig.get(PATH, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: typeof body === 'string' ? body : JSON.stringify(body) });
  const ids = async (): Promise<string[]> => (await rig.json<RingsDto>(PATH)).rings.map(({ id }) => id);

  it('has none at first, then the latest report whole and no other', async () => {
    expect(await rig.json(PATH)).toEqual({ lane: rig.lane, report: null, rings: [] });
    const first = ringReport(rig.lane, 12);
    const answer = await put(first);
    expect([answer.status, await answer.json()]).toEqual([200, { lane: rig.lane, madeAt: first.madeAt, rings: 12 }]);
    const { rings, ...about } = first;
    const listed = await rig.json<RingsDto>(PATH);
    expect(listed.report).toEqual(about);
    expect(listed.rings.map(({ rank }) => rank)).toEqual(rings.map(({ rank }) => rank));
    expect(listed.rings[0]).toEqual({
      id: rings[0]?.id, rank: 1, suspicion: 1, sharing: 1.5, orders: 4, frauds: 2, firstAt: rings[0]?.firstAt, lastAt: rings[0]?.lastAt, amounts: [{ currency: 'EUR', minor: 12_300 }],
      customers: 3, things: { card: { count: 1, shared: 1 }, device: { count: 1, shared: 0 }, address: { count: 0, shared: 0 } },
    });
    expect(await rig.json<RingDto>(`${PATH}/${rings[3]!.id}`)).toEqual({ lane: rig.lane, madeAt: first.madeAt, ring: rings[3] });

    expect((await put(ringReport(rig.lane, 2, { madeAt: first.madeAt + 1 }))).status).toBe(200);
    expect(await ids()).toHaveLength(2);
    expect((await rig.get(`${PATH}/${rings[3]!.id}`)).status).toBe(404);
    expect((await put(ringReport(rig.lane, 0))).status).toBe(200);
    expect((await rig.json<RingsDto>(PATH)).report?.found).toBe(0);
    expect(await ids()).toEqual([]);
  });

  it('shows one report or the other while many are written at once', async () => {
    const sizes = [1, 5, 9, 13];
    const seen = new Set<string>();
    const writes = Promise.all([...sizes, ...sizes].map((size) => put(ringReport(rig.lane, size))));
    const going = new AbortController();
    const reads = (async () => {
      while (!going.signal.aborted) {
        const { report, rings } = await rig.json<RingsDto>(PATH);
        seen.add(`${String(report?.found ?? 0)} ${String(rings.length)}`);
      }
    })();
    expect((await writes).map(({ status }) => status)).toEqual(sizes.concat(sizes).map(() => 200));
    going.abort();
    await reads;
    for (const pair of seen) expect(pair.split(' ')[0]).toBe(pair.split(' ')[1]);
  });

  it('says in a case which ring its customer is in', async () => {
    await rig.publisher.publishAll(fraudScore, [
      makeFraudScore({ orderId: 'in', customerId: 'r1-c2', lane: rig.lane, decision: 'REVIEW', score: 0.7 }), makeFraudScore({ orderId: 'out', customerId: 'somebody', lane: rig.lane }),
    ]);
    await rig.caughtUp();
    const ring = async (orderId: string): Promise<CaseDetailDto['ring']> => (await rig.json<CaseDetailDto>(`/api/fraud/cases/${orderId}`)).ring;
    expect(await ring('in')).toBeNull();
    const report = ringReport(rig.lane, 3);
    await put(report);
    expect(await ring('in')).toEqual({ id: report.rings[1]!.id, rank: 2, customers: 3, orders: 4, frauds: 2, madeAt: report.madeAt });
    expect(await ring('out')).toBeNull();
  });

  const broken = (change: (report: RingReport) => unknown): [number, string] => [400, JSON.stringify(change(ringReport('LANE', 2)))];
  it.each([
    ['another lane', broken((report) => ({ ...report, lane: 'another' }))],
    ['a field too many', broken((report) => ({ ...report, extra: 1 }))],
    ['no rings', broken((report) => ({ ...report, rings: undefined }))],
    ['one id twice', broken((report) => ({ ...report, rings: [report.rings[0], report.rings[0]] }))],
    ['more rings than there may be', broken((report) => ({ ...report, rings: ringReport('LANE', 201).rings }))],
    ['a link to nobody', broken((report) => ({ ...report, rings: report.rings.map((ring) => ({ ...ring, links: [{ ...ring.links[0], customer: 3 }] })) }))],
    ['an id that is none', broken((report) => ({ ...report, rings: report.rings.map((ring) => ({ ...ring, customers: { ...ring.customers, ids: [{ id: 'a\u0000', orders: 1, frauds: 0 }] }, links: [] })) }))],
    ['no JSON', [400, '{"lane"'] as [number, string]],
    ['no end', [413, `"${'x'.repeat(17 * 1_024 * 1_024)}"`] as [number, string]],
  ])('refuses %s and keeps what it has', async (_name, [status, body]) => {
    await put(ringReport(rig.lane, 1));
    const response = await put(body.replaceAll('LANE', rig.lane));
    expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/problem+json; charset=utf-8']);
    expect(await ids()).toHaveLength(1);
  });

  it('takes a report as large as there may be, and no large body elsewhere', async () => {
    const report = ringReport(rig.lane, 200);
    const full = { ...report, rings: report.rings.map((ring) => ({
      ...ring, linkCount: 400, links: Array.from({ length: 400 }, () => ring.links[0]!),
      customers: { count: 100, ids: Array.from({ length: 100 }, (_, index) => ({ id: `customer-of-some-length-${ring.id}-${String(index)}`, orders: 1, frauds: 0 })) },
    })) };
    expect((await put(full)).status).toBe(200);
    expect(await ids()).toHaveLength(200);
    expect((await rig.post('/api/fraud/cases/a/verdict', { fraud: true, decidedBy: 'x', note: 'x'.repeat(200_000) })).status).toBe(413);
  });

  it('knows no ring of a wrong id', async () => {
    expect((await rig.get(`${PATH}/..%2f`)).status).toBe(400);
    expect((await rig.get(`${PATH}/0123456789abcdef`)).status).toBe(404);
  });
});
