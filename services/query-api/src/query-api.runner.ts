import { LIFECYCLE, type Lifecycle } from '@millrace/service-kit';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { LiveFeed } from './live.feed.js';
import { StreamHub } from './stream.hub.js';

/** Starts the feed with the app, and ends the streams before the server waits for its requests to end. */
@Injectable()
export class QueryApiRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #stopping = false;

  constructor(
    @Inject(LiveFeed) private readonly feed: LiveFeed,
    @Inject(StreamHub) private readonly hub: StreamHub,
    @Inject(LIFECYCLE) private readonly lifecycle: Lifecycle,
  ) {}

  onApplicationBootstrap(): void {
    this.feed.start().catch((error: unknown) => {
      if (!this.#stopping) this.lifecycle.fail(error instanceof Error ? error : new Error(String(error)));
    });
  }

  beforeApplicationShutdown(): void {
    this.#stopping = true;
    this.hub.close();
  }
}
