import { once } from 'node:events';
import { createKafka, type KafkaConnection } from '@millrace/kafka';
import type { System } from '@millrace/e2e/system';

/** The lane on the bench's stack. */
export function connect(lane: string): KafkaConnection {
  return createKafka({ brokers: process.env['MILLRACE_KAFKA_BROKERS']!.split(','), registryUrl: process.env['MILLRACE_REGISTRY_URL']!, lane, clientId: 'bench' });
}

/** Keeps the simulator's own mix: 3 order events in 100. */
export async function setRate(system: System, rate: number): Promise<void> {
  const answer = await fetch(`${system.part('simulator').url}/rate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ clickstream: rate * 0.97, orders: rate * 0.03 }),
  });
  if (!answer.ok) throw new Error(`the simulator refused ${rate}/s: ${await answer.text()}`);
}

/** Has the simulator write a shop's past as fast as it can, and waits until it has. */
export async function backfill(system: System, env: Readonly<Record<string, string>>): Promise<void> {
  const simulator = await system.start('simulator', { MILLRACE_SIMULATOR_SPEED: 'max', MILLRACE_SIMULATOR_STOP: 'true', MILLRACE_SIMULATOR_EXIT: 'true', ...env });
  if (simulator.running) await once(simulator.child, 'exit');
}
