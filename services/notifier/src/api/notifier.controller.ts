import { BadRequestException, ConflictException, Controller, Get, HttpCode, Inject, NotFoundException, Param, Post, Query } from '@nestjs/common';
import type { AttemptResult } from '../delivery/channel.js';
import { DELIVERY_QUEUE, DELIVERY_STATES, type DeliveryQueue, type DeliveryState } from '../delivery/delivery-queue.js';
import { ReceiverDirectory, type DirectoryEntry } from '../delivery/receiver-directory.js';
import type { Receiver } from '../delivery/receiver.js';
import { AlertHistory } from './alert-history.js';

/** An integration of a receiver as the API shows it: without its URL and secrets. */
interface IntegrationView {
  readonly receiver: string;
  readonly integration: string;
  readonly type: string;
  readonly host: string | null;
  readonly pending: number;
  readonly oldestSeconds: number;
  readonly disabled: { readonly reason: string; readonly since: Date } | null;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

@Controller()
export class NotifierController {
  constructor(
    @Inject(DELIVERY_QUEUE) private readonly queue: DeliveryQueue,
    @Inject(AlertHistory) private readonly history: AlertHistory,
    @Inject(ReceiverDirectory) private readonly directory: ReceiverDirectory,
  ) {}

  /** Alerts, newest change first: `status` firing, resolved or all. */
  @Get('alerts')
  async alerts(@Query('status') status: unknown = 'all', @Query('limit') limit?: unknown): Promise<{ alerts: readonly unknown[] }> {
    if (status !== 'firing' && status !== 'resolved' && status !== 'all') throw new BadRequestException('status is firing, resolved or all');
    const wanted = { firing: 'FIRING', resolved: 'RESOLVED', all: null } as const;
    return { alerts: await this.history.alerts(wanted[status], limitOf(limit)) };
  }

  /** Deliveries with their attempts, newest first; also those of one receiver, or that told of one alert. */
  @Get('deliveries')
  async deliveries(
    @Query('state') state?: unknown,
    @Query('receiver') receiver?: unknown,
    @Query('fingerprint') fingerprint?: unknown,
    @Query('limit') limit?: unknown,
  ): Promise<{ deliveries: readonly unknown[] }> {
    return { deliveries: await this.history.deliveries({ state: stateOf(state), receiver: textOf(receiver, 'receiver'), fingerprint: textOf(fingerprint, 'fingerprint'), limit: limitOf(limit) }) };
  }

  @Get('receivers')
  async receivers(): Promise<{ receivers: readonly IntegrationView[] }> {
    const [depths, disabled] = await Promise.all([this.queue.depths(), this.queue.disabled()]);
    const views = this.directory.entries.map(({ receiver }): IntegrationView => {
      const depth = depths.find(({ integration }) => integration === receiver.id);
      const off = disabled.find(({ integration }) => integration === receiver.id);
      return {
        receiver: receiver.name,
        integration: receiver.id,
        type: receiver.type,
        host: hostOf(receiver),
        pending: depth?.pending ?? 0,
        oldestSeconds: depth?.oldestSeconds ?? 0,
        disabled: off === undefined ? null : { reason: off.reason, since: off.disabledAt },
      };
    });
    return { receivers: views };
  }

  /** Sends a test message to each of a receiver's integrations, once, and says how it went. */
  @Post('receivers/:name/test')
  @HttpCode(200)
  async test(@Param('name') name: string): Promise<{ results: readonly (AttemptResult & { readonly integration: string })[] }> {
    const entries = this.#known(name);
    if (!entries.some(({ receiver }) => this.directory.mayReach(receiver))) throw new ConflictException(`lane ${this.directory.lane} sends to log receivers only`);
    return { results: await this.directory.test(name, Date.now(), new AbortController().signal) };
  }

  /** Switches a receiver on again that told us to stop. */
  @Post('receivers/:name/enable')
  @HttpCode(200)
  async enable(@Param('name') name: string): Promise<{ enabled: boolean }> {
    return { enabled: await this.queue.enable(this.#known(name).map(({ receiver }) => receiver.id)) };
  }

  #known(name: string): readonly DirectoryEntry[] {
    const entries = this.directory.of(name);
    if (entries.length === 0) throw new NotFoundException('there is no such receiver');
    return entries;
  }
}

function hostOf(receiver: Receiver): string | null {
  if (receiver.type === 'log') return null;
  return receiver.type === 'email' ? `${receiver.host}:${String(receiver.port)}` : receiver.url.host;
}

function textOf(value: unknown, name: string): string | null {
  if (value === undefined) return null;
  if (typeof value !== 'string' || value.includes('\u0000')) throw new BadRequestException(`${name} is one text`);
  return value;
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
