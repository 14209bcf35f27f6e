import { CONFIG, RequestError } from '@millrace/service-kit';
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { alertParams, alertQuery, alertsQuery, deliveriesQuery, type AlertParams, type AlertQuery, type AlertsQuery, type DeliveriesQuery } from './alert.schema.js';
import { ALERT_STORE, type AlertStore } from './alert-store.js';
import { answers } from './answers.decorator.js';
import type { QueryApiConfig } from './query-api.config.js';
import { alertDetailDto, alertsDto, deliveriesDto, type AlertDetailDto, type AlertsDto, type DeliveriesDto } from './wire.dto.js';

@ApiTags('alerts')
@Controller('api')
export class AlertsController {
  constructor(
    @Inject(CONFIG) private readonly config: QueryApiConfig,
    @Inject(ALERT_STORE) private readonly store: AlertStore,
  ) {}

  @Get('alerts')
  @ApiOperation({ summary: 'Alerts by what they say and what became of them, the one that began last first, with the windows they rest on.' })
  @answers(alertsDto)
  async alerts(@Query({ schema: alertsQuery }) query: AlertsQuery): Promise<AlertsDto> {
    const { items, next } = await this.store.search(query);
    return { lane: this.config.lane, alerts: [...items], next };
  }

  @Get('alerts/:fingerprint')
  @ApiOperation({ summary: 'One alert in full: its evidence, how it came, who was told of it, and when else it fired.' })
  @answers(alertDetailDto, 404)
  async alert(@Param({ schema: alertParams }) { fingerprint }: AlertParams, @Query({ schema: alertQuery }) { startsAt }: AlertQuery): Promise<AlertDetailDto> {
    const found = await this.store.alert(fingerprint, startsAt);
    if (found === null) throw new RequestError(404, startsAt === undefined ? 'There is no such alert in this lane.' : 'There is no such alert in this lane that began then.');
    return { lane: this.config.lane, ...found };
  }

  @Get('deliveries')
  @ApiOperation({ summary: 'What was sent to whom, with every attempt, newest first.' })
  @answers(deliveriesDto)
  async deliveries(@Query({ schema: deliveriesQuery }) query: DeliveriesQuery): Promise<DeliveriesDto> {
    const { items, next } = await this.store.deliveries(query);
    return { lane: this.config.lane, deliveries: [...items], next };
  }
}
