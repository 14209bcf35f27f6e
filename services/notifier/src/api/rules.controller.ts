import { Controller, Get, Inject, Query } from '@nestjs/common';
import { CONFIG } from '@millrace/service-kit';
import { z } from 'zod';
import { DAY_MS, type NotifierConfig } from '../notifier.config.js';
import { QualityStore } from '../people/quality-store.js';
import { qualityOf, type RuleQuality } from '../people/rule-quality.js';

const DAYS_OF_WEEK = 7;

const rulesQuery = z.strictObject({ days: z.coerce.number().int().min(1).max(365).default(28) });

interface Rules {
  readonly days: number;
  readonly budget: { readonly perWeek: number; readonly used: number };
  readonly rules: readonly RuleQuality[];
}

/** What people said of each rule's alerts, and what it costs them. */
@Controller('rules')
export class RulesController {
  constructor(
    @Inject(QualityStore) private readonly store: QualityStore,
    @Inject(CONFIG) private readonly config: NotifierConfig,
  ) {}

  @Get()
  async rules(@Query({ schema: rulesQuery }) { days }: z.output<typeof rulesQuery>): Promise<Rules> {
    const perWeek = this.config.noiseBudget;
    const outages = await this.store.outages(new Date(Date.now() - days * DAY_MS));
    const rules = qualityOf(outages, { perWeek, weeks: days / DAYS_OF_WEEK }, `http://127.0.0.1:${String(this.config.httpPort)}`);
    return { days, budget: { perWeek, used: rules.reduce((sum, { noisePerWeek }) => sum + (noisePerWeek ?? 0), 0) }, rules };
  }
}
