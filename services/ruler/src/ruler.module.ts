import { Module } from '@nestjs/common';
import { CONFIG, ConfigError, LIFECYCLE, type Lifecycle } from '@millrace/service-kit';
import { createPool, type PostgresPool } from '@millrace/stores';
import { PostgresRulerStore } from './postgres-ruler-store.js';
import { RuleBook } from './rule-book.js';
import { FileError } from '@millrace/service-kit/yaml-file';
import type { RulerConfig } from './ruler.config.js';
import { RulerController } from './ruler.controller.js';
import { RulerRuntime } from './ruler.runtime.js';
import { RULER_STORE } from './ruler-store.js';

const POOL = Symbol('POOL');

@Module({
  controllers: [RulerController],
  providers: [
    {
      provide: RuleBook,
      inject: [CONFIG],
      useFactory: async (config: RulerConfig): Promise<RuleBook> => {
        try {
          return await RuleBook.open(config.rulesFile, config.shopTimeZone);
        } catch (error) {
          throw error instanceof FileError ? new ConfigError(error.problems) : error;
        }
      },
    },
    {
      provide: POOL,
      inject: [CONFIG, LIFECYCLE],
      useFactory: (config: RulerConfig, lifecycle: Lifecycle): PostgresPool => {
        const pool = createPool(config.postgresUrl, 'ruler');
        lifecycle.onRelease('postgres', () => pool.close());
        lifecycle.addCheck('postgres', () => (pool.isUp() ? null : pool.downReason()));
        return pool;
      },
    },
    {
      provide: RULER_STORE,
      inject: [POOL, CONFIG],
      useFactory: (pool: PostgresPool, config: RulerConfig) => new PostgresRulerStore(pool, config.lane),
    },
    RulerRuntime,
  ],
})
export class RulerModule {}
