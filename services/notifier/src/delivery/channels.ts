import type { Agent } from 'undici';
import type { Logger } from 'pino';
import type { AttemptResult, Channel } from './channel.js';
import { EmailChannel } from './email-channel.js';
import { guardedAgent } from './guarded-agent.js';
import { post } from './http-sender.js';
import type { Links } from './links.js';
import { madeOf, webhookBody, type Notice } from './message.js';
import type { LogReceiver, Receiver, SlackReceiver, SlackWebhookReceiver, WebhookReceiver } from './receiver.js';
import { signedHeaders } from './signature.js';
import { SlackBotChannel } from './slack-bot-channel.js';
import { slackMessage } from './slack-message.js';
import type { SlackMessages } from './slack-messages.js';

export interface ChannelContext {
  readonly logger: Logger;
  readonly links: Links;
  readonly slackMessages: SlackMessages;
  readonly ownPort: number;
}

const DELIVERED: AttemptResult = { outcome: 'delivered', statusCode: null, error: null, responseExcerpt: null, retryAfterMs: null };
/** Slack's words for a channel or a webhook that will not come back. */
const SLACK_GONE = /channel_is_archived|no_service|team_disabled/;

/** The way to a receiver, with connections of its own. */
export function channelFor(receiver: Receiver, context: ChannelContext): Channel {
  switch (receiver.type) {
    case 'log':
      return new LogChannel(receiver, context);
    case 'webhook':
      return new WebhookChannel(receiver, context, agentFor(receiver, context));
    case 'slack':
      return receiver.token === null ? new SlackWebhookChannel(receiver, context, agentFor(receiver, context)) : new SlackBotChannel(receiver, context, agentFor(receiver, context));
    case 'email':
      return new EmailChannel(receiver, context);
  }
}

function agentFor(receiver: WebhookReceiver | SlackReceiver, { ownPort }: ChannelContext): Agent {
  return guardedAgent({ privateAllowed: receiver.privateAllowed, connections: receiver.concurrency, ownPort, timeoutMs: receiver.timeoutMs });
}

class LogChannel implements Channel {
  constructor(
    private readonly receiver: LogReceiver,
    private readonly context: ChannelContext,
  ) {}

  send({ alerts, groupKey, truncated, test }: Notice): Promise<AttemptResult> {
    this.context.logger.info({ receiver: this.receiver.name, test, groupKey, truncated, alerts: alerts.map(({ decision, ...alert }) => ({ ...alert, value: decision?.value ?? null, threshold: decision?.threshold ?? null })) }, 'alerts');
    return Promise.resolve(DELIVERED);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class WebhookChannel implements Channel {
  constructor(
    private readonly receiver: WebhookReceiver,
    private readonly context: ChannelContext,
    private readonly agent: Agent,
  ) {}

  send(notice: Notice, signal: AbortSignal): Promise<AttemptResult> {
    const { secrets, url, maxAlerts, timeoutMs } = this.receiver;
    const body = madeOf(notice, (told) => webhookBody(told, this.context.links, maxAlerts));
    return post(this.agent, { url, headers: signedHeaders(secrets, { id: notice.id, body, at: new Date() }), body }, timeoutMs, signal);
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}

class SlackWebhookChannel implements Channel {
  constructor(
    private readonly receiver: SlackWebhookReceiver,
    private readonly context: ChannelContext,
    private readonly agent: Agent,
  ) {}

  async send(notice: Notice, signal: AbortSignal): Promise<AttemptResult> {
    const { url, channel, timeoutMs } = this.receiver;
    const body = JSON.stringify({ ...madeOf(notice, (told) => slackMessage(told, this.context.links)), ...(channel === null ? {} : { channel }) });
    const result = await post(this.agent, { url, headers: {}, body }, timeoutMs, signal);
    return result.outcome === 'failed' && SLACK_GONE.test(result.responseExcerpt ?? '') ? { ...result, outcome: 'disabled' } : result;
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}
