import net from 'node:net';
import kafkajs, { type ISocketFactory, type Kafka, type KafkaConfig, type LogEntry, type RetryOptions } from 'kafkajs';
import { registerCodecs } from './compression/register-codecs.js';
import { installHeaderDecoder } from './internals/header.decoder.js';
import { installProduceEncoder } from './internals/produce.encoder.js';
import { installQuietRequestQueue } from './internals/request-queue.timer.js';
import type { KafkaSettings } from './port.js';

const CONNECTION_TIMEOUT_MS = 5_000;
const AUTHENTICATION_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 60_000;

export interface ClientTuning {
  readonly requestTimeoutMs: number;
  readonly retry: RetryOptions;
}

/** A kafkajs client with every timeout set: its own defaults wait for half a minute and more. */
export function createClient(settings: KafkaSettings, tuning: ClientTuning): Kafka {
  registerCodecs();
  installProduceEncoder();
  installHeaderDecoder();
  installQuietRequestQueue();
  const config: KafkaConfig = {
    clientId: settings.clientId,
    brokers: [...settings.brokers],
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    authenticationTimeout: AUTHENTICATION_TIMEOUT_MS,
    requestTimeout: tuning.requestTimeoutMs,
    enforceRequestTimeout: true,
    retry: tuning.retry,
    logLevel: settings.log === undefined ? kafkajs.logLevel.NOTHING : kafkajs.logLevel.WARN,
    logCreator: () => (entry) => {
      forward(settings, entry);
    },
  };
  return new kafkajs.Kafka(settings.route === undefined ? config : { ...config, socketFactory: routed(settings.route) });
}

/** Error at the root of what kafkajs wraps once or twice. */
export function rootCause(error: unknown): Error {
  let current = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  return current instanceof Error ? current : new Error(String(current));
}

/** The broker's name for its error, such as `MESSAGE_TOO_LARGE`; undefined where the error is not the broker's. */
export function protocolErrorOf(error: unknown): string | undefined {
  const type: unknown = Reflect.get(rootCause(error), 'type');
  return typeof type === 'string' ? type : undefined;
}

function forward(settings: KafkaSettings, entry: LogEntry): void {
  const { message, ...fields } = entry.log;
  settings.log?.(entry.level <= kafkajs.logLevel.ERROR ? 'error' : 'warn', message, { namespace: entry.namespace, ...fields });
}

function routed(route: NonNullable<KafkaSettings['route']>): ISocketFactory {
  return ({ host, port, onConnect }) => net.connect(route({ host, port }), onConnect).setKeepAlive(true, KEEP_ALIVE_MS);
}
