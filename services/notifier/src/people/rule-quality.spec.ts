import { describe, expect, test } from '@jest/globals';
import type { Verdict } from './action-store.js';
import { qualityOf, type JudgedOutage } from './rule-quality.js';

const NOON = Date.UTC(2026, 0, 5, 12);
const BUDGET = { perWeek: 10, weeks: 4 };
const NOTIFIER = 'http://127.0.0.1:8104';

function outage(verdict: Verdict | null, change: Partial<JudgedOutage> = {}): JudgedOutage {
  return { rule: 'orders-high', labels: { alertname: 'orders-high', lane: 'live' }, startsAt: NOON, endsAt: NOON + 600_000, messages: 2, verdict, value: null, threshold: null, ...change };
}

function only(outages: readonly JudgedOutage[]): ReturnType<typeof qualityOf>[number] {
  const [rule, ...others] = qualityOf(outages, BUDGET, NOTIFIER);
  if (rule === undefined || others.length > 0) throw new Error('one rule was expected');
  return rule;
}

describe('a rule', () => {
  test('has the precision of its verdicts, and costs what is wrong of its messages', () => {
    expect(only([...Array.from({ length: 3 }, () => outage('true')), outage('false'), outage('unsure'), outage(null), outage(null, { messages: 0 })])).toEqual({
      rule: 'orders-high', outages: 7, told: 6, messages: 12, verdicts: { true: 3, false: 1, unsure: 1 }, precision: 0.75, noisePerWeek: 0.75, share: 0.075, proposals: [],
    });
  });

  test('that nobody judged has no precision and no noise', () => {
    expect(only([outage(null), outage('unsure')])).toMatchObject({ precision: null, noisePerWeek: null, share: null, proposals: [] });
  });

  test('rules are told the noisiest first', () => {
    const rules = qualityOf([outage('true', { rule: 'good' }), outage('false', { rule: 'bad' }), outage(null, { rule: 'new' }), outage('false', { rule: 'worse', messages: 9 })], BUDGET, NOTIFIER);
    expect(rules.map(({ rule }) => rule)).toEqual(['worse', 'bad', 'good', 'new']);
  });

  test('few verdicts propose nothing, and neither does a rule that is mostly right', () => {
    const at = (verdict: Verdict, value: number): JudgedOutage => outage(verdict, { value, threshold: 10 });
    expect(only([at('true', 50), ...Array.from({ length: 3 }, () => at('false', 11))]).proposals).toEqual([]);
    expect(only([...Array.from({ length: 6 }, () => at('true', 50)), ...Array.from({ length: 5 }, () => at('false', 11))]).proposals).toEqual([]);
  });
});

describe('a wasteful rule', () => {
  const wrong = [11, 12, 13, 14, 90].map((value) => outage('false', { value, threshold: 10 }));

  test('proposes the limit that keeps the right ones', () => {
    const [proposal] = only([...wrong, outage('true', { value: 80, threshold: 10 })]).proposals;
    expect(proposal).toEqual({ kind: 'threshold', command: null, text: 'A limit of 50 would have spared 4 of 5 wrong ones and kept all 1 right ones: the wrong ones came no further than 14, the right ones went to 80 and beyond.' });
  });

  test('proposes it downwards, too', () => {
    const low = [9, 8, 7, 6, 5].map((value) => outage('false', { value, threshold: 10 }));
    const [proposal] = only([...low, outage('true', { value: 0.5, threshold: 10 })]).proposals;
    expect(proposal?.text).toContain('A limit of 3 would have spared all 5 wrong ones');
  });

  test('proposes no limit where values of both sides are mixed, or unknown', () => {
    for (const mixed of [outage('true', { value: 10.5, threshold: 10 }), outage('true', { value: null, threshold: 10 }), outage('true', { value: 9, threshold: 10 })]) {
      expect(only([...wrong, mixed]).proposals.filter(({ kind }) => kind === 'threshold')).toEqual([]);
    }
  });

  test('proposes to wait where wrong ones end soon', () => {
    const short = Array.from({ length: 5 }, (_, place) => outage('false', { endsAt: NOON + (place + 1) * 10_000 }));
    const proposals = only([...short, outage('true')]).proposals;
    expect(proposals.map(({ kind }) => kind)).toEqual(['for']);
    expect(proposals[0]?.text).toContain('50 s more of "for" would have spared all 5 wrong ones');
    expect(only([...short, outage('true', { endsAt: NOON + 5_000 })]).proposals).toEqual([]);
  });

  test('proposes to silence what most wrong ones share and no right one has', () => {
    const of = (verdict: Verdict, product: string): JudgedOutage => outage(verdict, { labels: { alertname: 'orders-high', product } });
    const [proposal] = only([of('false', "mug d'or"), of('false', "mug d'or"), of('false', "mug d'or"), of('false', 'pen'), of('true', 'pen')]).proposals;
    expect(proposal?.kind).toBe('silence');
    expect(proposal?.command).toBe(`amtool --alertmanager.url=${NOTIFIER} silence add alertname=orders-high 'product=mug d'\\''or' --duration=7d --comment="mostly wrong"`);
    expect(only([of('false', 'a'), of('false', 'b'), of('false', 'c'), of('false', 'd'), of('true', 'pen')]).proposals).toEqual([]);
  });

  test('that was never right proposes to be silenced', () => {
    const proposals = only(Array.from({ length: 5 }, () => outage('false'))).proposals;
    expect(proposals).toMatchObject([{ kind: 'silence', text: 'None of the 5 was right: silence the rule while it is looked at.' }]);
    expect(proposals[0]?.command).toContain('silence add alertname=orders-high --duration');
  });
});
