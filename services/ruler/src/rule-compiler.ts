import { metricCatalogue, systemMetrics } from '@millrace/contracts';
import { compileCel } from './cel-condition.js';
import { conditionOf } from './condition-compiler.js';
import { firesDownward, isSystemRule, natureOf, type Condition, type Decide, type Rule } from './rule.js';
import { annotationsOf, checkLabels, compileWhen } from './rule-parts.js';
import type { RuleProblem } from './rule-problem.js';
import type { SeriesRuleText, WindowRuleText } from './rule-schema.js';

export type Compiled = { readonly rule: Rule } | { readonly problems: readonly RuleProblem[] };

const METRICS = [...metricCatalogue, ...systemMetrics];

/** Fills in the defaults and checks what a schema cannot: metric, dimensions, expression, placeholders. `timeZone`: the shop's. */
export function compileRule(text: WindowRuleText, timeZone: string): Compiled {
  const problems: RuleProblem[] = [];
  const parts = text.kind === 'low-stock' ? lowStockParts(text) : seriesParts(text, timeZone, problems);
  const when = 'when' in text && text.when !== undefined ? compileWhen(text.when, compileCel, problems) : null;
  const annotations = annotationsOf(text, problems);
  checkLabels(text, dimensionsOf(parts), problems);
  if (problems.length > 0) return { problems };
  const nature = natureOf(parts.metric);
  return {
    rule: {
      name: text.name,
      metric: parts.metric,
      window: parts.window,
      match: parts.match,
      condition: parts.condition,
      when,
      hold: typeof text.for === 'number' ? { windows: 1, ms: text.for } : text.for,
      decide: parts.decide ?? defaultDecide(nature, parts.condition),
      nature,
      severity: text.severity,
      labels: text.labels,
      annotations,
    },
  };
}

type Parts = Pick<Rule, 'metric' | 'window' | 'match' | 'condition'> & { readonly decide: Decide | undefined };

function seriesParts(text: SeriesRuleText, timeZone: string, problems: RuleProblem[]): Parts {
  checkSeries(text, problems);
  const match = new Map(
    Object.entries(text.match).map(([name, allowed]) => [name, allowed === '*' ? null : new Set(Array.isArray(allowed) ? allowed : [allowed])] as const),
  );
  return { metric: text.metric, window: text.window, match, decide: text.kind === 'absence' ? 'complete' : text.decide, condition: conditionOf(text, timeZone, problems) };
}

/** Names of the dimensions that the rule's alerts have as labels. */
function dimensionsOf({ condition, match }: Parts): readonly string[] {
  if (condition.kind === 'absence' && condition.scope === 'metric') return [];
  return condition.kind === 'shortage' ? ['product'] : [...match.keys()];
}

function lowStockParts(text: Extract<WindowRuleText, { kind: 'low-stock' }>): Parts {
  const products = text.products === undefined ? null : new Set(text.products);
  if (text.level === 'reorder-point') {
    return { metric: 'low_stock', window: '1m', match: new Map(), decide: 'each', condition: { kind: 'shortage', products } };
  }
  const condition: Condition = { kind: 'threshold', comparison: '<=', value: text.level, clear: text.level };
  return { metric: 'stock_level', window: '1m', match: new Map([['product', products]]), decide: 'each', condition };
}

function checkSeries(text: SeriesRuleText, problems: RuleProblem[]): void {
  const metric = METRICS.find(({ name }) => name === text.metric);
  if (metric === undefined) {
    problems.push({ path: ['metric'], reason: `"${text.metric}" is no metric; there are ${METRICS.map(({ name }) => name).join(', ')}` });
    return;
  }
  if (!metric.windows.includes(text.window)) {
    problems.push({ path: ['window'], reason: `${text.metric} has no window ${text.window}; it has ${metric.windows.join(', ')}` });
  }
  if (isSystemRule(text)) checkSystem(text, problems);
  const names = Object.keys(text.match).sort().join(', ');
  const sets = metric.dimensions.map((set) => [...set].sort().join(', '));
  if (!sets.includes(names)) {
    const choice = sets.map((set) => `{${set}}`).join(' or ');
    problems.push({ path: ['match'], reason: `${text.metric} has no series with the dimensions {${names}}; match must name exactly ${choice}` });
  }
}

/** What the ruler looks at itself is a level, and no event. */
function checkSystem(text: SeriesRuleText, problems: RuleProblem[]): void {
  if (text.kind === 'absence') problems.push({ path: ['kind'], reason: `${text.metric} is looked at by the ruler and has no events that could be absent; use threshold` });
  else if (text.decide !== undefined && text.decide !== 'each') problems.push({ path: ['decide'], reason: `${text.metric} is judged at each look: write each, or nothing` });
}

function defaultDecide(nature: Rule['nature'], condition: Condition): Decide {
  if (nature === 'level') return 'each';
  return nature === 'sum' && !firesDownward(condition) ? 'early' : 'complete';
}
