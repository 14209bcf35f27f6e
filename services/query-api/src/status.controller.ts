import { CONFIG } from '@millrace/service-kit';
import { Controller, Get, Inject, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { answers } from './answers.decorator.js';
import { freshnessOf } from './freshness.read-model.js';
import { LiveFeed } from './live.feed.js';
import { NoQueryGuard } from './no-query.guard.js';
import type { QueryApiConfig } from './query-api.config.js';
import { STORE_STATES, type StoreState } from './store-state.js';
import { StreamHub } from './stream.hub.js';
import { freshnessListDto, statusDto, type FreshnessListDto, type StatusDto } from './wire.dto.js';
import { iso } from './wire.mapper.js';

@ApiTags('status')
@Controller('api')
export class StatusController {
  readonly #startedAt = Date.now();

  constructor(
    @Inject(CONFIG) private readonly config: QueryApiConfig,
    @Inject(LiveFeed) private readonly feed: LiveFeed,
    @Inject(StreamHub) private readonly hub: StreamHub,
    @Inject(STORE_STATES) private readonly stores: readonly StoreState[],
  ) {}

  @Get('freshness')
  @UseGuards(NoQueryGuard)
  @ApiOperation({ summary: 'How old each metric is, and whether that is too old.' })
  @answers(freshnessListDto)
  freshness(): FreshnessListDto {
    const now = Date.now();
    return { lane: this.config.lane, now: iso(now), metrics: freshnessOf(this.feed.newest(), now) };
  }

  @Get('status')
  @UseGuards(NoQueryGuard)
  @ApiOperation({ summary: 'The lane, and whether what this service needs is there.' })
  @answers(statusDto)
  status(): StatusDto {
    const waiting = this.feed.notReady();
    return {
      lane: this.config.lane,
      shopTimeZone: this.config.shopTimeZone,
      now: iso(Date.now()),
      startedAt: iso(this.#startedAt),
      components: [
        ...this.stores.map(({ name, store }) => ({ name, up: store.isUp(), detail: store.downReason() })),
        { name: 'stream', up: waiting === null, detail: waiting ?? '' },
      ],
      streamReaders: this.hub.size,
    };
  }
}
