import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { LOGGER, RequestError } from '@millrace/service-kit';
import type { Logger } from 'pino';
import { DELIVERY_QUEUE, type DeliveryQueue, type Redelivered } from '../delivery/delivery-queue.js';
import { ReceiverDirectory } from '../delivery/receiver-directory.js';
import { redeliveryBody, type RedeliveryBody } from './redelivery.schema.js';

interface RedeliveryDto {
  readonly dryRun: boolean;
  readonly deliveries: readonly Redelivered[];
  /** Integrations that are switched off: theirs are left until they are enabled. */
  readonly switchedOff: readonly string[];
  /** There may be more: ask again. */
  readonly more: boolean;
}

@Controller('deliveries/redeliver')
export class RedeliveryController {
  constructor(
    @Inject(DELIVERY_QUEUE) private readonly queue: DeliveryQueue,
    @Inject(ReceiverDirectory) private readonly directory: ReceiverDirectory,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Queues deliveries again that have ended, oldest first, with the ids they had: a receiver that honours those has each once. */
  @Post()
  @HttpCode(200)
  async redeliver(@Body({ schema: redeliveryBody }) wanted: RedeliveryBody): Promise<RedeliveryDto> {
    const known = this.directory.reachable.map(({ receiver }) => receiver);
    if (wanted.receiver !== undefined && !known.some(({ name }) => name === wanted.receiver)) {
      const names = [...new Set(known.map(({ name }) => name))];
      throw new RequestError(400, 'There is no such receiver that this lane may send to.', [{ path: 'receiver', message: `must be one of ${names.join(', ')}` }]);
    }
    const chosen = known.filter(({ name }) => wanted.receiver === undefined || name === wanted.receiver).map(({ id }) => id);
    const off = new Set((await this.queue.disabled()).map(({ integration }) => integration));
    const { deliveries, more } = await this.queue.redeliver({ ...wanted, integrations: chosen.filter((id) => !off.has(id)) });
    if (!wanted.dryRun && deliveries.length > 0) this.logger.info({ deliveries: deliveries.length, receiver: wanted.receiver ?? null, from: wanted.from, to: wanted.to }, 'deliveries are sent again');
    return { dryRun: wanted.dryRun, deliveries, switchedOff: chosen.filter((id) => off.has(id)), more };
  }
}
