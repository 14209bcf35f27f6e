import { describe, expect, it } from '@jest/globals';
import { Inhibitions, type InhibitRule, type LabelledAlert } from './inhibition.js';
import type { Labels } from './labels.js';
import { parseMatchers } from './matcher-parser.js';

const rule = (source: string, target: string, equal: readonly string[]): InhibitRule => ({ source: parseMatchers(source), target: parseMatchers(target), equal });
const BOTH = [rule('s1=1', 't1=1', ['e']), rule('s2=1', 't2=1', ['e'])];
const SOURCES = [{ fingerprint: 'a', labels: { s1: '1', t1: '2', e: '1' } }, { fingerprint: 'b', labels: { s2: '1', t2: '1', e: '1' } }];

function inhibitedBy(rules: readonly InhibitRule[], labels: Labels, firing: readonly LabelledAlert[]): readonly string[] {
  const inhibitions = new Inhibitions(rules);
  for (const alert of firing) inhibitions.add(alert);
  return inhibitions.of(labels);
}

describe('inhibition', () => {
  /** Alertmanager's own table. */
  it.each([
    [{ t1: '1', e: '1' }, ['a']], [{ t2: '1', e: '1' }, ['b']], [{ t1: '1', t3: '1', e: '1' }, ['a']], [{ t1: '1', t2: '1', e: '1' }, ['a', 'b']],
    [{ t1: '0', e: '1' }, []], [{ s1: '1', t1: '1', e: '1' }, ['a']], [{ s2: '1', t1: '0', e: '1' }, []], [{ t1: '1', e: '0' }, []],
  ] as const)('%j is inhibited by %j', (labels, expected) => {
    // An alert that is source and target of a rule is inhibited by pure sources only: `b` is both.
    const found = inhibitedBy(BOTH, labels, SOURCES);
    expect([...found].sort()).toEqual(expected);
  });

  it('takes a label that neither has for equal', () => {
    expect(inhibitedBy([rule('s=1', 't=1', ['none'])], { t: '1' }, [{ fingerprint: 'a', labels: { s: '1' } }])).toEqual(['a']);
  });

  it('lets any source inhibit where nothing must be equal, and none where there is no source', () => {
    expect(inhibitedBy([rule('s=1', 't=1', [])], { t: '1', x: '1' }, [{ fingerprint: 'a', labels: { s: '1', x: '2' } }])).toEqual(['a']);
    expect(inhibitedBy(BOTH, { t1: '1', e: '1' }, [])).toEqual([]);
  });

  it('does not let an alert inhibit itself, nor two inhibit each other', () => {
    const both = [rule('severity=critical', 'severity=critical', ['job'])];
    const alerts = [{ fingerprint: 'a', labels: { severity: 'critical', job: 'x' } }, { fingerprint: 'b', labels: { severity: 'critical', job: 'x', n: '2' } }];
    expect(inhibitedBy(both, { severity: 'critical', job: 'x' }, alerts)).toEqual([]);
  });

  it('asks only those that fire, and forgets those that are gone', () => {
    const inhibitions = new Inhibitions(BOTH);
    for (const alert of SOURCES) inhibitions.add(alert);
    const both = { t1: '1', t2: '1', e: '1' };
    expect(inhibitions.of(both, (fingerprint) => fingerprint === 'b')).toEqual(['b']);
    for (const alert of SOURCES) inhibitions.remove(alert);
    expect(inhibitions.of(both)).toEqual([]);
  });
});
