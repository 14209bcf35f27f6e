import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { fingerprint } from '@millrace/service-kit/fingerprint';
import { YamlFile } from '@millrace/service-kit/yaml-file';
import { parseAlertmanagerConfig, type AlertmanagerConfig } from '../src/routing/alertmanager-config.js';
import { durationMs } from '../src/routing/duration.js';
import type { Scenario, Step, TestAlert } from '../src/scenario/scenario-file.js';
import type { Told } from '../src/scenario/scenario-run.js';
import type { WebhookBody } from './http-receiver.js';

/** Where a scenario is played. */
export interface Stage {
  /** Of the notifier. */
  readonly url: string;
  readonly configFile: string;
  /** Base of the receivers' URLs. */
  readonly hookUrl: string;
}

const NO_TIME = '0001-01-01T00:00:00Z';

const DURATIONS = /\b(group_wait|group_interval|repeat_interval|resolve_timeout): *'?([0-9a-z]+)'?/g;

/** The same scenario, so many times slower: what a busy machine does late matters that much less. */
export function slowed(scenario: Scenario, factor: number): Scenario {
  const times = <T extends { readonly starts: number | null; readonly ends: number | null }>(alert: T): T => ({
    ...alert, starts: alert.starts === null ? null : alert.starts * factor, ends: alert.ends === null ? null : alert.ends * factor,
  });
  const config = (one: AlertmanagerConfig): AlertmanagerConfig =>
    parseAlertmanagerConfig(one.file, one.original.replace(DURATIONS, (_, name: string, text: string) => `${name}: ${String((durationMs(text) ?? 0) * factor)}ms`));
  const steps = scenario.steps.map((step): Step => {
    const at = step.at * factor;
    if (step.kind === 'alerts') return { ...step, at, alerts: step.alerts.map(times) };
    if (step.kind === 'silence') return { ...step, at, starts: step.starts * factor, ends: step.ends * factor };
    return step.kind === 'reload' ? { ...step, at, config: config(step.config) } : { ...step, at };
  });
  const expect = new Map([...scenario.expect].map(([name, all]) => [name, all.map(({ from, to, alerts }) => ({ from: from * factor, to: to * factor, alerts: alerts.map(times) }))]));
  return { ...scenario, config: config(scenario.config), until: scenario.until * factor, steps, expect };
}

/** A scenario's configuration with its webhooks led to the stage: each receiver to the path of its name. */
export async function writeStage(config: AlertmanagerConfig, { configFile, hookUrl }: Pick<Stage, 'configFile' | 'hookUrl'>): Promise<void> {
  const data = YamlFile.parse('scenario', config.original).data as { receivers: { name: string; webhook_configs?: Record<string, unknown>[] }[] };
  const receivers = data.receivers.map((receiver) => {
    const url = `${hookUrl}/${receiver.name}`;
    return { ...receiver, ...(receiver.webhook_configs === undefined ? {} : { webhook_configs: receiver.webhook_configs.map((one) => ({ ...one, url, millrace: { allow_private: [url] } })) }) };
  });
  await writeFile(configFile, stringify({ ...data, receivers }));
}

/** Plays a scenario against a running notifier, in real time. Returns when it began (ms), and how late the latest of its steps was done (ms). */
export async function playLive({ steps, until }: Scenario, stage: Stage): Promise<{ readonly start: number; readonly lateMs: number }> {
  const start = Date.now();
  const silences = new Map<string, string>();
  let lateMs = 0;
  for (const step of [...steps].sort((left, right) => left.at - right.at)) {
    await delay(Math.max(0, start + step.at - Date.now()));
    await take(step, start, stage, silences);
    lateMs = Math.max(lateMs, Date.now() - start - step.at);
  }
  await delay(Math.max(0, start + until - Date.now()));
  return { start, lateMs };
}

async function take(step: Step, start: number, stage: Stage, silences: Map<string, string>): Promise<void> {
  const iso = (at: number): string => new Date(start + at).toISOString();
  if (step.kind === 'alerts') await ask(`${stage.url}/api/v2/alerts`, 'POST', step.alerts.map((alert) => postable(alert, iso)));
  else if (step.kind === 'reload') {
    await writeStage(step.config, stage);
    await ask(`${stage.url}/-/reload`, 'POST');
  } else if (step.kind === 'acknowledge') await ask(`${stage.url}/alerts/${fingerprint(step.labels)}/acknowledge`, 'POST', { by: 'test' });
  else if (step.kind === 'expire') await ask(`${stage.url}/api/v2/silence/${silences.get(step.id) ?? ''}`, 'DELETE');
  else {
    const matchers = step.matchers.map(({ label, value, operator }) => ({ name: label, value, isRegex: operator.endsWith('~'), isEqual: operator.startsWith('=') }));
    const answer = await ask(`${stage.url}/api/v2/silences`, 'POST', { matchers, startsAt: iso(step.starts), endsAt: iso(step.ends), createdBy: 'test', comment: step.id });
    silences.set(step.id, (JSON.parse(answer) as { silenceID: string }).silenceID);
  }
}

function postable({ labels, annotations, starts, ends }: TestAlert, iso: (at: number) => string): unknown {
  return { labels, annotations, ...(starts === null ? {} : { startsAt: iso(starts) }), ...(ends === null ? {} : { endsAt: iso(ends) }) };
}

async function ask(url: string, method: string, body?: unknown): Promise<string> {
  const response = await fetch(url, { method, ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${String(response.status)} ${text}`);
  return text;
}

/** A webhook's body as scenarios have it: its time is when it was due. */
export function toldOf(body: WebhookBody & { readonly timestamp: string }, start: number): Told {
  const since = (time: string): number => Date.parse(time) - start;
  return {
    receiver: body.receiver,
    at: since(body.timestamp),
    alerts: body.alerts.map(({ status, labels, annotations, startsAt, endsAt }) => {
      if ((endsAt === NO_TIME) !== (status === 'firing')) throw new Error(`${status}, but ends at ${endsAt}`);
      return { labels, annotations, starts: since(startsAt), ends: status === 'firing' ? null : since(endsAt) };
    }),
  };
}
