import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { LOGGER, RequestError } from '@millrace/service-kit';
import type { Logger } from 'pino';
import { DispatchLoop } from '../dispatch/dispatch-loop.js';
import { ActionStore, type Action, type Outage } from '../people/action-store.js';
import { AnswerTokens, TokenError } from '../people/answer-token.js';
import { Judge, type LabelPlace } from '../people/judge.js';
import { SilenceStore } from '../silences/silence-store.js';
import { actionBody, commentBody, snoozeBody, verdictBody, type ActionBody, type SnoozeBody, type VerdictBody } from './people.schema.js';

const FINGERPRINT = /^[0-9a-f]{1,16}$/;
const MOST_ACTIONS = 200;

/** What people do about an alert. Who acknowledges it stops its escalation and its repetition; its end is told all the same. */
@Controller('alerts/:fingerprint')
export class PeopleController {
  constructor(
    @Inject(ActionStore) private readonly actions: ActionStore,
    @Inject(AnswerTokens) private readonly tokens: AnswerTokens,
    @Inject(Judge) private readonly judge: Judge,
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
    return this.#act(fingerprint, body, { kind: 'acknowledged' });
  }

  @Post('unacknowledge')
  @HttpCode(200)
  unacknowledge(@Param('fingerprint') fingerprint: string, @Body({ schema: actionBody }) body: ActionBody): Promise<Outage> {
    return this.#act(fingerprint, body, { kind: 'unacknowledged' });
  }

  @Post('comment')
  @HttpCode(200)
  comment(@Param('fingerprint') fingerprint: string, @Body({ schema: commentBody }) body: ActionBody): Promise<Outage> {
    return this.#act(fingerprint, body, { kind: 'commented' });
  }

  /** Silences this alert, and no other, for a while. */
  @Post('snooze')
  @HttpCode(200)
  async snooze(@Param('fingerprint') fingerprint: string, @Body({ schema: snoozeBody }) body: SnoozeBody): Promise<Outage & { readonly silenceId: string }> {
    const now = Date.now();
    const until = new Date(now + body.for);
    const outage = await this.#act(fingerprint, body, { kind: 'snoozed', until });
    const matchers = Object.entries(outage.labels).map(([name, value]) => ({ name, value, isRegex: false, isEqual: true }));
    const createdBy = this.#author(fingerprint, body);
    const silenceId = await this.silences.put({ matchers, startsAt: new Date(now), endsAt: until, createdBy, comment: body.comment === '' ? 'snoozed' : body.comment }, null, now);
    await this.loop.taken();
    return { ...outage, silenceId: silenceId ?? '' };
  }

  /** Says whether the alert was right. */
  @Post('verdict')
  @HttpCode(200)
  async verdict(@Param('fingerprint') fingerprint: string, @Body({ schema: verdictBody }) body: VerdictBody): Promise<Outage & { readonly label: LabelPlace | null }> {
    const author = this.#author(fingerprint, body);
    const judged = await this.judge.judge(known(fingerprint), body.startsAt ?? null, { verdict: body.verdict, author, comment: body.comment });
    if (judged === null) throw unknownAlert();
    this.logger.info({ fingerprint, verdict: body.verdict, author }, 'somebody judged an alert');
    return judged;
  }

  async #act(fingerprint: string, body: ActionBody, action: Pick<Action, 'kind' | 'until'>): Promise<Outage> {
    const author = this.#author(fingerprint, body);
    const outage = await this.actions.act(known(fingerprint), body.startsAt ?? null, { ...action, author, comment: body.comment });
    if (outage === null) throw unknownAlert();
    this.logger.info({ fingerprint, action: action.kind, author }, 'somebody acted on an alert');
    await this.loop.taken();
    return outage;
  }

  #author(fingerprint: string, { by, token, startsAt }: Pick<ActionBody, 'by' | 'token' | 'startsAt'>): string {
    if (by !== undefined) return by;
    try {
      return `${this.tokens.verify(token ?? '', { fingerprint, startsAt: startsAt?.getTime() ?? 0 }, Date.now())}, by a link`;
    } catch (error) {
      throw error instanceof TokenError ? new RequestError(403, error.message) : error;
    }
  }
}

function unknownAlert(): RequestError {
  return new RequestError(404, 'There is no such alert.');
}

function known(fingerprint: string): string {
  if (!FINGERPRINT.test(fingerprint)) throw new RequestError(400, 'A fingerprint is up to 16 hex digits.');
  return fingerprint;
}
