import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { fraudScore, inLane, type FraudScore } from '@millrace/contracts';
import { ContentError, InfrastructureError, type KafkaConnection } from '@millrace/kafka';
import { CONFIG, KAFKA, RequestError } from '@millrace/service-kit';
import type { CaseDetailDto, CasesDto, VerdictDto } from './case.dto.js';
import {
  caseParams, caseQuery, casesQuery, encodeCursor, verdictBody, type CaseParams, type CaseQuery, type CasesQuery, type VerdictBody,
} from './case.schema.js';
import type { FraudDeskConfig } from './fraud-desk.config.js';
import { PostgresCaseStore, type FoundCase } from './postgres-case-store.js';
import { PostgresRingStore } from './postgres-ring-store.js';
import type { QualityReport } from './quality.report.js';
import { QualityRunner } from './quality.runner.js';
import { VerdictService } from './verdict.service.js';

const MINUTE_MS = 60_000;
/** Somebody waits for the page: rather the rest of it at once. */
const READ_TIMEOUT_MS = 5_000;

interface QualityDto {
  readonly lane: string;
  readonly labelDelayMs: number;
  /** Null before the first score. */
  readonly report: QualityReport | null;
}

/** Under `api/fraud`, so that query-api can pass these paths on as they are. */
@Controller('api/fraud')
export class FraudDeskController {
  constructor(
    @Inject(CONFIG) private readonly config: FraudDeskConfig,
    @Inject(KAFKA) private readonly kafka: KafkaConnection,
    @Inject(QualityRunner) private readonly runner: QualityRunner,
    @Inject(PostgresCaseStore) private readonly cases: PostgresCaseStore,
    @Inject(VerdictService) private readonly verdicts: VerdictService,
    @Inject(PostgresRingStore) private readonly rings: PostgresRingStore,
  ) {}

  /** Quality by window and basis, calibration, and drift, as computed last. */
  @Get('quality')
  quality(): QualityDto {
    const report = this.runner.latest;
    if (report === undefined) throw new RequestError(503, 'Quality is being computed for the first time.');
    return { lane: this.config.lane, labelDelayMs: this.config.labelDelayMinutes * MINUTE_MS, report };
  }

  /** Flagged orders, newest first. */
  @Get('cases')
  async list(@Query({ schema: casesQuery }) query: CasesQuery): Promise<CasesDto> {
    const { cases, end } = await this.cases.list(query);
    return { lane: this.config.lane, cases, next: end === null ? null : encodeCursor(end) };
  }

  /** Any scored order with its whole score, its labels, and the ring that its customer is in. */
  @Get('cases/:orderId')
  async detail(@Param({ schema: caseParams }) { orderId }: CaseParams, @Query({ schema: caseQuery }) { truth }: CaseQuery): Promise<CaseDetailDto> {
    const found = await this.#found(orderId, truth);
    const [read, labels, ring] = await Promise.all([this.#read(found), this.cases.labels(orderId), this.rings.ofCustomer(found.case.customerId)]);
    return { lane: this.config.lane, case: found.case, record: { topic: inLane(this.config.lane, fraudScore.topic), ...found.place }, ...read, labels, ring };
  }

  /** Publishes an analyst's verdict; answers once Kafka has it. */
  @Post('cases/:orderId/verdict')
  @HttpCode(200)
  async decide(@Param({ schema: caseParams }) { orderId }: CaseParams, @Body({ schema: verdictBody }) body: VerdictBody): Promise<VerdictDto> {
    const [found, labels] = await Promise.all([this.#found(orderId, false), this.cases.labels(orderId)]);
    return this.verdicts.decide(found.case, labels, body);
  }

  async #found(orderId: string, truth: boolean): Promise<FoundCase> {
    const found = await this.cases.find(orderId, truth);
    if (found === null) throw new RequestError(404, 'No such order was scored.');
    return found;
  }

  async #read({ case: { orderId }, place }: FoundCase): Promise<{ readonly score: FraudScore | null; readonly scoreMissing: CaseDetailDto['scoreMissing'] }> {
    try {
      const record = await this.kafka.readEvent(fraudScore, place, READ_TIMEOUT_MS);
      // A topic that began anew has something else at that place.
      if (record?.event.orderId !== orderId) return { score: null, scoreMissing: 'expired' };
      return { score: record.event, scoreMissing: null };
    } catch (error) {
      if (error instanceof ContentError) return { score: null, scoreMissing: 'expired' };
      if (error instanceof InfrastructureError) return { score: null, scoreMissing: 'unavailable' };
      throw error;
    }
  }
}
