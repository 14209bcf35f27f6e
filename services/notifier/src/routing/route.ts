import { labelsText, type Labels } from './labels.js';
import { matchesAll, type Matcher } from './matcher.js';

/** How the alerts of a route are grouped and repeated; ms. */
export interface RouteTimes {
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
}

/** A receiver that is told of alerts that nobody has acknowledged so long after they began, ms. */
export interface Escalation {
  readonly afterMs: number;
  readonly receiver: string;
}

/** A node of the routing tree, with what it inherits filled in. */
export interface Route extends RouteTimes {
  /** Its place in the file: two routes may have the same key. */
  readonly id: string;
  /** Matchers from the root down, as in Alertmanager's group keys: `{}/{severity="critical"}`. */
  readonly key: string;
  readonly receiver: string;
  readonly matchers: readonly Matcher[];
  /** Labels that make a group; null: all of them, so that each alert is one. */
  readonly groupBy: readonly string[] | null;
  /** The next routes beside it are tried, too. */
  readonly continues: boolean;
  /** Names of the time intervals in which it is silent, and of those outside which it is. */
  readonly muteIntervals: readonly string[];
  readonly activeIntervals: readonly string[];
  readonly escalations: readonly Escalation[];
  readonly routes: readonly Route[];
}

/** Values of Alertmanager for what no route says. */
export const DEFAULT_TIMES: RouteTimes = { groupWaitMs: 30_000, groupIntervalMs: 300_000, repeatIntervalMs: 14_400_000 };

/** The routes that an alert takes, in their order: of each branch the deepest that matches; none beside one that does not continue. */
export function routesOf(route: Route, labels: Labels): readonly Route[] {
  if (!matchesAll(route.matchers, labels)) return [];
  const found: Route[] = [];
  for (const child of route.routes) {
    const taken = routesOf(child, labels);
    found.push(...taken);
    if (taken.length > 0 && !child.continues) break;
  }
  return found.length > 0 ? found : [route];
}

/** The labels of the alert's group. */
export function groupLabels(route: Pick<Route, 'groupBy'>, labels: Labels): Labels {
  if (route.groupBy === null) return labels;
  // A label that the alert lacks is in no group's labels, as upstream has it.
  return Object.fromEntries(route.groupBy.filter((name) => labels[name] !== undefined).map((name) => [name, labels[name] ?? '']));
}

/** Identity of a group: the same as Alertmanager's `groupKey`. */
export function groupKey(route: Pick<Route, 'key'>, labels: Labels): string {
  return `${route.key}:${labelsText(labels)}`;
}

/** What became of a route when an alert came by. */
export interface RouteStep {
  readonly route: Route;
  readonly depth: number;
  /** taken: it notifies; passed: one below it does; missed: `missing` does not match; unreached: one before it took the alert. */
  readonly outcome: 'taken' | 'passed' | 'missed' | 'unreached';
  readonly missing: Matcher | null;
}

/** Every route with its outcome, in the order of the file. */
export function explainRoutes(root: Route, labels: Labels): readonly RouteStep[] {
  const taken = new Set(routesOf(root, labels));
  const steps: RouteStep[] = [];
  const visit = (route: Route, depth: number, reached: boolean): boolean => {
    const missing = route.matchers.find((matcher) => !matcher.matches(labels)) ?? null;
    const matched = reached && missing === null;
    const place = steps.length;
    let open = matched;
    for (const child of route.routes) {
      const caught = visit(child, depth + 1, open);
      if (caught && !child.continues) open = false;
    }
    const outcome = !reached ? 'unreached' : missing !== null ? 'missed' : taken.has(route) ? 'taken' : 'passed';
    steps.splice(place, 0, { route, depth, outcome, missing: reached ? missing : null });
    return matched;
  };
  visit(root, 0, true);
  return steps;
}
