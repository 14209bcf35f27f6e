import { FileError, YamlFile } from '@millrace/service-kit/yaml-file';
import { configSchema, type ConfigText, type InhibitRuleText, type ReceiverText, type RouteText } from './config-schema.js';
import type { InhibitRule } from './inhibition.js';
import { matchersText } from './matcher.js';
import { DEFAULT_TIMES, type Route } from './route.js';
import type { TimeInterval } from './time-interval.js';
import { refusalOf } from './upstream-fields.js';

/** Alertmanager's configuration, checked and compiled. */
export interface AlertmanagerConfig {
  /** The file's name, as it was given. */
  readonly file: string;
  /** Its text, as it was read. */
  readonly original: string;
  /** A problem with what stands at a path in it, as one line. */
  readonly problem: (path: readonly PropertyKey[], reason: string) => string;
  /** An alert without an end that nobody has told again for so long is over, ms. */
  readonly resolveTimeoutMs: number;
  readonly global: ConfigText['global'];
  readonly route: Route;
  readonly receivers: ReadonlyMap<string, ReceiverText>;
  readonly inhibitRules: readonly InhibitRule[];
  readonly timeIntervals: ReadonlyMap<string, readonly TimeInterval[]>;
}

const RESOLVE_TIMEOUT_MS = 300_000;

/** Reads the file at `path`. Throws {@link FileError} with all problems, each with its line. */
export function readAlertmanagerConfig(path: string): AlertmanagerConfig {
  return compile(YamlFile.read(path));
}

/** Reads Alertmanager's YAML; `file` is only named in problems. Throws {@link FileError}. */
export function parseAlertmanagerConfig(file: string, text: string): AlertmanagerConfig {
  return compile(YamlFile.parse(file, text));
}

function compile(yaml: YamlFile): AlertmanagerConfig {
  const parsed = yaml.as(configSchema, (issue) => (issue.code === 'unrecognized_keys' ? refusalOf(issue.keys[0] ?? '') : issue.message));
  const problems: string[] = [];
  const report = (path: readonly PropertyKey[], reason: string): void => { problems.push(yaml.problem(path, reason)); };
  const receivers = byName(parsed.receivers, ['receivers'], report);
  const timeIntervals = intervalsOf(parsed, report);
  checkRoot(parsed.route, report);
  const route = compileRoute(parsed.route, null, ['route'], { receivers, timeIntervals, report });
  if (problems.length > 0) throw new FileError(yaml.file, problems);
  return {
    file: yaml.file,
    original: yaml.text,
    problem: (path, reason) => yaml.problem(path, reason),
    global: parsed.global,
    resolveTimeoutMs: parsed.global.resolve_timeout ?? RESOLVE_TIMEOUT_MS,
    route,
    receivers,
    inhibitRules: parsed.inhibit_rules.filter((rule) => rule !== null).map(inhibitRule),
    timeIntervals,
  };
}

type Report = (path: readonly PropertyKey[], reason: string) => void;

interface Known {
  readonly receivers: ReadonlyMap<string, unknown>;
  readonly timeIntervals: ReadonlyMap<string, unknown>;
  readonly report: Report;
}

function byName<T extends { readonly name: string }>(all: readonly T[], path: readonly PropertyKey[], report: Report): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const [index, one] of all.entries()) {
    if (found.has(one.name)) report([...path, index, 'name'], `"${one.name}" is there twice`);
    found.set(one.name, one);
  }
  return found;
}

function intervalsOf(config: ConfigText, report: Report): ReadonlyMap<string, readonly TimeInterval[]> {
  const old = byName(config.mute_time_intervals, ['mute_time_intervals'], report);
  const now = byName(config.time_intervals, ['time_intervals'], report);
  for (const [index, { name }] of config.time_intervals.entries()) {
    if (old.has(name)) report(['time_intervals', index, 'name'], `"${name}" is also under mute_time_intervals`);
  }
  return new Map([...old, ...now].map(([name, { time_intervals: intervals }]) => [name, intervals]));
}

function checkRoot(root: RouteText, report: Report): void {
  if (root.receiver === undefined) report(['route'], 'the first route needs a receiver');
  if (matchersOf(root).length > 0) report(['route'], 'the first route takes every alert: it has no matchers');
  for (const field of ['mute_time_intervals', 'active_time_intervals'] as const) {
    if (root[field].length > 0) report(['route', field], 'the first route has no time intervals: it must always notify');
  }
  if (root.continue) report(['route', 'continue'], 'nothing is beside the first route');
}

function compileRoute(text: RouteText, parent: Route | null, path: readonly PropertyKey[], known: Known): Route {
  checkReferences(text, path, known);
  const matchers = matchersOf(text);
  const own = matchersText(matchers);
  const inherited = parent ?? { receiver: '', groupBy: [], escalations: [], ...DEFAULT_TIMES };
  const route: Route = {
    id: path.map(String).join('.'),
    key: parent === null ? own : `${parent.key}/${own}`,
    receiver: text.receiver ?? inherited.receiver,
    matchers,
    groupBy: text.group_by === undefined ? inherited.groupBy : text.group_by.includes('...') ? null : text.group_by,
    continues: text.continue,
    groupWaitMs: text.group_wait ?? inherited.groupWaitMs,
    groupIntervalMs: text.group_interval ?? inherited.groupIntervalMs,
    repeatIntervalMs: text.repeat_interval ?? inherited.repeatIntervalMs,
    muteIntervals: text.mute_time_intervals,
    activeIntervals: text.active_time_intervals,
    escalations: text.millrace.escalate?.map(({ after, receiver }) => ({ afterMs: after, receiver })) ?? inherited.escalations,
    routes: [],
  };
  return { ...route, routes: text.routes.map((child, index) => compileRoute(child, route, [...path, 'routes', index], known)) };
}

function checkReferences(text: RouteText, path: readonly PropertyKey[], { receivers, timeIntervals, report }: Known): void {
  if (text.receiver !== undefined && !receivers.has(text.receiver)) report([...path, 'receiver'], `there is no receiver "${text.receiver}"`);
  for (const [index, { receiver }] of (text.millrace.escalate ?? []).entries()) {
    if (!receivers.has(receiver)) report([...path, 'millrace', 'escalate', index, 'receiver'], `there is no receiver "${receiver}"`);
  }
  for (const field of ['mute_time_intervals', 'active_time_intervals'] as const) {
    for (const [index, name] of text[field].entries()) if (!timeIntervals.has(name)) report([...path, field, index], `there is no time interval "${name}"`);
  }
}

function matchersOf(text: RouteText): Route['matchers'] {
  return [...text.match, ...text.match_re, ...text.matchers.flat()];
}

function inhibitRule(text: InhibitRuleText): InhibitRule {
  return {
    source: [...text.source_match, ...text.source_match_re, ...text.source_matchers.flat()],
    target: [...text.target_match, ...text.target_match_re, ...text.target_matchers.flat()],
    equal: text.equal,
  };
}
