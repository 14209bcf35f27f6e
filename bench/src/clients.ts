import { Worker } from 'node:worker_threads';
import type { ClientRun, ClientTask } from './clients.worker.ts';
import type { BenchRow } from './row.ts';

export interface ClientBenchSettings {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  /** Events per measurement. @default 100000 */
  readonly events?: number;
  /** Measurements of each kind, in turns; the median counts. @default 3 */
  readonly rounds?: number;
}

const WARM_UP = 20_000;

/**
 * Publishing and reading click events by libs/kafka and by bare kafkajs with the same Avro codec and the same headers. Each measurement has a
 * thread and a topic of its own, since libs/kafka replaces parts of kafkajs in the thread that uses it. `cpu` rows count the thread's own CPU
 * time, which a busy machine disturbs less than the clock.
 */
export async function benchClients(settings: ClientBenchSettings): Promise<BenchRow[]> {
  const runs: Record<ClientTask['client'], ClientRun[]> = { bare: [], 'bare without headers': [], millrace: [] };
  for (let round = 0; round < (settings.rounds ?? 3); round++) {
    for (const client of ['bare', 'millrace', 'bare without headers'] as const) {
      runs[client].push(await measure({ client, brokers: settings.brokers, registryUrl: settings.registryUrl, events: settings.events ?? 100_000, warmUp: WARM_UP }));
    }
  }
  const row = (name: string, of: (run: ClientRun) => number, against: ClientTask['client'], aim?: string): BenchRow => {
    const value = median(runs.millrace.map(of));
    const measured = { name, value: Math.round(value), unit: 'events/s', ratio: value / median(runs[against].map(of)), ratioTo: against === 'bare' ? 'kafkajs, same bytes' : 'kafkajs without headers' };
    return aim === undefined ? measured : { ...measured, aim };
  };
  return [
    row('publishAll', ({ publish }) => publish.perSecond, 'bare', 'ratio at least 0.8'),
    row('publishAll', ({ publish }) => publish.perSecond, 'bare without headers'),
    row('publishAll, CPU time', ({ publish }) => publish.perCpuSecond, 'bare'),
    row('publishAll, CPU time', ({ publish }) => publish.perCpuSecond, 'bare without headers'),
    row('consume', ({ consume }) => consume.perSecond, 'bare', 'ratio at least 0.8'),
    row('consume, CPU time', ({ consume }) => consume.perCpuSecond, 'bare'),
  ];
}

function measure(task: ClientTask): Promise<ClientRun> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./clients.worker.ts', import.meta.url), { workerData: task });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
