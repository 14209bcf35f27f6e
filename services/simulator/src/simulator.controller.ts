import { Body, Controller, Get, HttpCode, Inject, Post, Query, StandardSchemaValidationPipe, UsePipes } from '@nestjs/common';
import { z } from 'zod';
import type { LedgerReport } from './ledger.js';
import { MOST_PER_SECOND } from './simulator.config.js';
import { SimulatorService } from './simulator.service.js';
import type { Rates } from './world/settings.js';

const rate = z.number().min(0).max(MOST_PER_SECOND).optional();
const ratesSchema = z.strictObject({ clickstream: rate, orders: rate }).refine((body) => body.clickstream !== undefined || body.orders !== undefined, 'give clickstream, orders or both');
const moment = z.iso.datetime({ offset: true }).optional();
const rangeSchema = z.strictObject({ from: moment, until: moment });

/** What a running simulator can be asked, and told. */
@Controller()
@UsePipes(new StandardSchemaValidationPipe())
export class SimulatorController {
  constructor(@Inject(SimulatorService) private readonly simulator: SimulatorService) {}

  /** Exact counts of what was sent; `from` and `until` (event time) choose minutes, the totals are of the whole run. */
  @Get('ledger')
  ledger(@Query({ schema: rangeSchema }) range: z.infer<typeof rangeSchema>): LedgerReport {
    const time = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text));
    return this.simulator.ledger.report(time(range.from), time(range.until));
  }

  @Get('rate')
  rates(): Rates {
    return this.simulator.rates;
  }

  /** Changes rates from now on; what is not given stays. */
  @Post('rate')
  @HttpCode(200)
  setRates(@Body({ schema: ratesSchema }) body: z.infer<typeof ratesSchema>): Rates {
    const { rates } = this.simulator;
    return this.simulator.setRates({ clickstream: body.clickstream ?? rates.clickstream, orders: body.orders ?? rates.orders });
  }
}
