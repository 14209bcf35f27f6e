import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createKafka } from '@millrace/kafka';

export interface JavaTask {
  /** The java program. */
  readonly java: string;
  /** Folder of Kafka's jars. */
  readonly jars: string;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly partitions: number;
  /** Size of each value, in bytes. */
  readonly valueBytes: number;
}

/** Records per second. */
export interface JavaRun {
  readonly publish: number;
  readonly consume: number;
}

/** As many as take the JVM some seconds: its first ones are slow. */
const RECORDS = 1_000_000;
const WARM_UP = 200_000;

/**
 * Kafka's own ProducerPerformance, idempotent, and ConsumerPerformance on a topic of their own, each by the figure that leaves its start out: the
 * rate after the warm-up, the rate of fetching. Values are random bytes without key and headers, and are not decoded.
 */
export async function measureJava(task: JavaTask): Promise<JavaRun> {
  const topic = `bench${randomBytes(5).toString('hex')}`;
  const admin = await createKafka({ brokers: task.brokers, registryUrl: task.registryUrl, lane: 'live', clientId: 'bench' }).admin();
  await admin.createTopics([{ name: topic, partitions: task.partitions }]);
  const common = ['--bootstrap-server', task.brokers.join(','), '--topic', topic, '--num-records', String(RECORDS)];
  const load = ['--record-size', String(task.valueBytes), '--warmup-records', String(WARM_UP), '--throughput', '-1'];
  try {
    const produced = await run(task, 'ProducerPerformance', [...common, ...load, '--command-property', 'enable.idempotence=true', 'acks=all']);
    const consumed = await run(task, 'ConsumerPerformance', [...common, '--group', topic]);
    return { publish: figure(/steady state records sent, ([\d.]+) records\/sec/.exec(produced)?.[1], produced), consume: figure(column(consumed, 'fetch.nMsg.sec'), consumed) };
  } finally {
    await admin.deleteTopics([topic]);
    await admin.deleteGroups([topic]);
    await admin.close();
  }
}

async function run({ java, jars }: JavaTask, tool: string, parameters: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(java, ['-Duser.language=en', '-cp', join(jars, '*'), `org.apache.kafka.tools.${tool}`, ...parameters]);
  return stdout;
}

/** A value of a table of two lines: names, values. */
function column(table: string, name: string): string | undefined {
  const [names = [], values = []] = table.trim().split('\n').slice(-2).map((line) => line.split(', '));
  return values[names.indexOf(name)];
}

function figure(text: string | undefined, output: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new TypeError(`Kafka's tool gave no figure: ${output}`);
  return value;
}
