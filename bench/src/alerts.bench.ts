import { createServer, type Server } from 'node:http';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { alertEvent, type AlertEvent } from '@millrace/contracts';
import type { EventPublisher } from '@millrace/kafka';
import { makeAlert, until } from '@millrace/testing';
import { System } from '@millrace/e2e/system';
import { WebhookReceiver } from '@millrace/e2e/webhook-receiver';
import { connect } from './live.ts';
import { quantile, type Bench, type BenchRow } from './row.ts';
import { onStack } from './stack.ts';

/** Alerts of another lane page nobody, so this bench works in the live lane of a stack of its own. */
const LANE = 'live';
const PROBES = 200;
const EVERY_MS = 50;
const WARM = 100;
const FLOOD = 10_000;
const PER_GROUP = 2;
const LIMIT_MS = 300_000;

/** From an alert on Kafka to its message at a webhook, with grouping on; and how many get through. */
export const alerts: Bench = {
  title: 'Alerts to their receivers',
  run: (report) =>
    onStack(async () => {
      const system = await System.create({}, LANE);
      const hooks = await WebhookReceiver.listen();
      const dead = await silentServer();
      const publisher = await connect(LANE).publisher();
      try {
        const file = join(system.home, 'alertmanager.yml');
        await writeFile(file, configOf(hooks.url, null));
        const notifier = await system.start('notifier', { MILLRACE_NOTIFIER_CONFIG: file });
        await until('it dispatches', async () => /millrace_notifier_dispatching\{[^}]*\} 1$/m.test(await (await fetch(`${notifier.url}/metrics`)).text()), 60_000);
        // The first alert finds the consumer's group settled.
        await flood(publisher, hooks, WARM, 'warm');
        report('one after another …');
        const alone = await probe(publisher, hooks, 'alone');
        report('with a dead receiver beside …');
        await writeFile(file, configOf(hooks.url, `http://127.0.0.1:${String((dead.address() as AddressInfo).port)}/`));
        await fetch(`${notifier.url}/-/reload`, { method: 'POST' });
        // Routes make groups: all that fires is told once more, to both.
        await until('the dead one has its share', async () => (await waiting(notifier.url, 'dead')) >= WARM / PER_GROUP + PROBES, 60_000);
        await until('the other is done', async () => (await waiting(notifier.url, 'hook')) === 0, 60_000);
        const beside = await probe(publisher, hooks, 'beside');
        await writeFile(file, configOf(hooks.url, null));
        await fetch(`${notifier.url}/-/reload`, { method: 'POST' });
        report(`${String(FLOOD)} at once …`);
        const { seconds, messages } = await flood(publisher, hooks, FLOOD, 'flood');
        return [
          { name: 'alert to webhook, p50', value: quantile(alone, 0.5), unit: 'ms' },
          { name: 'alert to webhook, p99', value: quantile(alone, 0.99), unit: 'ms' },
          { name: 'alert to webhook with a dead receiver beside, p99', value: quantile(beside, 0.99), unit: 'ms', aim: 'at most 250 ms more' },
          { name: `${String(FLOOD)} alerts in ${String(FLOOD / PER_GROUP)} groups, alerts`, value: FLOOD / seconds, unit: '1/s' },
          { name: `${String(FLOOD)} alerts in ${String(FLOOD / PER_GROUP)} groups, messages`, value: messages / seconds, unit: '1/s' },
        ] satisfies BenchRow[];
      } finally {
        await publisher.close();
        await system.stop();
        await hooks.close();
        dead.closeAllConnections();
        dead.close();
      }
    }),
};

function configOf(hookUrl: string, deadUrl: string | null): string {
  const webhook = (name: string, url: string): string => `  - { name: ${name}, webhook_configs: [{ url: "${url}", send_resolved: false, millrace: { allow_private: ["${url}"] } }] }\n`;
  const routes = deadUrl === null ? '' : ', routes: [{ receiver: dead, continue: true }, { receiver: hook }]';
  return `route: { receiver: hook, group_by: [alertname, group], group_wait: 0s, group_interval: 1s${routes} }\nreceivers:\n${webhook('hook', hookUrl)}${deadUrl === null ? '' : webhook('dead', deadUrl)}`;
}

/** Deliveries that wait for a receiver. */
async function waiting(url: string, name: string): Promise<number> {
  const { receivers } = (await (await fetch(`${url}/receivers`)).json()) as { receivers: { receiver: string; pending: number }[] };
  return receivers.find(({ receiver }) => receiver === name)?.pending ?? 0;
}

/** Takes connections, answers nothing. */
async function silentServer(): Promise<Server> {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function alertOf(prefix: string, place: number, group: number): AlertEvent {
  const n = `${prefix}-${String(place)}`;
  return makeAlert({ fingerprint: n, lane: LANE, startsAt: Date.now(), labels: { rule: prefix, severity: 'warning', lane: LANE, group: `${prefix}-${String(group)}`, n } });
}

/** Sends alerts, each of a group of its own. Returns from the giving to Kafka to the coming at the receiver, ms. */
async function probe(publisher: EventPublisher, hooks: WebhookReceiver, prefix: string): Promise<readonly number[]> {
  const sent = new Map<string, number>();
  for (let place = 0; place < PROBES; place += 1) {
    const alert = alertOf(prefix, place, place);
    sent.set(alert.fingerprint, Date.now());
    await publisher.publish(alertEvent, alert);
    await delay(EVERY_MS);
  }
  const came = await all(hooks, [...sent.keys()]);
  return [...sent].map(([fingerprint, at]) => (came.get(fingerprint) ?? Number.NaN) - at);
}

async function flood(publisher: EventPublisher, hooks: WebhookReceiver, count: number, prefix: string): Promise<{ readonly seconds: number; readonly messages: number }> {
  const before = hooks.received.length;
  const start = Date.now();
  const given = Array.from({ length: count }, (_, place) => alertOf(prefix, place, Math.floor(place / PER_GROUP)));
  await publisher.publishAll(alertEvent, given);
  const came = await all(hooks, given.map(({ fingerprint }) => fingerprint));
  return { seconds: (Math.max(...came.values()) - start) / 1_000, messages: hooks.received.length - before };
}

/** When each alert first came. */
async function all(hooks: WebhookReceiver, fingerprints: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const came = new Map<string, number>();
  let read = 0;
  await until('all alerts', () => {
    for (const { body, at } of hooks.received.slice(read)) {
      read += 1;
      const { alerts: told } = JSON.parse(body) as { alerts: { fingerprint: string }[] };
      for (const { fingerprint } of told) if (!came.has(fingerprint)) came.set(fingerprint, at);
    }
    return fingerprints.every((fingerprint) => came.has(fingerprint));
  }, LIMIT_MS);
  return came;
}
