import { compileOrderCel } from '../cel-condition.js';
import { annotationsOf, checkLabels, compileWhen } from '../rule-parts.js';
import type { RuleProblem } from '../rule-problem.js';
import type { OrderRuleText } from '../rule-schema.js';
import type { OrderRule } from './order-rule.js';

/** Checks what a schema cannot: expression, labels, placeholders. */
export function compileOrderRule(text: OrderRuleText): { readonly rule: OrderRule } | { readonly problems: readonly RuleProblem[] } {
  const problems: RuleProblem[] = [];
  const by = [...new Set(text.by)].sort();
  if (by.includes('order') && text.atLeast > 1) problems.push({ path: ['atLeast'], reason: 'of one order there is only one; leave order out of by' });
  const when = compileWhen(text.when, compileOrderCel, problems);
  const annotations = annotationsOf(text, problems);
  checkLabels(text, by, problems);
  if (when === null || problems.length > 0) return { problems };
  const { name, atLeast, within, maxFiring, severity, labels } = text;
  return { rule: { kind: 'order', name, when, by, atLeast, withinMs: within, maxFiring, severity, labels, annotations } };
}
