import { FAULTS, FaultStream } from './faults/fault-stream.js';
import { Ledger } from './ledger.js';
import { faultSettingsOf, worldSettingsOf, type SimulatorConfig } from './simulator.config.js';
import { STREAM_NAMES } from './world/world-event.js';
import { World } from './world/world.js';

const DEFAULT_COUNT = 100_000;

/** Runs the world without Kafka and describes what it would send: mix, rates of event time, faults. */
export function dryRun(config: SimulatorConfig, now: number): string {
  const settings = worldSettingsOf(config, now);
  const faults = new FaultStream(new World(settings), faultSettingsOf(config));
  const ledger = new Ledger();
  const types = new Map<string, number>();
  const began = performance.now();
  const count = config.count ?? DEFAULT_COUNT;
  let eventTime = settings.start;
  while (faults.drawn < count) {
    const delivery = faults.next(Infinity);
    if (delivery === null) break;
    ledger.produced(delivery);
    eventTime = Math.max(eventTime, delivery.event.occurredAt);
    const type = `${delivery.stream} ${delivery.event.eventType}`;
    if (delivery.fault !== 'duplicate' && delivery.fault !== 'corrupt') types.set(type, (types.get(type) ?? 0) + 1);
  }
  const spent = (performance.now() - began) / 1000;
  for (const delivery of faults.flush(eventTime)) ledger.produced(delivery);
  const seconds = Math.max(0.001, (eventTime - settings.start) / 1000);
  const { totals } = ledger.report();
  return [
    `seed ${settings.seed}, ${new Date(settings.start).toISOString()} to ${new Date(eventTime).toISOString()}, ${String(count)} events made at ${String(Math.round(count / spent))}/s`,
    '',
    ...STREAM_NAMES.map((stream) => `${stream.padEnd(12)} ${(totals[stream].distinct / seconds).toFixed(2).padStart(10)} events/s`),
    '',
    ...[...types].sort(([a], [b]) => (a < b ? -1 : 1)).map(([type, events]) => `${type.padEnd(30)} ${String(events).padStart(9)} ${((100 * events) / count).toFixed(2).padStart(7)} %`),
    '',
    ...FAULTS.map((fault) => `fault ${fault.padEnd(24)} ${String(ledger.total(fault)).padStart(9)}`),
    '',
  ].join('\n');
}
