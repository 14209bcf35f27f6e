import { CONFIG } from '@millrace/service-kit';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { actionsQuery, silencesQuery, type ActionsQuery, type SilencesQuery } from './alert.schema.js';
import { answers } from './answers.decorator.js';
import { PEOPLE_STORE, type PeopleStore } from './people-store.js';
import type { QueryApiConfig } from './query-api.config.js';
import { actionsDto, silencesDto, type ActionsDto, type SilencesDto } from './wire.dto.js';

@ApiTags('alerts')
@Controller('api')
export class PeopleController {
  constructor(
    @Inject(CONFIG) private readonly config: QueryApiConfig,
    @Inject(PEOPLE_STORE) private readonly store: PeopleStore,
  ) {}

  @Get('silences')
  @ApiOperation({ summary: 'Silences that hold, will or did, the one that begins last first.' })
  @answers(silencesDto)
  async silences(@Query({ schema: silencesQuery }) query: SilencesQuery): Promise<SilencesDto> {
    const { items, next } = await this.store.silences(query);
    return { lane: this.config.lane, silences: [...items], next };
  }

  @Get('actions')
  @ApiOperation({ summary: 'What people did about alerts, newest first.' })
  @answers(actionsDto)
  async actions(@Query({ schema: actionsQuery }) query: ActionsQuery): Promise<ActionsDto> {
    const { items, next } = await this.store.actions(query);
    return { lane: this.config.lane, actions: [...items], next };
  }
}
