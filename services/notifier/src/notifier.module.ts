import { Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { CONFIG, ConfigError, LIFECYCLE, LOGGER, ProblemFilter, StrictValidationPipe, type Lifecycle } from '@millrace/service-kit';
import { createPool, type PostgresPool } from '@millrace/stores';
import type { Logger } from 'pino';
import { channelFor } from './delivery/channels.js';
import { delivers, type NotifierConfig } from './notifier.config.js';
import { NotifierController } from './api/notifier.controller.js';
import { NotifierRuntime } from './notifier.runtime.js';
import { NOTIFIER_STORE } from './notifier-store.js';
import { PostgresNotifierStore } from './postgres-notifier-store.js';
import { ReceiverDirectory } from './delivery/receiver-directory.js';
import { readReceivers, ReceiverFileError } from './receiver-file.js';
import { RedeliveryController } from './api/redelivery.controller.js';

const POOL = Symbol('POOL');
/** Each receiver's worker asks on its own. */
const CONNECTIONS = 10;

@Module({
  controllers: [NotifierController, RedeliveryController],
  providers: [
    {
      provide: ReceiverDirectory,
      inject: [CONFIG, LOGGER],
      useFactory: (config: NotifierConfig, logger: Logger): ReceiverDirectory => {
        if (config.leaseMs <= config.timeoutMs) {
          throw new ConfigError([`MILLRACE_NOTIFIER_LEASE_MS (${config.leaseMs}) must be more than MILLRACE_NOTIFIER_TIMEOUT_MS (${config.timeoutMs})`]);
        }
        const context = { logger, dashboardUrl: config.dashboardUrl, ownPort: config.httpPort, timeoutMs: config.timeoutMs };
        try {
          const receivers = readReceivers(config.receiversFile, process.env, config.httpPort);
          return new ReceiverDirectory(config.lane, delivers(config, config.lane), receivers.map((receiver) => ({ receiver, channel: channelFor(receiver, context) })));
        } catch (error) {
          throw error instanceof ReceiverFileError ? new ConfigError(error.problems) : error;
        }
      },
    },
    {
      provide: POOL,
      inject: [CONFIG, LIFECYCLE],
      useFactory: (config: NotifierConfig, lifecycle: Lifecycle): PostgresPool => {
        const pool = createPool(config.postgresUrl, 'notifier', { max: CONNECTIONS });
        lifecycle.onRelease('postgres', () => pool.close());
        lifecycle.addCheck('postgres', () => (pool.isUp() ? null : pool.downReason()));
        return pool;
      },
    },
    {
      provide: NOTIFIER_STORE,
      inject: [POOL, CONFIG],
      useFactory: (pool: PostgresPool, config: NotifierConfig) => new PostgresNotifierStore(pool, config.lane),
    },
    NotifierRuntime,
    { provide: APP_PIPE, useClass: StrictValidationPipe },
    { provide: APP_FILTER, inject: [LOGGER], useFactory: (logger: Logger) => new ProblemFilter(logger) },
  ],
})
export class NotifierModule {}
