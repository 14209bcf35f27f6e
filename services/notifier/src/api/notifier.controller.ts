import { BadRequestException, ConflictException, Controller, Get, HttpCode, Inject, NotFoundException, Param, Post, Query } from '@nestjs/common';
import type { AttemptResult } from '../delivery/channel.js';
import { DELIVERY_STATES, NOTIFIER_STORE, type DeliveryState, type NotifierStore } from '../notifier-store.js';
import type { Receiver } from '../delivery/receiver.js';
import { ReceiverDirectory } from '../delivery/receiver-directory.js';

/** A receiver as the API shows it: without its URL and secrets. */
interface ReceiverView {
  readonly name: string;
  readonly type: string;
  readonly host: string | null;
  readonly match: Readonly<Record<string, readonly string[]>>;
  readonly sendResolved: boolean;
  readonly pending: number;
  readonly oldestSeconds: number;
  readonly disabled: { readonly reason: string; readonly since: Date } | null;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

@Controller()
export class NotifierController {
  constructor(
    @Inject(NOTIFIER_STORE) private readonly store: NotifierStore,
    @Inject(ReceiverDirectory) private readonly directory: ReceiverDirectory,
  ) {}

  /** Alerts, newest change first: `status` firing, resolved or all. */
  @Get('alerts')
  async alerts(@Query('status') status: unknown = 'all', @Query('limit') limit?: unknown): Promise<{ alerts: readonly unknown[] }> {
    if (status !== 'firing' && status !== 'resolved' && status !== 'all') throw new BadRequestException('status is firing, resolved or all');
    const wanted = { firing: 'FIRING', resolved: 'RESOLVED', all: null } as const;
    return { alerts: await this.store.alerts(wanted[status], limitOf(limit)) };
  }

  /** Deliveries with their attempts, newest first. */
  @Get('deliveries')
  async deliveries(@Query('state') state?: unknown, @Query('receiver') receiver?: unknown, @Query('limit') limit?: unknown): Promise<{ deliveries: readonly unknown[] }> {
    if (receiver !== undefined && (typeof receiver !== 'string' || receiver.includes('\u0000'))) throw new BadRequestException('receiver is a name');
    return { deliveries: await this.store.deliveries(stateOf(state), { receiver: receiver ?? null, limit: limitOf(limit) }) };
  }

  @Get('receivers')
  async receivers(): Promise<{ receivers: readonly ReceiverView[] }> {
    const [depths, disabled] = await Promise.all([this.store.depths(), this.store.disabled()]);
    const views = this.directory.entries.map(({ receiver }): ReceiverView => {
      const depth = depths.find((one) => one.receiver === receiver.name);
      const off = disabled.find((one) => one.receiver === receiver.name);
      return {
        name: receiver.name,
        type: receiver.type,
        host: hostOf(receiver),
        match: Object.fromEntries([...receiver.match].map(([label, values]) => [label, [...values]])),
        sendResolved: receiver.sendResolved,
        pending: depth?.pending ?? 0,
        oldestSeconds: depth?.oldestSeconds ?? 0,
        disabled: off === undefined ? null : { reason: off.reason, since: off.disabledAt },
      };
    });
    return { receivers: views };
  }

  /** Sends a test message once and says how it went. */
  @Post('receivers/:name/test')
  @HttpCode(200)
  async test(@Param('name') name: string): Promise<AttemptResult> {
    const known = this.directory.entries.some(({ receiver }) => receiver.name === name);
    if (known && !this.directory.mayReach(name)) throw new ConflictException(`lane ${this.directory.lane} sends to log receivers only`);
    const result = await this.directory.test(name, Date.now(), new AbortController().signal);
    if (result === null) throw new NotFoundException('there is no such receiver');
    return result;
  }

  /** Switches a receiver on again that answered 410. */
  @Post('receivers/:name/enable')
  @HttpCode(200)
  async enable(@Param('name') name: string): Promise<{ enabled: boolean }> {
    if (!this.directory.entries.some(({ receiver }) => receiver.name === name)) throw new NotFoundException('there is no such receiver');
    return { enabled: await this.store.enable(name) };
  }
}

function hostOf(receiver: Receiver): string | null {
  if (receiver.type === 'log') return null;
  return receiver.type === 'email' ? `${receiver.host}:${String(receiver.port)}` : receiver.url.host;
}

function limitOf(text: unknown): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT) throw new BadRequestException(`limit is 1 to ${MAX_LIMIT}`);
  return limit;
}

function stateOf(text: unknown): DeliveryState | null {
  if (text === undefined) return null;
  const state = DELIVERY_STATES.find((one) => one === text);
  if (state === undefined) throw new BadRequestException(`state is one of ${DELIVERY_STATES.join(', ')}`);
  return state;
}
