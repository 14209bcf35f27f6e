import { Module, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { CONFIG, LIFECYCLE, LOGGER, Metrics, ProblemFilter, StrictValidationPipe, type Lifecycle } from '@millrace/service-kit';
import { createPool, createRedis, PostgresMetricHistory, PostgresProductNames, RedisMetricCache, type PostgresPool, type RedisConnection } from '@millrace/stores';
import type { Logger } from 'pino';
import { ALERT_STORE, type AlertStore } from './alert-store.js';
import { AlertsController } from './alerts.controller.js';
import { LiveFeed } from './live.feed.js';
import { MetricReadModel } from './metric.read-model.js';
import { MetricsController } from './metrics.controller.js';
import { PeopleController } from './people.controller.js';
import { PEOPLE_STORE } from './people-store.js';
import { PostgresAlertStore } from './postgres-alert-store.js';
import { PostgresPeopleStore } from './postgres-people-store.js';
import type { QueryApiConfig } from './query-api.config.js';
import { QueryApiRunner } from './query-api.runner.js';
import { StatusController } from './status.controller.js';
import { STORE_STATES } from './store-state.js';
import { StreamController } from './stream.controller.js';
import { StreamHub } from './stream.hub.js';

const NAME = 'query-api';
const POOL = Symbol('POOL');
const REDIS = Symbol('REDIS');
/** A reader waits no longer for a chart than this. */
const STATEMENT_TIMEOUT_MS = 10_000;

const stores: Provider[] = [
  {
    provide: POOL,
    inject: [CONFIG, LIFECYCLE],
    useFactory: ({ postgresUrl }: QueryApiConfig, lifecycle: Lifecycle): PostgresPool => {
      const pool = createPool(postgresUrl, NAME, { statementTimeoutMs: STATEMENT_TIMEOUT_MS });
      lifecycle.onRelease('postgres', () => pool.close());
      lifecycle.addCheck('postgres', () => (pool.isUp() ? null : pool.downReason()));
      return pool;
    },
  },
  {
    provide: REDIS,
    inject: [CONFIG, LIFECYCLE],
    useFactory: ({ redisUrl }: QueryApiConfig, lifecycle: Lifecycle): RedisConnection => {
      const redis = createRedis(redisUrl, NAME);
      lifecycle.onRelease('redis', () => redis.close());
      lifecycle.addCheck('redis', () => (redis.isUp() ? null : redis.downReason()));
      return redis;
    },
  },
  {
    provide: STORE_STATES,
    inject: [REDIS, POOL],
    useFactory: (redis: RedisConnection, pool: PostgresPool) => [{ name: 'redis', store: redis }, { name: 'postgres', store: pool }],
  },
  { provide: ALERT_STORE, inject: [POOL, CONFIG], useFactory: (pool: PostgresPool, { lane }: QueryApiConfig) => new PostgresAlertStore(pool, lane) },
  { provide: PEOPLE_STORE, inject: [POOL, CONFIG], useFactory: (pool: PostgresPool, { lane }: QueryApiConfig) => new PostgresPeopleStore(pool, lane) },
  { provide: RedisMetricCache, inject: [REDIS], useFactory: (redis: RedisConnection) => new RedisMetricCache(redis) },
  {
    provide: MetricReadModel,
    inject: [CONFIG, RedisMetricCache, POOL],
    useFactory: ({ lane }: QueryApiConfig, cache: RedisMetricCache, pool: PostgresPool) => new MetricReadModel(lane, cache, new PostgresMetricHistory(pool)),
  },
];

const stream: Provider[] = [
  {
    provide: StreamHub,
    inject: [CONFIG, Metrics],
    useFactory: ({ streamClients, streamBufferBytes }: QueryApiConfig, metrics: Metrics) => new StreamHub({ mostReaders: streamClients, bufferBytes: streamBufferBytes }, metrics),
  },
  {
    provide: LiveFeed,
    inject: [CONFIG, LOGGER, LIFECYCLE, RedisMetricCache, MetricReadModel, ALERT_STORE, POOL, StreamHub],
    useFactory: (
      { lane, shopTimeZone, streamIntervalMs }: QueryApiConfig, logger: Logger, lifecycle: Lifecycle, cache: RedisMetricCache,
      metrics: MetricReadModel, alerts: AlertStore, pool: PostgresPool, hub: StreamHub,
    ) => {
      const feed = new LiveFeed({
        lane, shopTimeZone, intervalMs: streamIntervalMs, cache, metrics, alerts, productNames: new PostgresProductNames(pool), hub, logger,
      });
      lifecycle.onRelease('feed', () => feed.close());
      lifecycle.addCheck('feed', () => feed.notReady());
      return feed;
    },
  },
  QueryApiRunner,
];

@Module({
  controllers: [MetricsController, AlertsController, PeopleController, StatusController, StreamController],
  providers: [
    ...stores,
    ...stream,
    { provide: APP_PIPE, useClass: StrictValidationPipe },
    { provide: APP_FILTER, inject: [LOGGER], useFactory: (logger: Logger) => new ProblemFilter(logger) },
  ],
})
export class QueryApiModule {}
