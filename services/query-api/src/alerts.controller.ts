import { CONFIG } from '@millrace/service-kit';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ALERT_STORE, type AlertStore } from './alert-store.js';
import { answers } from './answers.decorator.js';
import type { QueryApiConfig } from './query-api.config.js';
import { alertsQuery, deliveriesQuery, type AlertsQuery, type DeliveriesQuery } from './query.schema.js';
import { alertsDto, deliveriesDto, type AlertsDto, type DeliveriesDto } from './wire.dto.js';

@ApiTags('alerts')
@Controller('api')
export class AlertsController {
  constructor(
    @Inject(CONFIG) private readonly config: QueryApiConfig,
    @Inject(ALERT_STORE) private readonly store: AlertStore,
  ) {}

  @Get('alerts')
  @ApiOperation({ summary: 'Alerts, firing first, with the windows they rest on.' })
  @answers(alertsDto)
  async alerts(@Query({ schema: alertsQuery }) { status, limit }: AlertsQuery): Promise<AlertsDto> {
    return { lane: this.config.lane, alerts: await this.store.alerts(status, limit) };
  }

  @Get('deliveries')
  @ApiOperation({ summary: 'What was sent to whom, with every attempt, newest first.' })
  @answers(deliveriesDto)
  async deliveries(@Query({ schema: deliveriesQuery }) { state, limit }: DeliveriesQuery): Promise<DeliveriesDto> {
    return { lane: this.config.lane, deliveries: await this.store.deliveries(state, limit) };
  }
}
