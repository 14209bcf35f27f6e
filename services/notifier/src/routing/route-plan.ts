import type { AlertmanagerConfig } from './alertmanager-config.js';
import { durationText } from './duration.js';
import { integrationsOf } from './integration.js';
import { labelsText, type Labels } from './labels.js';
import { matchersText } from './matcher.js';
import { mutedBy } from './muting.js';
import { explainRoutes, groupKey, groupLabels, type RouteStep } from './route.js';

/** Who would be told of an alert, and why. */
export interface RoutePlan {
  readonly labels: Labels;
  readonly notifies: readonly {
    readonly receiver: string;
    /** Its integrations, such as `webhook`; none: it tells nobody. */
    readonly integrations: readonly string[];
    readonly groupKey: string;
    readonly groupWait: string;
    readonly groupInterval: string;
    readonly repeatInterval: string;
    /** The time intervals that silence it at that time. */
    readonly mutedBy: readonly string[];
    /** Who is told of it when nobody has acknowledged it by then. */
    readonly escalates: readonly { readonly after: string; readonly receiver: string }[];
  }[];
  readonly routes: readonly { readonly depth: number; readonly matchers: string; readonly receiver: string; readonly outcome: RouteStep['outcome']; readonly missing: string | null }[];
}

/** What the configuration does with an alert's labels at a time (ms since 1970). */
export function planOf(config: AlertmanagerConfig, labels: Labels, at: number): RoutePlan {
  const steps = explainRoutes(config.route, labels);
  return {
    labels,
    notifies: steps.filter(({ outcome }) => outcome === 'taken').map(({ route }) => ({
      receiver: route.receiver,
      integrations: integrationsOf(config.receivers.get(route.receiver)).map(({ type }) => type),
      groupKey: groupKey(route, groupLabels(route, labels)),
      groupWait: durationText(route.groupWaitMs),
      groupInterval: durationText(route.groupIntervalMs),
      repeatInterval: durationText(route.repeatIntervalMs),
      mutedBy: mutedBy(config, route, at),
      escalates: route.escalations.map(({ afterMs, receiver }) => ({ after: durationText(afterMs), receiver })),
    })),
    routes: steps.map(({ route, depth, outcome, missing }) => ({
      depth, matchers: matchersText(route.matchers), receiver: route.receiver, outcome, missing: missing === null ? null : String(missing),
    })),
  };
}

const WORDS: Readonly<Record<RouteStep['outcome'], string>> = { taken: 'notifies', passed: 'passed on', missed: 'no', unreached: 'not reached: a route before it took the alert' };

/** The plan for people, by line. */
export function planText({ labels, notifies, routes }: RoutePlan): readonly string[] {
  const tree = routes.map(({ depth, matchers, receiver, outcome, missing }) => {
    const place = `${'  '.repeat(depth + 1)}${depth === 0 ? 'all' : matchers} -> ${receiver}`;
    return `${place.padEnd(60)} ${missing === null ? WORDS[outcome] : `no: not ${missing}`}`;
  });
  const told = notifies.flatMap(({ receiver, integrations, groupKey: key, groupWait, groupInterval, repeatInterval, mutedBy: muting, escalates }) => [
    `${receiver} (${integrations.length === 0 ? 'tells nobody: it has no integrations' : integrations.join(', ')})`,
    `  group ${key}`,
    `  first after ${groupWait}, changes every ${groupInterval}, repeated after ${repeatInterval}`,
    ...escalates.map(({ after, receiver: next }) => `  unless acknowledged, ${next} after ${after}`),
    ...(muting.length === 0 ? [] : [`  silent at that time: ${muting.join(', ')}`]),
  ]);
  return [`Alert ${labelsText(labels)}`, '', ...tree, '', ...told];
}
