import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { CONFIG, ConfigError, KAFKA, LIFECYCLE, LOGGER, Metrics, ProblemFilter, StrictValidationPipe, type Lifecycle } from '@millrace/service-kit';
import { FileError } from '@millrace/service-kit/yaml-file';
import type { KafkaConnection } from '@millrace/kafka';
import { createPool, type PostgresPool } from '@millrace/stores';
import type { Logger } from 'pino';
import { AlertmanagerController } from './api/alertmanager.controller.js';
import { AlertHistory } from './api/alert-history.js';
import { LifecycleController } from './api/lifecycle.controller.js';
import { NotifierController } from './api/notifier.controller.js';
import { PeopleController } from './api/people.controller.js';
import { RedeliveryController } from './api/redelivery.controller.js';
import { RulesController } from './api/rules.controller.js';
import { SilencesController } from './api/silences.controller.js';
import { ConfigBook } from './config-book.js';
import { DeliveryPool } from './delivery/delivery-pool.js';
import { Links } from './delivery/links.js';
import { DELIVERY_QUEUE, type DeliveryQueue } from './delivery/delivery-queue.js';
import { PostgresDeliveryQueue } from './delivery/postgres-delivery-queue.js';
import { PostgresSlackMessages } from './delivery/slack-messages.js';
import { ReceiverDirectory } from './delivery/receiver-directory.js';
import { DispatchLoop } from './dispatch/dispatch-loop.js';
import { DISPATCH_STORE, type DispatchStore } from './dispatch/dispatch-store.js';
import { PostgresDispatchStore } from './dispatch/postgres-dispatch-store.js';
import { DAY_MS, delivers, type NotifierConfig } from './notifier.config.js';
import { NotifierRuntime } from './notifier.runtime.js';
import { NotifierSignals } from './notifier.signals.js';
import { ActionStore } from './people/action-store.js';
import { AnswerTokens } from './people/answer-token.js';
import { Judge } from './people/judge.js';
import { QualityStore } from './people/quality-store.js';
import { SilenceStore } from './silences/silence-store.js';

const POOL = Symbol('POOL');
/** Names this process in leases. */
const OWNER = Symbol('OWNER');
/** Each integration's worker asks on its own. */
const CONNECTIONS = 10;

@Module({
  controllers: [AlertmanagerController, SilencesController, LifecycleController, PeopleController, NotifierController, RedeliveryController, RulesController],
  providers: [
    { provide: OWNER, useFactory: () => `${hostname()}:${String(process.pid)}:${randomUUID()}` },
    { provide: NotifierSignals, inject: [Metrics], useFactory: (metrics: Metrics) => new NotifierSignals(metrics) },
    { provide: ConfigBook, inject: [CONFIG], useFactory: openBook },
    {
      provide: ReceiverDirectory,
      inject: [CONFIG, LOGGER, ConfigBook, AnswerTokens, POOL],
      useFactory: (config: NotifierConfig, logger: Logger, book: ConfigBook, tokens: AnswerTokens, pool: PostgresPool) =>
        new ReceiverDirectory(config.lane, delivers(config), { logger, links: new Links(config.dashboardUrl, tokens), slackMessages: new PostgresSlackMessages(pool, config.lane), ownPort: config.httpPort }, book.inForce.receivers),
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
    { provide: DELIVERY_QUEUE, inject: [POOL, CONFIG], useFactory: (pool: PostgresPool, { lane }: NotifierConfig) => new PostgresDeliveryQueue(pool, lane) },
    { provide: DISPATCH_STORE, inject: [POOL, CONFIG], useFactory: (pool: PostgresPool, { lane }: NotifierConfig) => new PostgresDispatchStore(pool, lane) },
    { provide: SilenceStore, inject: [POOL, CONFIG], useFactory: (pool: PostgresPool, { lane }: NotifierConfig) => new SilenceStore(pool, lane) },
    { provide: ActionStore, inject: [POOL, CONFIG], useFactory: (pool: PostgresPool, { lane }: NotifierConfig) => new ActionStore(pool, lane) },
    { provide: AnswerTokens, inject: [POOL, CONFIG], useFactory: (pool: PostgresPool, { lane }: NotifierConfig) => new AnswerTokens(pool, lane) },
    {
      provide: Judge,
      inject: [CONFIG, KAFKA, ActionStore, LIFECYCLE],
      useFactory: ({ lane }: NotifierConfig, kafka: KafkaConnection, actions: ActionStore, lifecycle: Lifecycle) => new Judge(lane, kafka, actions, lifecycle),
    },
    { provide: QualityStore, inject: [POOL, CONFIG], useFactory: (pool: PostgresPool, { lane }: NotifierConfig) => new QualityStore(pool, lane) },
    { provide: AlertHistory, inject: [POOL, CONFIG], useFactory: (pool: PostgresPool, { lane }: NotifierConfig) => new AlertHistory(pool, lane) },
    {
      provide: DeliveryPool,
      inject: [DELIVERY_QUEUE, NotifierSignals, LOGGER, CONFIG, OWNER],
      useFactory: (queue: DeliveryQueue, signals: NotifierSignals, logger: Logger, { leaseMs, breakerMs }: NotifierConfig, owner: string) =>
        new DeliveryPool(queue, signals, logger, { owner, leaseMs, breakerMs }),
    },
    {
      provide: DispatchLoop,
      inject: [ConfigBook, DISPATCH_STORE, DeliveryPool, ReceiverDirectory, NotifierSignals, LOGGER, CONFIG, OWNER],
      useFactory: (book: ConfigBook, store: DispatchStore, pool: DeliveryPool, directory: ReceiverDirectory, signals: NotifierSignals, logger: Logger, config: NotifierConfig, owner: string) =>
        new DispatchLoop(book.inForce.config, store, {
          owner,
          leaseMs: config.dispatchLeaseMs,
          retentionMs: config.retentionDays * DAY_MS,
          isLive: (type) => directory.mayReach({ type }),
          onQueued: () => { pool.wake(); },
          onLeading: (lease) => {
            signals.dispatching(lease !== null);
            logger.info({ fence: lease?.fence ?? null }, lease === null ? 'dispatches no more' : 'dispatches the lane');
          },
          onError: (error) => { logger.warn({ err: error }, 'cannot dispatch now'); },
        }),
    },
    NotifierRuntime,
    { provide: APP_PIPE, useClass: StrictValidationPipe },
    { provide: APP_FILTER, inject: [LOGGER], useFactory: (logger: Logger) => new ProblemFilter(logger) },
  ],
})
export class NotifierModule {}

function openBook(config: NotifierConfig): ConfigBook {
  if (config.leaseMs <= config.timeoutMs) {
    throw new ConfigError([`MILLRACE_NOTIFIER_LEASE_MS (${String(config.leaseMs)}) must be more than MILLRACE_NOTIFIER_TIMEOUT_MS (${String(config.timeoutMs)})`]);
  }
  try {
    return ConfigBook.open(config.configFile, { env: process.env, ownPort: config.httpPort, timeoutMs: config.timeoutMs });
  } catch (error) {
    throw error instanceof FileError ? new ConfigError(error.problems) : error;
  }
}
