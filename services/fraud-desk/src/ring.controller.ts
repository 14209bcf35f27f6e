import { Body, Controller, Get, Inject, Param, Put } from '@nestjs/common';
import { CONFIG, RequestError } from '@millrace/service-kit';
import type { FraudDeskConfig } from './fraud-desk.config.js';
import { PostgresRingStore } from './postgres-ring-store.js';
import type { RingDto, RingsDto, StoredReportDto } from './ring.dto.js';
import { ringParams, ringReport, type RingParams, type RingReport } from './ring.schema.js';

/** Rings of customers, as `millrace fraud rings --publish` told them last. */
@Controller('api/fraud/rings')
export class RingController {
  constructor(
    @Inject(CONFIG) private readonly config: FraudDeskConfig,
    @Inject(PostgresRingStore) private readonly rings: PostgresRingStore,
  ) {}

  @Get()
  async list(): Promise<RingsDto> {
    return { lane: this.config.lane, ...(await this.rings.list()) };
  }

  /** One ring with who and what is in it. */
  @Get(':id')
  async detail(@Param({ schema: ringParams }) { id }: RingParams): Promise<RingDto> {
    const found = await this.rings.find(id);
    if (found === null) throw new RequestError(404, 'No such ring is in the latest report.');
    return { lane: this.config.lane, ...found };
  }

  /** Replaces the report and all its rings. */
  @Put()
  async replace(@Body({ schema: ringReport }) report: RingReport): Promise<StoredReportDto> {
    const { lane } = this.config;
    if (report.lane !== lane) throw new RequestError(400, `The report is of another lane: this is the fraud desk of ${lane}.`, [{ path: 'lane', message: `must be ${lane}` }]);
    await this.rings.replace(report);
    return { lane, madeAt: report.madeAt, rings: report.rings.length };
  }
}
