import { Module, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import type { KafkaConnection } from '@millrace/kafka';
import { CONFIG, KAFKA, LIFECYCLE, LOGGER, Metrics, ProblemFilter, StrictValidationPipe, type Lifecycle } from '@millrace/service-kit';
import { createPool, type PostgresPool } from '@millrace/stores';
import type { Logger } from 'pino';
import { DESK_STORE, type DeskStore } from './desk-store.js';
import { DriftBook } from './drift.book.js';
import type { FraudDeskConfig } from './fraud-desk.config.js';
import { FraudDeskConsumer } from './fraud-desk.consumer.js';
import { FraudDeskController } from './fraud-desk.controller.js';
import { FraudDeskRuntime } from './fraud-desk.runtime.js';
import { PostgresCaseStore } from './postgres-case-store.js';
import { PostgresDeskStore } from './postgres-desk-store.js';
import { PostgresQualityStore } from './postgres-quality-store.js';
import { PostgresRingStore } from './postgres-ring-store.js';
import { QualityMetrics } from './quality.metrics.js';
import { computeReport } from './quality.report.js';
import { QualityRunner } from './quality.runner.js';
import { RingController } from './ring.controller.js';
import { VerdictService } from './verdict.service.js';

const POOL = Symbol('POOL');
const NAME = 'fraud-desk';
const MINUTE_MS = 60_000;

const stores: Provider[] = [
  {
    provide: POOL,
    inject: [CONFIG, LIFECYCLE],
    useFactory: ({ postgresUrl }: FraudDeskConfig, lifecycle: Lifecycle): PostgresPool => {
      const pool = createPool(postgresUrl, NAME);
      lifecycle.onRelease('postgres', () => pool.close());
      lifecycle.addCheck('postgres', () => (pool.isUp() ? null : pool.downReason()));
      return pool;
    },
  },
  { provide: DriftBook, inject: [CONFIG], useFactory: ({ lane, driftReference }: FraudDeskConfig) => new DriftBook(lane, driftReference) },
  { provide: DESK_STORE, inject: [POOL, CONFIG, DriftBook], useFactory: (pool: PostgresPool, { lane }: FraudDeskConfig, drift: DriftBook) => new PostgresDeskStore(pool, lane, drift) },
  { provide: PostgresCaseStore, inject: [POOL, CONFIG], useFactory: (pool: PostgresPool, { lane }: FraudDeskConfig) => new PostgresCaseStore(pool, lane) },
  { provide: PostgresRingStore, inject: [POOL, CONFIG], useFactory: (pool: PostgresPool, { lane }: FraudDeskConfig) => new PostgresRingStore(pool, lane) },
];

const quality: Provider = {
  provide: QualityRunner,
  inject: [CONFIG, POOL, DriftBook, LIFECYCLE, LOGGER, Metrics],
  useFactory: ({ lane, qualityEveryMs, labelDelayMinutes }: FraudDeskConfig, pool: PostgresPool, drift: DriftBook, lifecycle: Lifecycle, logger: Logger, metrics: Metrics) => {
    const store = new PostgresQualityStore(pool, lane);
    const shown = new QualityMetrics(metrics);
    return new QualityRunner({
      lifecycle, logger, metrics, everyMs: qualityEveryMs,
      compute: () => computeReport({ store, pool, drift, labelDelayMs: labelDelayMinutes * MINUTE_MS }),
      show: (report) => { shown.show(report); },
    });
  },
};

const verdicts: Provider = {
  provide: VerdictService,
  inject: [CONFIG, KAFKA, LIFECYCLE, PostgresCaseStore, DESK_STORE],
  useFactory: ({ lane }: FraudDeskConfig, kafka: KafkaConnection, lifecycle: Lifecycle, cases: PostgresCaseStore, store: DeskStore) =>
    new VerdictService({ lane, kafka, lifecycle, cases, store }),
};

const runtime: Provider = {
  provide: FraudDeskRuntime,
  inject: [CONFIG, KAFKA, LIFECYCLE, LOGGER, Metrics, DESK_STORE, QualityRunner],
  useFactory: (
    config: FraudDeskConfig, kafka: KafkaConnection, lifecycle: Lifecycle, logger: Logger, metrics: Metrics, store: DeskStore, runner: QualityRunner,
  ) => new FraudDeskRuntime({ config, kafka, lifecycle, logger, metrics, desk: new FraudDeskConsumer(config.lane, store, metrics), quality: runner }),
};

@Module({
  controllers: [FraudDeskController, RingController],
  providers: [
    ...stores,
    quality,
    verdicts,
    runtime,
    { provide: APP_PIPE, useClass: StrictValidationPipe },
    { provide: APP_FILTER, inject: [LOGGER], useFactory: (logger: Logger) => new ProblemFilter(logger) },
  ],
})
export class FraudDeskModule {}
