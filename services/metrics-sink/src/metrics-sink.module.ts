import { Module, type Provider } from '@nestjs/common';
import { inventoryEvent, metricWindow } from '@millrace/contracts';
import { subscribe, type KafkaConnection } from '@millrace/kafka';
import { CONFIG, KAFKA, Lifecycle, LIFECYCLE, LOGGER, Metrics, superviseConsumer } from '@millrace/service-kit';
import { createPool, createRedis, PostgresMetricHistory, PostgresProductNames, RedisMetricCache, type PostgresPool } from '@millrace/stores';
import type { Logger } from 'pino';
import { CacheKeeper } from './cache-keeper.js';
import { MetricGauges } from './metric-gauges.js';
import type { MetricsSinkConfig } from './metrics-sink.config.js';
import { WindowConsumer } from './metrics-sink.consumer.js';
import { MetricsSinkRunner } from './metrics-sink.runner.js';
import { ProductNameConsumer } from './product-name.consumer.js';
import { WindowWriter } from './window-writer.js';

const GROUP = 'metrics-sink';
const POOL = Symbol('POOL');
/** Well under the time a handler has, so that an outage is seen as one. */
const STATEMENT_TIMEOUT_MS = 10_000;
/** Short pauses: a store that is back is used within seconds. */
const RETRY = { initialMs: 200, maxMs: 2_000 };

const database: Provider = {
  provide: POOL,
  inject: [CONFIG, LIFECYCLE],
  useFactory: ({ postgresUrl }: MetricsSinkConfig, lifecycle: Lifecycle): PostgresPool => {
    const pool = createPool(postgresUrl, GROUP, { statementTimeoutMs: STATEMENT_TIMEOUT_MS });
    lifecycle.onRelease('postgres', () => pool.close());
    lifecycle.addCheck('postgres', () => (pool.isUp() ? null : pool.downReason()));
    return pool;
  },
};

const history: Provider = { provide: PostgresMetricHistory, inject: [POOL], useFactory: (pool: PostgresPool) => new PostgresMetricHistory(pool) };

const productNames: Provider = {
  provide: ProductNameConsumer,
  inject: [CONFIG, POOL],
  useFactory: ({ lane }: MetricsSinkConfig, pool: PostgresPool) => new ProductNameConsumer(lane, new PostgresProductNames(pool)),
};

const cache: Provider = {
  provide: RedisMetricCache,
  inject: [CONFIG, LIFECYCLE],
  useFactory: ({ redisUrl }: MetricsSinkConfig, lifecycle: Lifecycle) => {
    const redis = createRedis(redisUrl, GROUP);
    lifecycle.onRelease('redis', () => redis.close());
    lifecycle.addCheck('redis', () => (redis.isUp() ? null : redis.downReason()));
    return new RedisMetricCache(redis);
  },
};

const gauges: Provider = {
  provide: MetricGauges,
  inject: [CONFIG, Metrics],
  useFactory: ({ seriesPerMetric }: MetricsSinkConfig, metrics: Metrics) => new MetricGauges(metrics, seriesPerMetric),
};

const runner: Provider = {
  provide: MetricsSinkRunner,
  inject: [CONFIG, KAFKA, LIFECYCLE, LOGGER, Metrics, PostgresMetricHistory, RedisMetricCache, MetricGauges, ProductNameConsumer],
  useFactory: (
    config: MetricsSinkConfig, kafka: KafkaConnection, lifecycle: Lifecycle, logger: Logger, metrics: Metrics,
    postgres: PostgresMetricHistory, redis: RedisMetricCache, shown: MetricGauges, names: ProductNameConsumer,
  ) => {
    const { lane, maxBatch, cacheCheckMs: checkMs } = config;
    const keeper = new CacheKeeper({ lane, cache: redis, history: postgres, lifecycle, logger, metrics, checkMs });
    const windows = new WindowConsumer(lane, new WindowWriter(lane, redis, postgres, metrics), shown);
    const consumer = superviseConsumer(
      { kafka, lifecycle, logger, metrics },
      {
        group: GROUP,
        maxBatch,
        retry: RETRY,
        subscriptions: [
          subscribe(metricWindow, (events, context) => windows.handle(events, context)),
          subscribe(inventoryEvent, (events, context) => names.handle(events, context)),
        ],
      },
    );
    return new MetricsSinkRunner({ config, lifecycle, logger, history: postgres, keeper, gauges: shown, consumer });
  },
};

@Module({ providers: [database, history, cache, productNames, gauges, runner] })
export class MetricsSinkModule {}
