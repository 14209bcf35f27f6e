import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { LOGGER, RequestError } from '@millrace/service-kit';
import type { Logger } from 'pino';
import { DispatchLoop } from '../dispatch/dispatch-loop.js';
import { ActionStore, type Action, type Outage } from '../people/action-store.js';
import { SilenceStore } from '../silences/silence-store.js';
import { actionBody, commentBody, snoozeBody, type ActionBody, type CommentBody, type SnoozeBody } from './people.schema.js';

const FINGERPRINT = /^[0-9a-f]{1,16}$/;
const MOST_ACTIONS = 200;

/** What people do about an alert. Who acknowledges it stops its escalation and its repetition; its end is told all the same. */
@Controller('alerts/:fingerprint')
export class PeopleController {
  constructor(
    @Inject(ActionStore) private readonly actions: ActionStore,
    @Inject(SilenceStore) private readonly silences: SilenceStore,
    @Inject(DispatchLoop) private readonly loop: DispatchLoop,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** What was done about it, newest first. */
  @Get('actions')
  async list(@Param('fingerprint') fingerprint: string): Promise<{ actions: readonly unknown[] }> {
    return { actions: await this.actions.list(known(fingerprint), MOST_ACTIONS) };
  }

  @Post('acknowledge')
  @HttpCode(200)
  acknowledge(@Param('fingerprint') fingerprint: string, @Body({ schema: actionBody }) body: ActionBody): Promise<Outage> {
    return this.#act(fingerprint, body, 'acknowledged');
  }

  @Post('unacknowledge')
  @HttpCode(200)
  unacknowledge(@Param('fingerprint') fingerprint: string, @Body({ schema: actionBody }) body: ActionBody): Promise<Outage> {
    return this.#act(fingerprint, body, 'unacknowledged');
  }

  @Post('comment')
  @HttpCode(200)
  comment(@Param('fingerprint') fingerprint: string, @Body({ schema: commentBody }) body: CommentBody): Promise<Outage> {
    return this.#act(fingerprint, body, 'commented');
  }

  /** Silences this alert, and no other, for a while. */
  @Post('snooze')
  @HttpCode(200)
  async snooze(@Param('fingerprint') fingerprint: string, @Body({ schema: snoozeBody }) body: SnoozeBody): Promise<Outage & { readonly silenceId: string }> {
    const now = Date.now();
    const until = new Date(now + body.for);
    const outage = await this.#act(fingerprint, body, 'snoozed', until);
    const matchers = Object.entries(outage.labels).map(([name, value]) => ({ name, value, isRegex: false, isEqual: true }));
    const silenceId = await this.silences.put({ matchers, startsAt: new Date(now), endsAt: until, createdBy: body.by, comment: body.comment === '' ? 'snoozed' : body.comment }, null, now);
    await this.loop.taken();
    return { ...outage, silenceId: silenceId ?? '' };
  }

  async #act(fingerprint: string, { by, comment, startsAt }: ActionBody, kind: Action['kind'], until: Date | null = null): Promise<Outage> {
    const outage = await this.actions.act(known(fingerprint), startsAt ?? null, { kind, author: by, comment, until });
    if (outage === null) throw new RequestError(404, 'There is no such alert.');
    this.logger.info({ fingerprint, action: kind, author: by }, 'somebody acted on an alert');
    await this.loop.taken();
    return outage;
  }
}

function known(fingerprint: string): string {
  if (!FINGERPRINT.test(fingerprint)) throw new RequestError(400, 'A fingerprint is up to 16 hex digits.');
  return fingerprint;
}
