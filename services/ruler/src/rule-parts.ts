import { unknownPlaceholders } from './annotation.js';
import { CelError, type CelCondition } from './cel-condition.js';
import type { RuleProblem } from './rule-problem.js';
import type { RuleText } from './rule-schema.js';

/** Labels that every alert has; a rule cannot set them. */
const RESERVED_LABELS: ReadonlySet<string> = new Set(['rule', 'severity', 'lane']);

/** The condition; null: it has a mistake, which is among the problems now. */
export function compileWhen<Input>(expression: string, compile: (expression: string) => CelCondition<Input>, problems: RuleProblem[]): CelCondition<Input> | null {
  try {
    return compile(expression);
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    problems.push({ path: ['when'], reason: error.reason });
    return null;
  }
}

/** The rule's annotations, its runbook among them. */
export function annotationsOf({ annotations, runbook }: RuleText, problems: RuleProblem[]): Readonly<Record<string, string>> {
  if (runbook === undefined) return annotations;
  if (annotations['runbook_url'] !== undefined) problems.push({ path: ['runbook'], reason: 'annotations has a runbook_url already' });
  return { ...annotations, runbook_url: runbook };
}

/** Checks that labels are the rule's to set, and that every placeholder has a value. @param dimensions labels that the rule's alerts have by themselves */
export function checkLabels(text: RuleText, dimensions: readonly string[], problems: RuleProblem[]): void {
  const taken = new Set([...RESERVED_LABELS, ...dimensions]);
  for (const name of Object.keys(text.labels)) {
    if (taken.has(name)) problems.push({ path: ['labels', name], reason: 'is set by the ruler, a rule cannot' });
  }
  const known = new Set([...taken, ...Object.keys(text.labels)]);
  const templates = Object.entries(text.annotations).map(([name, template]) => ({ path: ['annotations', name], template }));
  if (text.runbook !== undefined) templates.push({ path: ['runbook'], template: text.runbook });
  for (const { path, template } of templates) {
    for (const placeholder of unknownPlaceholders(template, known)) {
      problems.push({ path, reason: `{{ ${placeholder} }} is unknown; use value, threshold, ${[...known].map((label) => `labels.${label}`).join(', ')}` });
    }
  }
}
