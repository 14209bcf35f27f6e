import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { LOGGER, RequestError } from '@millrace/service-kit';
import type { Logger } from 'pino';
import { NOTIFIER_STORE, type NotifierStore, type Redelivered } from '../notifier-store.js';
import { ReceiverDirectory } from '../delivery/receiver-directory.js';
import { redeliveryBody, type RedeliveryBody } from './redelivery.schema.js';

interface RedeliveryDto {
  readonly dryRun: boolean;
  readonly deliveries: readonly Redelivered[];
  /** Receivers that are switched off: theirs are left until they are enabled. */
  readonly switchedOff: readonly string[];
  /** There may be more: ask again. */
  readonly more: boolean;
}

@Controller('deliveries/redeliver')
export class RedeliveryController {
  constructor(
    @Inject(NOTIFIER_STORE) private readonly store: NotifierStore,
    @Inject(ReceiverDirectory) private readonly directory: ReceiverDirectory,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Queues deliveries again that have ended, oldest first, with the ids they had: a receiver that honours those has each once. */
  @Post()
  @HttpCode(200)
  async redeliver(@Body({ schema: redeliveryBody }) wanted: RedeliveryBody): Promise<RedeliveryDto> {
    const names = this.directory.entries.map(({ receiver }) => receiver.name).filter((name) => this.directory.mayReach(name));
    if (wanted.receiver !== undefined && !names.includes(wanted.receiver)) {
      throw new RequestError(400, 'There is no such receiver that this lane may send to.', [{ path: 'receiver', message: `must be one of ${names.join(', ')}` }]);
    }
    const chosen = wanted.receiver === undefined ? names : [wanted.receiver];
    const off = new Set((await this.store.disabled()).map(({ receiver }) => receiver));
    const { deliveries, more } = await this.store.redeliver({ ...wanted, receivers: chosen.filter((name) => !off.has(name)) });
    if (!wanted.dryRun && deliveries.length > 0) this.logger.info({ deliveries: deliveries.length, receiver: wanted.receiver ?? null, from: wanted.from, to: wanted.to }, 'deliveries are sent again');
    return { dryRun: wanted.dryRun, deliveries, switchedOff: chosen.filter((name) => off.has(name)), more };
  }
}
