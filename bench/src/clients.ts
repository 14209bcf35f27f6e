import { Worker } from 'node:worker_threads';
import { measureJava, type JavaRun } from './clients.java.ts';
import type { ClientRun, ClientTask } from './clients.worker.ts';
import type { BenchRow } from './row.ts';

export interface ClientBenchSettings {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  /** The java program. */
  readonly java: string;
  /** Folder of Kafka's jars. */
  readonly jars: string;
  /** Events per measurement. @default 100000 */
  readonly events?: number;
  /** Measurements of each kind, in turns; the median counts. @default 3 */
  readonly rounds?: number;
}

const WARM_UP = 20_000;
const PARTITIONS = 2;

/**
 * Publishing and reading click events by libs/kafka and by bare kafkajs with the same Avro codec and the same headers. Each measurement has a
 * thread and a topic of its own, since libs/kafka replaces parts of kafkajs in the thread that uses it. `cpu` rows count the thread's own CPU
 * time, which a busy machine disturbs less than the clock. Kafka's own tools take their turn with values of the same size.
 */
export async function benchClients({ brokers, registryUrl, java, jars, events = 100_000, rounds = 3 }: ClientBenchSettings): Promise<BenchRow[]> {
  const runs: Record<ClientTask['client'], ClientRun[]> = { bare: [], 'bare without headers': [], millrace: [] };
  const javaRuns: JavaRun[] = [];
  for (let round = 0; round < rounds; round++) {
    let valueBytes = 0;
    for (const client of ['bare', 'millrace', 'bare without headers'] as const) {
      const run = await measure({ client, brokers, registryUrl, partitions: PARTITIONS, events, warmUp: WARM_UP });
      runs[client].push(run);
      ({ valueBytes } = run);
    }
    javaRuns.push(await measureJava({ java, jars, brokers, registryUrl, partitions: PARTITIONS, valueBytes }));
  }
  const row = (name: string, of: (run: ClientRun) => number, against: ClientTask['client'], aim?: string): BenchRow => {
    const value = median(runs.millrace.map(of));
    const measured = { name, value: Math.round(value), unit: 'events/s', ratio: value / median(runs[against].map(of)), ratioTo: against === 'bare' ? 'kafkajs, same bytes' : 'kafkajs without headers' };
    return aim === undefined ? measured : { ...measured, aim };
  };
  const javaRow = (name: string, tool: string, of: (run: ClientRun) => number, ofJava: (run: JavaRun) => number): BenchRow => {
    const value = median(runs.millrace.map(of));
    return { name, value: Math.round(value), unit: 'events/s', ratio: value / median(javaRuns.map(ofJava)), ratioTo: `Kafka's ${tool}` };
  };
  return [
    row('publishAll', ({ publish }) => publish.perSecond, 'bare', 'ratio at least 0.8'),
    row('publishAll', ({ publish }) => publish.perSecond, 'bare without headers'),
    javaRow('publishAll', 'ProducerPerformance', ({ publish }) => publish.perSecond, ({ publish }) => publish),
    row('publishAll, CPU time', ({ publish }) => publish.perCpuSecond, 'bare'),
    row('publishAll, CPU time', ({ publish }) => publish.perCpuSecond, 'bare without headers'),
    row('consume', ({ consume }) => consume.perSecond, 'bare', 'ratio at least 0.8'),
    javaRow('consume', 'ConsumerPerformance', ({ consume }) => consume.perSecond, ({ consume }) => consume),
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
