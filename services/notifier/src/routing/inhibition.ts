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

/** Alerts by the rules they are a source of, so that asking for one alert does not look at all others. */
export class Inhibitions {
  readonly #sources: readonly { readonly rule: InhibitRule; readonly byEqual: Map<string, Map<string, Labels>> }[];

  constructor(rules: readonly InhibitRule[]) {
    this.#sources = rules.map((rule) => ({ rule, byEqual: new Map<string, Map<string, Labels>>() }));
  }

  add({ fingerprint, labels }: LabelledAlert): void {
    for (const { rule, byEqual } of this.#sources) {
      if (!matchesAll(rule.source, labels)) continue;
      const key = equalKey(rule, labels);
      const alike = byEqual.get(key) ?? new Map<string, Labels>();
      byEqual.set(key, alike.set(fingerprint, labels));
    }
  }

  remove({ fingerprint, labels }: LabelledAlert): void {
    for (const { rule, byEqual } of this.#sources) {
      const key = equalKey(rule, labels);
      const alike = byEqual.get(key);
      if (alike?.delete(fingerprint) === true && alike.size === 0) byEqual.delete(key);
    }
  }

  /** Fingerprints of those that inhibit an alert with these labels, of the ones that fire. */
  of(labels: Labels, fires: (fingerprint: string) => boolean = () => true): readonly string[] {
    const found = new Set<string>();
    for (const { rule, byEqual } of this.#sources) {
      if (!matchesAll(rule.target, labels)) continue;
      const isSource = matchesAll(rule.source, labels);
      for (const [fingerprint, source] of byEqual.get(equalKey(rule, labels)) ?? []) {
        // Of two alerts that are source and target both, neither inhibits the other: nor itself.
        if (!(isSource && matchesAll(rule.target, source)) && fires(fingerprint)) found.add(fingerprint);
      }
    }
    return [...found];
  }
}

/** A label that is not there is empty. */
function equalKey({ equal }: InhibitRule, labels: Labels): string {
  return JSON.stringify(equal.map((name) => labels[name] ?? ''));
}
