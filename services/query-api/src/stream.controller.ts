import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Get, Inject, Req, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { LiveFeed } from './live.feed.js';
import { NoQueryGuard } from './no-query.guard.js';
import { StreamHub } from './stream.hub.js';

@ApiTags('stream')
@Controller('api')
export class StreamController {
  constructor(
    @Inject(LiveFeed) private readonly feed: LiveFeed,
    @Inject(StreamHub) private readonly hub: StreamHub,
  ) {}

  @Get('stream')
  @UseGuards(NoQueryGuard)
  @ApiOperation({ summary: 'Server-sent events: a snapshot (or, with Last-Event-ID, what was missed), then updates as they come.' })
  @ApiOkResponse({ description: 'Events snapshot, update and tick.', content: { 'text/event-stream': { schema: { type: 'string' } } } })
  stream(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    this.hub.assertRoom();
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
    const lastEventId = request.headers['last-event-id'];
    const leave = this.hub.join(response, this.feed.beginning(typeof lastEventId === 'string' ? lastEventId : undefined));
    response.on('close', leave);
    // A reader that goes while bytes wait for it is no error of ours.
    response.on('error', leave);
  }
}
