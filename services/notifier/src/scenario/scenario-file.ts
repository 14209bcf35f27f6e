import { dirname, resolve } from 'node:path';
import { FileError, YamlFile } from '@millrace/service-kit/yaml-file';
import { z } from 'zod';
import { parseAlertmanagerConfig, readAlertmanagerConfig, type AlertmanagerConfig } from '../routing/alertmanager-config.js';
import { durationMs } from '../routing/duration.js';
import type { Labels } from '../routing/labels.js';
import { MatcherError, type Matcher } from '../routing/matcher.js';
import { parseMatchers } from '../routing/matcher-parser.js';

/** Something that happens; `at` and all other times in ms from the start. */
export type Step =
  | { readonly at: number; readonly kind: 'alerts'; readonly alerts: readonly TestAlert[] }
  | { readonly at: number; readonly kind: 'silence'; readonly id: string; readonly matchers: readonly Matcher[]; readonly starts: number; readonly ends: number }
  | { readonly at: number; readonly kind: 'expire'; readonly id: string }
  | { readonly at: number; readonly kind: 'acknowledge'; readonly labels: Labels }
  | { readonly at: number; readonly kind: 'reload'; readonly config: AlertmanagerConfig };

export interface TestAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Null: when it is told. */
  readonly starts: number | null;
  readonly ends: number | null;
}

/** A notification that must come in that time, with exactly these alerts. */
export interface Expectation {
  readonly from: number;
  readonly to: number;
  readonly alerts: readonly { readonly labels: Labels; readonly annotations: Labels | null; readonly starts: number | null; readonly ends: number | null }[];
}

/** What happens, and what each receiver must be told: that and nothing else until the end. */
export interface Scenario {
  readonly name: string;
  readonly config: AlertmanagerConfig;
  /** When it plays, ms since 1970: time intervals ask. */
  readonly start: number;
  readonly until: number;
  readonly steps: readonly Step[];
  readonly expect: ReadonlyMap<string, readonly Expectation[]>;
}

/** Monday. */
const DEFAULT_START = '2026-01-05T00:00:00Z';
const text = z.string().min(1);
const seconds = z.union([z.number().min(0).transform((value) => Math.round(value * 1_000)), z.string().transform((value, context) => {
  const ms = durationMs(value);
  if (ms === null) context.addIssue({ code: 'custom', message: 'must be seconds, or a duration such as 1m30s' });
  return ms ?? 0;
})]);
const labels = z.record(text, z.string());
const alert = z.strictObject({ labels, annotations: labels.default({}), starts: seconds.nullable().default(null), ends: seconds.nullable().default(null) });
const matchers = z.array(z.string()).min(1).transform((lines, context): readonly Matcher[] => {
  try {
    return lines.flatMap((line) => parseMatchers(line));
  } catch (error) {
    if (!(error instanceof MatcherError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return [];
  }
});
const source = { config: text.optional(), config_file: text.optional() };
const step = z.union([
  z.strictObject({ at: seconds, alerts: z.array(alert).min(1) }),
  z.strictObject({ at: seconds, silence: z.strictObject({ id: text, matchers, starts: seconds, ends: seconds }) }),
  z.strictObject({ at: seconds, expire: text }),
  z.strictObject({ at: seconds, acknowledge: z.strictObject({ labels }) }),
  z.strictObject({ at: seconds, reload: z.strictObject(source) }),
], { error: 'needs `at` and one of alerts, silence, expire, acknowledge, reload' });
const expectation = z.strictObject({
  within: z.tuple([seconds, seconds]),
  alerts: z.array(alert.extend({ annotations: labels.nullable().default(null) })).min(1),
});
const schema = z.strictObject({
  ...source,
  tests: z.array(z.strictObject({
    name: text,
    ...source,
    start: z.iso.datetime().default(DEFAULT_START),
    until: seconds.optional(),
    steps: z.array(step).min(1),
    expect: z.record(text, z.array(expectation)).default({}),
  })).min(1),
});
type StepText = z.output<typeof step>;

/** Reads the tests of a file. Throws {@link FileError}. */
export function readScenarios(path: string): readonly Scenario[] {
  const yaml = YamlFile.read(path);
  const file = yaml.as(schema);
  const configOf = (own: { readonly config?: string | undefined; readonly config_file?: string | undefined }, at: readonly PropertyKey[]): AlertmanagerConfig => {
    if (own.config !== undefined) return parseAlertmanagerConfig(`${path} ${at.map(String).join('.')}.config`, own.config);
    if (own.config_file !== undefined) return readAlertmanagerConfig(resolve(dirname(path), own.config_file));
    throw new FileError(path, [yaml.problem(at, 'neither the test nor the file has config or config_file')]);
  };
  return file.tests.map((test, index) => {
    const at = ['tests', index];
    const config = configOf(test.config === undefined && test.config_file === undefined ? file : test, at);
    const expect = new Map(Object.entries(test.expect).map(([receiver, all]) => [receiver, all.map(({ within: [from, to], alerts }) => ({ from, to, alerts }))]));
    for (const receiver of expect.keys()) {
      if (!config.receivers.has(receiver)) throw new FileError(path, [yaml.problem([...at, 'expect', receiver], 'the configuration has no such receiver')]);
    }
    const steps = test.steps.map((one, place) => stepOf(one, (own) => configOf(own, [...at, 'steps', place])));
    return { name: test.name, config, start: Date.parse(test.start), until: test.until ?? endOf(config, steps, expect), steps, expect };
  });
}

function stepOf(step: StepText, configOf: (own: { readonly config?: string | undefined; readonly config_file?: string | undefined }) => AlertmanagerConfig): Step {
  const { at } = step;
  if ('alerts' in step) return { at, kind: 'alerts', alerts: step.alerts };
  if ('silence' in step) return { at, kind: 'silence', ...step.silence };
  if ('expire' in step) return { at, kind: 'expire', id: step.expire };
  if ('acknowledge' in step) return { at, kind: 'acknowledge', labels: step.acknowledge.labels };
  return { at, kind: 'reload', config: configOf(step.reload) };
}

/** Long enough to see what should not come: twice the longest interval after all that is told or expected. */
function endOf(config: AlertmanagerConfig, steps: readonly Step[], expect: Scenario['expect']): number {
  const intervals = (route: AlertmanagerConfig['route']): number => Math.max(route.groupIntervalMs, ...route.routes.map(intervals));
  return Math.max(...steps.map(({ at }) => at), ...[...expect.values()].flat().map(({ to }) => to)) + 2 * intervals(config.route);
}
