import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { CliError, EXIT } from '../cli-errors.js';
import type { CliConfig } from '../config/cli.config.js';
import type { Layout } from '../config/layout.js';
import { writeAtomically } from '../config/write-atomically.js';
import type { ManagedSpec } from '../process/process-table.types.js';

/** Any id will do: it only keeps brokers of two clusters apart. */
const CLUSTER_ID = 'bWlsbHJhY2UtbG9jYWwtMQ';

/** A Kafka broker and controller in one process, on this machine only. */
export function kafkaSpec(config: CliConfig, layout: Layout, java: string, jars: string): ManagedSpec {
  const { MILLRACE_KAFKA_PORT: port, MILLRACE_KAFKA_CONTROLLER_PORT: controllerPort, MILLRACE_KAFKA_HEAP: heap } = config.env;
  const folder = layout.data('kafka');
  const properties = join(folder, 'server.properties');
  const logging = join(folder, 'log4j2.properties');
  const classPath = ['-cp', join(jars, '*'), `-Dlog4j2.configurationFile=${logging}`];
  return {
    type: 'managed',
    name: 'kafka',
    kind: 'infra',
    lane: null,
    dependsOn: [],
    command: [java, '-Xms128m', `-Xmx${heap}`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=4', ...classPath, 'kafka.Kafka', properties],
    cwd: config.root,
    env: {},
    ports: [
      { port, component: 'Kafka', variable: 'MILLRACE_KAFKA_PORT' },
      { port: controllerPort, component: "Kafka's controller", variable: 'MILLRACE_KAFKA_CONTROLLER_PORT' },
    ],
    address: `127.0.0.1:${String(port)}`,
    probe: { type: 'kafka', brokers: [`127.0.0.1:${String(port)}`] },
    stopSignal: 'SIGTERM',
    graceMs: 15_000,
    prepare: async () => {
      await mkdir(folder, { recursive: true });
      await writeAtomically(properties, brokerProperties(port, controllerPort, join(folder, 'log')));
      await writeAtomically(logging, LOGGING);
      if (!existsSync(join(folder, 'log', 'meta.properties'))) {
        await format(java, [...classPath, 'kafka.tools.StorageTool', 'format', '--ignore-formatted', '-t', CLUSTER_ID, '-c', properties]);
      }
    },
  };
}

async function format(java: string, parameters: readonly string[]): Promise<void> {
  const result = await execa(java, ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', ...parameters], { reject: false, all: true });
  if (result.exitCode !== 0) {
    throw new CliError(`Kafka's storage cannot be formatted: ${result.all.trim().split('\n').at(-1) ?? ''}`, 'See the folder data/kafka under MILLRACE_HOME.', EXIT.machine);
  }
}

/** The whole configuration of the broker. The controller is named by its address, not in the metadata log, so that ports may change. */
export function brokerProperties(port: number, controllerPort: number, logFolder: string): string {
  const listeners = `PLAINTEXT://127.0.0.1:${String(port)},CONTROLLER://127.0.0.1:${String(controllerPort)}`;
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${String(controllerPort)}`,
    'listeners': listeners,
    'advertised.listeners': listeners,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': logFolder,
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'share.coordinator.state.topic.num.partitions': '4',
    'group.initial.rebalance.delay.ms': '0',
    'controller.quorum.election.timeout.ms': '200',
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

const LOGGING = `rootLogger.level = WARN
rootLogger.appenderRef.out.ref = OUT
appender.out.type = Console
appender.out.name = OUT
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %p %c{1} %m%n
logger.start.name = kafka.server.KafkaRaftServer
logger.start.level = INFO
`;
