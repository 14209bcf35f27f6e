import type { Labels } from './labels.js';
import { matchesAll, type Matcher } from './matcher.js';

/** While an alert that `source` matches fires, those that `target` matches and that have the same `equal` labels notify nobody. */
export interface InhibitRule {
  readonly source: readonly Matcher[];
  readonly target: readonly Matcher[];
  readonly equal: readonly string[];
}

export interface LabelledAlert {
  readonly fingerprint: string;
  readonly labels: Labels;
}

/** Fingerprints of the firing alerts that inhibit one with these labels; a label that is not there is empty. */
export function inhibitedBy(rules: readonly InhibitRule[], labels: Labels, firing: Iterable<LabelledAlert>): readonly string[] {
  const applying = rules.filter((rule) => matchesAll(rule.target, labels));
  if (applying.length === 0) return [];
  const found = new Set<string>();
  for (const source of firing) {
    if (applying.some((rule) => inhibits(rule, source.labels, labels))) found.add(source.fingerprint);
  }
  return [...found];
}

function inhibits(rule: InhibitRule, source: Labels, labels: Labels): boolean {
  if (!matchesAll(rule.source, source)) return false;
  // Of two alerts that are source and target both, neither inhibits the other: nor itself.
  if (matchesAll(rule.source, labels) && matchesAll(rule.target, source)) return false;
  return rule.equal.every((name) => (source[name] ?? '') === (labels[name] ?? ''));
}
