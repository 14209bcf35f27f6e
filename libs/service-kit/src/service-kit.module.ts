import { Controller, Get, Inject, Module, Res, type DynamicModule } from '@nestjs/common';
import type { KafkaConnection } from '@millrace/kafka';
import type { Logger } from 'pino';
import { Lifecycle } from './lifecycle.js';
import { Metrics } from './metrics.js';
import { CONFIG, KAFKA, LIFECYCLE, LOGGER } from './tokens.js';

/** What the adapter's response object must do for us. */
interface Reply {
  status(code: number): Reply;
  type(type: string): Reply;
  send(body: string): unknown;
}

@Controller()
class OperationsController {
  constructor(
    @Inject(LIFECYCLE) private readonly lifecycle: Lifecycle,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  @Get('health/live')
  live(): { status: string } {
    return { status: 'up' };
  }

  @Get('health/ready')
  ready(@Res() reply: Reply): void {
    const failures = this.lifecycle.failures();
    const ready = Object.keys(failures).length === 0;
    reply.status(ready ? 200 : 503).type('application/json').send(JSON.stringify({ status: ready ? 'up' : 'down', failures }));
  }

  @Get('metrics')
  async scrape(@Res() reply: Reply): Promise<void> {
    const text = await this.metrics.render();
    reply.status(200).type(this.metrics.contentType).send(text);
  }
}

interface Provided {
  readonly config: unknown;
  readonly logger: Logger;
  readonly kafka: KafkaConnection;
  readonly lifecycle: Lifecycle;
  readonly metrics: Metrics;
}

/** Gives every module of a service its config, logger, Kafka, lifecycle and metrics, and serves health and metrics. */
@Module({})
export class ServiceKitModule {
  static with(provided: Provided): DynamicModule {
    const providers = [
      { provide: CONFIG, useValue: provided.config },
      { provide: LOGGER, useValue: provided.logger },
      { provide: KAFKA, useValue: provided.kafka },
      { provide: LIFECYCLE, useValue: provided.lifecycle },
      { provide: Metrics, useValue: provided.metrics },
    ];
    return { module: ServiceKitModule, global: true, controllers: [OperationsController], providers, exports: providers };
  }
}
