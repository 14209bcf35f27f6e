import 'reflect-metadata';
import type { INestApplication, LoggerService, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createKafka } from '@millrace/kafka';
import { pino, type Logger } from 'pino';
import { ConfigError, readConfig, type CommonConfig, type CommonSettings, type ConfigOf } from './config.js';
import { Lifecycle } from './lifecycle.js';
import { Metrics } from './metrics.js';
import { ServiceKitModule } from './service-kit.module.js';

/** Exit code of a process whose configuration is wrong (sysexits EX_CONFIG). */
export const EXIT_CONFIG = 78;
/** A drain that takes longer is cut. */
const DRAIN_LIMIT_MS = 10_000;
/** Requests that take longer than this to end are cut, ms: the rest of the drain is for what was acquired. */
const HTTP_DRAIN_LIMIT_MS = 4_000;

export interface ServiceDefinition<S extends CommonSettings> {
  /** Folder name under services/, such as `metrics-sink`. */
  readonly name: string;
  readonly settings: S;
  readonly module: Type;
  /** Last touches to the app before it listens, such as OpenAPI. */
  readonly configure?: (app: INestApplication, config: ConfigOf<S>) => void;
}

export interface RunningService {
  /** Base URL of its HTTP server. */
  readonly url: string;
  readonly app: INestApplication;
  readonly lifecycle: Lifecycle;
  /** Answers the requests in hand, then releases what was acquired, last in, first out. */
  stop(): Promise<void>;
}

/** Starts a service in this process and returns once it listens: what `runService` does, without signals and exit codes. */
export async function startService<S extends CommonSettings>(
  definition: ServiceDefinition<S>,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<RunningService> {
  const config = readConfig(definition.settings, env);
  // The compiler cannot see through the generic that S has the common settings; its constraint says so.
  const common = config as ConfigOf<S> & CommonConfig;
  const logger = pino({ level: common.logLevel, base: { service: definition.name, lane: common.lane }, timestamp: pino.stdTimeFunctions.isoTime });
  const lifecycle = new Lifecycle(logger);
  const kafka = createKafka({
    brokers: common.brokers,
    registryUrl: common.registryUrl,
    registryMode: common.registryMode,
    lane: common.lane,
    clientId: definition.name,
    log: (level, message, fields) => { logger[level](fields, message); },
  });
  const metrics = new Metrics(definition.name, common.lane);
  const kit = ServiceKitModule.with({ config, logger, kafka, lifecycle, metrics });
  try {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class and means a literal.
    const app = await NestFactory.create({ module: definition.module, imports: [kit] }, { logger: nestLogger(logger), abortOnError: false });
    definition.configure?.(app, config);
    await app.listen(common.httpPort, common.httpHost);
    const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
    logger.info({ url }, 'listening');
    return { url, app, lifecycle, stop: () => stop(app, lifecycle, logger) };
  } catch (error) {
    await lifecycle.release();
    throw error;
  }
}

async function stop(app: INestApplication, lifecycle: Lifecycle, logger: Logger): Promise<void> {
  lifecycle.beginDrain();
  const server = app.getHttpServer() as { closeAllConnections(): void };
  const cut = setTimeout(() => {
    logger.warn({ afterMs: HTTP_DRAIN_LIMIT_MS }, 'requests cut');
    server.closeAllConnections();
  }, HTTP_DRAIN_LIMIT_MS);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
    await lifecycle.release();
  }
}

/** Runs a service until SIGTERM or SIGINT: the first drains, a second forces. Exits non-zero when it fails. */
export async function runService<S extends CommonSettings>(definition: ServiceDefinition<S>): Promise<void> {
  const logger = pino({ base: { service: definition.name }, timestamp: pino.stdTimeFunctions.isoTime });
  const fail = (error: unknown): never => {
    if (error instanceof ConfigError) {
      logger.fatal({ problems: error.problems }, error.message);
      process.exit(EXIT_CONFIG);
    }
    logger.fatal({ err: error }, 'stopped by an error');
    process.exit(1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  const signalled = firstSignal(logger);
  try {
    const service = await startService(definition);
    service.lifecycle.onFailure(fail);
    await signalled;
    await service.stop();
    logger.info('drained');
    process.exit(0);
  } catch (error) {
    fail(error);
  }
}

/** Resolves with the first signal, also where it came while the service was starting. A second one, or a drain too long, ends the process. */
function firstSignal(logger: Logger): Promise<void> {
  return new Promise((resolve) => {
    let draining = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (draining) {
        logger.warn({ signal }, 'forced to stop');
        process.exit(1);
      }
      draining = true;
      logger.info({ signal }, 'draining');
      setTimeout(() => {
        logger.error({ afterMs: DRAIN_LIMIT_MS }, 'drain took too long');
        process.exit(1);
      }, DRAIN_LIMIT_MS);
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

function nestLogger(logger: Logger): LoggerService {
  const child = logger.child({ component: 'nest' });
  return {
    log: (message: unknown) => { child.debug({ detail: message }, 'nest'); },
    debug: (message: unknown) => { child.trace({ detail: message }, 'nest'); },
    verbose: (message: unknown) => { child.trace({ detail: message }, 'nest'); },
    warn: (message: unknown) => { child.warn({ detail: message }, 'nest'); },
    error: (message: unknown) => { child.error({ detail: message }, 'nest'); },
    fatal: (message: unknown) => { child.fatal({ detail: message }, 'nest'); },
  };
}
