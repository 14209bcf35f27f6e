import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { deadLetterTopic, fraudLabelEvent, fraudScore, inLane, truthEvent, type FraudLabelEvent, type FraudScore, type TruthEvent } from '@millrace/contracts';
import { makeFraudLabel, makeFraudScore, makeTruth, until } from '@millrace/testing';
import type { CaseDetailDto, CasesDto, VerdictDto } from '../src/case.dto.js';
import type { QualityReport } from '../src/quality.report.js';
import { BASES } from '../src/quality.js';
import { DeskRig } from './desk-rig.js';
import { known, LENGTHS, recount } from './recount.js';

jest.setTimeout(120_000);

const DAY = 86_400_000;
const MINUTE = 60_000;
const DELAY_MINUTES = 3 * 24 * 60;
const SCENARIOS = ['card-testing', 'stolen-card', 'promo-abuse'];

/** Numbers from 0 to 1 that are the same each time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function shuffled<T>(items: readonly T[], next: () => number): T[] {
  return items.map((item) => ({ item, at: next() })).sort((a, b) => a.at - b.at).map(({ item }) => item);
}

/** Forty days of a shop: scores with revisions, labels, truth. Scores of an order keep their order, as their topic does. */
function world(lane: string, count: number, now = Date.now()): { scores: FraudScore[]; labels: FraudLabelEvent[]; truths: TruthEvent[] } {
  const next = random(20_261_121);
  const scores: FraudScore[] = [];
  const labels: FraudLabelEvent[] = [];
  const truths: TruthEvent[] = [];
  for (let index = 0; index < count; index += 1) {
    const orderId = `o-${String(index)}`;
    const fraud = next() < 0.2;
    const occurredAt = Math.round(now - (index === 0 ? 0 : next() ** 2 * 40 * DAY));
    const base = makeFraudScore({
      orderId, lane, occurredAt, scoredAt: occurredAt + Math.round(next() * 20_000), totalMinor: next() < 0.05 ? null : Math.round(next() * 90_000), currency: next() < 0.8 ? 'EUR' : 'CHF',
    });
    const scored = (revision: number): FraudScore => {
      const score = Math.round(Math.min(1, next() * 0.6 + (fraud ? 0.4 : 0)) * 50) / 50;
      return { ...base, revision, score, decision: score >= 0.9 ? 'DECLINE' : score >= 0.55 ? 'REVIEW' : 'ALLOW' };
    };
    const whole = base.totalMinor === null ? { ...scored(1), currency: null } : scored(1);
    const sometimes = <T>(share: number, make: () => T): T[] => (next() < share ? [make()] : []);
    const verdict = (decidedBy: string, after: number) => (): FraudLabelEvent => makeFraudLabel({ orderId, eventType: 'VERDICT', fraud: next() < 0.5, decidedBy, occurredAt: Math.min(now, occurredAt + after) });
    scores.push(whole, ...sometimes(0.1, () => ({ ...scored(2), currency: whole.currency })), ...sometimes(0.1, () => ({ ...scored(1), score: 0.5 })));
    truths.push(...sometimes(0.9, () => makeTruth({ orderId, occurredAt, eventType: fraud ? 'FRAUD' : 'HONEST', scenario: fraud ? SCENARIOS[index % 3]! : null })));
    labels.push(
      ...sometimes(fraud ? 0.6 : 0, () => makeFraudLabel({ orderId, eventType: 'CHARGEBACK', fraud: true, occurredAt: Math.min(now, occurredAt + 2 * DAY) })),
      ...sometimes(0.1, verdict('ann', 1_000)), ...sometimes(0.05, verdict('bob', 2_000)),
    );
  }
  return { scores, labels, truths };
}

const round = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_key, inner: unknown) => (typeof inner === 'number' ? Number(inner.toPrecision(9)) : inner)) as unknown;

describe('fraud-desk', () => {
  let rig: DeskRig;

  beforeEach(async () => {
    rig = await DeskRig.open({ MILLRACE_FRAUD_DESK_LABEL_DELAY_MINUTES: String(DELAY_MINUTES), MILLRACE_FRAUD_DESK_DRIFT_REFERENCE: '1000' });
  });
  afterEach(async () => {
    await rig.close();
  });

  const report = async (when: (report: QualityReport) => boolean = () => true): Promise<QualityReport> => {
    const since = Date.now();
    return until('a report of what is there', async () => {
      const { report: latest } = await rig.json<{ report: QualityReport | null }>('/api/fraud/quality');
      return latest !== null && latest.computedAt > since && when(latest) ? latest : null;
    });
  };

  it('says nothing before the first score, and is ready', async () => {
    await rig.start();
    expect(await until('a first report', async () => (await rig.json<{ report: null }>('/api/fraud/quality')))).toEqual({ lane: rig.lane, labelDelayMs: DELAY_MINUTES * MINUTE, report: null });
    expect(await rig.json('/api/fraud/cases')).toEqual({ lane: rig.lane, cases: [], next: null });
    expect(await rig.series('millrace_fraud_precision')).toEqual([]);
  });

  it('gives the numbers of a recount, whatever the order, repetition, and restarts', async () => {
    const { scores, labels, truths } = world(rig.lane, 1_500);
    const next = random(7);
    const orders = known(scores, labels, truths);
    const twice = <T>(list: readonly T[]): T[] => shuffled([...list, ...list.filter(() => next() < 0.3)], next);
    const half = Math.floor(scores.length / 2);
    await rig.publisher.publishAll(fraudLabelEvent, twice(labels));
    await rig.start();
    await rig.publisher.publishAll(truthEvent, truths.slice(0, 700));
    await rig.publisher.publishAll(fraudScore, scores.slice(0, half));
    await rig.caughtUp();
    await rig.stop();
    await rig.publisher.publishAll(truthEvent, twice(truths));
    // All scores of the first half once more, as a producer that lost its acknowledgement sends them.
    await rig.publisher.publishAll(fraudScore, scores);
    await rig.start();
    await rig.publisher.publishAll(fraudLabelEvent, twice(labels));
    await rig.caughtUp();

    const { windows, asOf } = await report();
    expect(asOf).toBe(Math.max(...scores.map(({ occurredAt }) => occurredAt)));
    for (const { window, quality } of windows) {
      for (const basis of BASES) {
        const found = quality[basis];
        const { scenarios = [], ...rest } = found ?? {};
        const shape = found === null ? null : { ...rest, scenarioRecall: Object.fromEntries(scenarios.map(({ scenario, recall }) => [scenario, recall])) };
        expect([window, basis, round(shape)]).toEqual([window, basis, round(recount(orders, basis, window, DELAY_MINUTES * MINUTE))]);
      }
    }
    expect(windows.map(({ window }) => window)).toEqual(Object.keys(LENGTHS));
    expect(windows[2]?.quality.oracle?.orders).toBeGreaterThan(800);
    expect(windows[0]?.quality.observed?.orders).toBeGreaterThan(10);
    const precision = windows[2]?.quality.oracle?.precision ?? Number.NaN;
    const shown = (await rig.series('millrace_fraud_precision')).find((line) => line.includes('basis="oracle",window="30d"'));
    expect(Number(shown?.split(' ').at(-1))).toBeCloseTo(precision, 12);
    expect((await rig.series('millrace_fraud_recall')).filter((line) => line.includes('scenario="card-testing"'))).toHaveLength(3);
    expect(await rig.series('millrace_consumer_dead_letters_total')).toEqual([]);
  });

  it('takes a later score of the same order for a higher revision only', async () => {
    await rig.start();
    const decided = async (given: Partial<FraudScore>): Promise<string | undefined> => {
      await rig.publisher.publishAll(fraudScore, [makeFraudScore({ orderId: 'o', lane: rig.lane, ...given })]);
      await rig.caughtUp();
      return (await rig.json<CaseDetailDto>('/api/fraud/cases/o')).case.decision;
    };
    expect(await decided({ revision: 2, decision: 'REVIEW' })).toBe('REVIEW');
    expect(await decided({ revision: 2, decision: 'DECLINE' })).toBe('REVIEW');
    expect(await decided({ revision: 1, decision: 'DECLINE' })).toBe('REVIEW');
    expect(await decided({ revision: 3, decision: 'ALLOW' })).toBe('ALLOW');
  });

  it('shows no truth where there is none, and tells what nobody scored', async () => {
    const now = Date.now();
    await rig.publisher.publishAll(fraudScore, [makeFraudScore({ orderId: 'a', lane: rig.lane, occurredAt: now, decision: 'DECLINE', score: 0.95 })]);
    await rig.start();
    await rig.caughtUp();
    const before = (await report()).windows[0];
    expect(before?.quality).toEqual({ oracle: null, observed: null, labelled: null });
    expect(before?.decisions).toEqual({ ALLOW: 0, REVIEW: 0, DECLINE: 1 });
    await rig.publisher.publishAll(truthEvent, [makeTruth({ orderId: 'b', eventType: 'FRAUD', scenario: 'stolen-card', occurredAt: now - 1_000 })]);
    await rig.caughtUp();
    expect((await report()).windows[0]?.unscored).toEqual({ orders: 1, fraud: 1 });
  });

  it('sets aside what cannot be right, and stores the rest of its batch', async () => {
    const good = makeFraudScore({ orderId: 'good', lane: rig.lane, decision: 'REVIEW' });
    await rig.publisher.publishAll(fraudScore, [good, { ...good, orderId: 'x', lane: 'another' }, { ...good, orderId: 'y', decision: 'UNKNOWN' }]);
    await rig.publisher.publishAll(truthEvent, [makeTruth({ eventType: 'UNKNOWN' })]);
    await rig.start();
    await rig.caughtUp();
    expect((await rig.json<CasesDto>('/api/fraud/cases')).cases.map(({ orderId }) => orderId)).toEqual(['good']);
    const letters = await rig.test.kafka.readTopic(deadLetterTopic(rig.lane, fraudScore.topic, 'fraud-desk'));
    expect(letters).toHaveLength(2);
  });

  it('tells a feature that shifted from those that did not, across a restart', async () => {
    const next = random(3);
    const now = Date.now();
    const batch = (count: number, shift: number, from: number): FraudScore[] => Array.from({ length: count }, (_, index) => makeFraudScore({
      orderId: `d-${String(from + index)}`, lane: rig.lane, versions: { model: 'm1' }, occurredAt: now - Math.round(next() * 20 * 3_600_000),
      features: { steady: next(), shifted: next() + shift, holed: shift > 0 && next() < 0.5 ? null : next(), flag: next() < 0.03 ? 1 : 0 },
    }));
    await rig.start();
    await rig.publisher.publishAll(fraudScore, batch(600, 0, 0));
    await rig.caughtUp();
    expect((await report()).drift).toMatchObject({ modelVersion: 'm1', reference: { scores: 600, needed: 1_000 }, features: [] });
    await rig.stop();
    await rig.start();
    await rig.publisher.publishAll(fraudScore, batch(600, 0, 600));
    await rig.caughtUp();
    await rig.stop();
    await rig.start();
    const shifted = batch(800, 0.4, 1_200);
    await rig.publisher.publishAll(fraudScore, shifted);
    await rig.caughtUp();
    // Once more: a repetition is no new score.
    await rig.publisher.publishAll(fraudScore, shifted);
    await rig.caughtUp();
    const { drift } = await report();
    expect(drift.reference).toEqual({ scores: 1_000, needed: 1_000 });
    expect(drift.current.scores).toBeLessThanOrEqual(1_000);
    expect(drift.current.scores).toBeGreaterThanOrEqual(800);
    const psi = Object.fromEntries(drift.features.map(({ feature, psi: value }) => [feature, value]));
    expect(psi['shifted']).toBeGreaterThan(0.25);
    expect(psi['holed']).toBeGreaterThan(0.25);
    expect(psi['steady']).toBeLessThan(0.1);
    expect(psi['flag']).toBeLessThan(0.1);
    expect((await rig.series('millrace_fraud_feature_psi')).map((line) => /feature="(\w+)"/.exec(line)?.[1]).sort()).toEqual(['flag', 'holed', 'shifted', 'steady']);
    expect(await rig.postgres.query('select 1 from fraud_drift_samples')).toEqual([]);
  });

  describe('cases', () => {
    const linked = [{ kind: 'card', id: 'card-77', orders: 5, customers: 4, frauds: 2 }];
    const now = Date.now();
    const flagged = (orderId: string, given: Partial<FraudScore> = {}): FraudScore => makeFraudScore({
      orderId, customerId: `customer-of-${orderId}`, lane: rig.lane, score: 0.7, decision: 'REVIEW', occurredAt: now - 10_000, ...given,
    });
    const ids = async (query: string): Promise<string[]> => (await rig.json<CasesDto>(`/api/fraud/cases?${query}`)).cases.map(({ orderId }) => orderId);

    it('lists them by page and filter', async () => {
      await rig.publisher.publishAll(fraudScore, [
        ...Array.from({ length: 7 }, (_, index) => flagged(`p${String(index)}`, { occurredAt: now - Math.floor(index / 2) * 1_000 })),
        flagged('declined', { decision: 'DECLINE', score: 0.97, linked, occurredAt: now - 20_000 }), flagged('allowed', { decision: 'ALLOW', linked }),
      ]);
      await rig.publisher.publishAll(truthEvent, [makeTruth({ orderId: 'declined', eventType: 'FRAUD', scenario: 'stolen-card' })]);
      await rig.publisher.publishAll(fraudLabelEvent, [makeFraudLabel({ orderId: 'p3', fraud: false, eventType: 'VERDICT' })]);
      await rig.start();
      await rig.caughtUp();
      const seen: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const page: CasesDto = await rig.json<CasesDto>(`/api/fraud/cases?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`);
        seen.push(...page.cases.map(({ orderId }) => orderId));
        cursor = page.next;
      }
      expect(seen).toEqual(['p1', 'p0', 'p3', 'p2', 'p5', 'p4', 'p6', 'declined']);
      expect(await ids('decision=DECLINE')).toEqual(['declined']);
      expect(await ids('minScore=0.9')).toEqual(['declined']);
      expect(await ids('labelled=true')).toEqual(['p3']);
      expect(await ids('labelled=false&limit=200')).toHaveLength(7);
      expect(await ids('q=CARD-77')).toEqual(['declined']);
      expect(await ids('q=customer-of-p5')).toEqual(['p5']);
      expect(await ids('q=%25')).toEqual([]);
      expect(await ids('truth=true&scenario=stolen-card')).toEqual(['declined']);
      const hidden = await rig.json<CasesDto>('/api/fraud/cases?decision=DECLINE');
      expect(JSON.stringify(hidden)).not.toContain('stolen-card');
      expect((await rig.json<CasesDto>('/api/fraud/cases?decision=DECLINE&truth=true')).cases[0]?.truth).toEqual({ fraud: true, scenario: 'stolen-card' });
    });

    it.each(['scenario=stolen-card', 'decision=ALLOW', 'minScore=2', 'limit=0', 'cursor=bm8', 'nonsense=1', 'q=a&q=b'])('refuses ?%s with a problem', async (query) => {
      await rig.start();
      const response = await rig.get(`/api/fraud/cases?${query}`);
      expect([response.status, response.headers.get('content-type')]).toEqual([400, 'application/problem+json; charset=utf-8']);
      expect(((await response.json()) as { errors: unknown[] }).errors.length).toBeGreaterThan(0);
    });

    it('gives a score whole from Kafka, and says so when retention took it', async () => {
      const score = flagged('o1', {
        linked, versions: { model: 'm7' }, features: { amount: 12.5, unknown: null, odd: Number.NaN }, contributions: { amount: 0.7 },
        reasons: [{ kind: 'model', name: 'amount', text: 'amount is 12.50', value: 12.5, weight: 0.7 }],
        evidence: [{ topic: 'shop.orders.v1', partition: 0, firstOffset: 4, lastOffset: 9 }], shadows: [{ name: 'challenger', version: 'm8', score: 0.2, decision: 'ALLOW' }],
      });
      await rig.publisher.publishAll(fraudScore, [flagged('before'), score]);
      await rig.publisher.publishAll(truthEvent, [makeTruth({ orderId: 'o1', eventType: 'FRAUD', scenario: 'stolen-card' })]);
      await rig.start();
      await rig.caughtUp();
      const detail = await rig.json<CaseDetailDto>('/api/fraud/cases/o1');
      expect(detail.score).toEqual({ ...score, features: { amount: 12.5, unknown: null, odd: null } });
      expect(detail.scoreMissing).toBeNull();
      expect(detail.record.topic).toBe(inLane(rig.lane, fraudScore.topic));
      expect(JSON.stringify(detail)).not.toContain('stolen-card');
      expect((await rig.json<CaseDetailDto>('/api/fraud/cases/o1?truth=true')).case.truth).toEqual({ fraud: true, scenario: 'stolen-card' });
      expect((await rig.get('/api/fraud/cases/nobody')).status).toBe(404);

      await rig.expireScores(detail.record.partition);
      const later = await until('retention', async () => {
        const answer = await rig.json<CaseDetailDto>('/api/fraud/cases/o1');
        return answer.score === null ? answer : null;
      });
      expect(later).toMatchObject({ scoreMissing: 'expired', case: { orderId: 'o1', score: 0.7, versions: { model: 'm7' } } });
    });

    it('publishes a verdict once for a double click, with its note, and hears a change of mind', async () => {
      await rig.publisher.publishAll(fraudScore, [flagged('o1', { totalMinor: 4_200, currency: 'EUR' })]);
      await rig.start();
      await rig.caughtUp();
      const decide = async (fraud: boolean, note?: string): Promise<VerdictDto> => {
        const response = await rig.post('/api/fraud/cases/o1/verdict', { fraud, decidedBy: 'Ann', ...(note === undefined ? {} : { note }) });
        expect(response.status).toBe(200);
        return (await response.json()) as VerdictDto;
      };
      const [first, second] = await Promise.all([decide(true, 'same card as yesterday'), decide(true)]);
      expect(second.eventId).toBe(first.eventId);
      const topic = inLane(rig.lane, fraudLabelEvent.topic);
      expect(first.topic).toBe(topic);
      expect((await rig.test.kafka.readEvent(fraudLabelEvent, first))?.event).toMatchObject({
        eventId: first.eventId, eventType: 'VERDICT', orderId: 'o1', fraud: true, decidedBy: 'Ann', amountMinor: 4_200, currency: 'EUR', scenario: null,
      });
      const labels = async (): Promise<CaseDetailDto> => rig.json<CaseDetailDto>('/api/fraud/cases/o1');
      await rig.caughtUp();
      expect((await labels()).labels).toEqual([expect.objectContaining({ kind: 'VERDICT', fraud: true, decidedBy: 'Ann', note: 'same card as yesterday' })]);
      expect((await labels()).case.label).toMatchObject({ fraud: true, kind: 'VERDICT' });

      await decide(false);
      expect((await labels()).case.label).toEqual({ fraud: false, at: null, kind: null });
      await decide(true);
      await rig.caughtUp();
      expect((await labels()).labels.map(({ fraud }) => fraud)).toEqual([true, false, true]);
      expect((await labels()).case.label?.fraud).toBe(true);
      await rig.publisher.publishAll(fraudLabelEvent, [makeFraudLabel({ orderId: 'o1', eventType: 'CHARGEBACK', fraud: true, occurredAt: now })]);
      await rig.caughtUp();
      await decide(false);
      expect((await labels()).case.label).toMatchObject({ fraud: true, kind: 'CHARGEBACK' });
    });

    it.each([
      [{ fraud: 'yes', decidedBy: 'Ann' }, 400], [{ fraud: true }, 400], [{ fraud: true, decidedBy: ' ' }, 400], [{ fraud: true, decidedBy: 'Ann', extra: 1 }, 400],
      [{ fraud: true, decidedBy: 'Ann' }, 404],
    ])('refuses the verdict %j with %i', async (body, status) => {
      await rig.start();
      const response = await rig.post('/api/fraud/cases/nobody/verdict', body);
      expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/problem+json; charset=utf-8']);
    });
  });
});
