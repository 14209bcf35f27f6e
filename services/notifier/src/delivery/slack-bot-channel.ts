import type { Agent } from 'undici';
import type { AttemptResult, Channel } from './channel.js';
import { exchange } from './http-sender.js';
import type { Links } from './links.js';
import { madeOf, statusOf, type Notice } from './message.js';
import type { SlackBotReceiver } from './receiver.js';
import { slackMessage } from './slack-message.js';
import type { Outcome } from './retry.js';
import type { PostedMessage, SlackMessages } from './slack-messages.js';

/** What Slack says where asking again cannot help. @see https://docs.slack.dev/reference/methods/chat.postMessage */
const REFUSED: ReadonlySet<string> = new Set(['invalid_arguments', 'invalid_blocks', 'invalid_attachments', 'msg_too_long', 'msg_blocks_too_long', 'no_text', 'too_many_attachments', 'restricted_action']);
/** What does not come back. A token or a channel that is wrong can be put right while the message waits. */
const GONE: ReadonlySet<string> = new Set(['is_archived', 'account_inactive']);
/** The message that was to be edited is not there any more, or must not be: a new one takes its place. */
const NOT_EDITABLE: ReadonlySet<string> = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed']);

interface SlackAnswer {
  readonly ok?: boolean;
  readonly error?: string;
  readonly channel?: string;
  readonly ts?: string;
}

/** Speaks Slack's Web API with an app's token; edits the message of a group as it changes, until the group has ended, where the receiver asks for that. */
export class SlackBotChannel implements Channel {
  constructor(
    private readonly receiver: SlackBotReceiver,
    private readonly context: { readonly links: Links; readonly slackMessages: SlackMessages },
    private readonly agent: Agent,
  ) {}

  async send(notice: Notice, signal: AbortSignal): Promise<AttemptResult> {
    const { id, edits } = this.receiver;
    if (!edits || notice.test) return (await this.#call('chat.postMessage', notice, null, signal)).result;
    let held: PostedMessage | null;
    try {
      held = await this.context.slackMessages.find(id, notice.groupKey);
    } catch (error) {
      return { outcome: 'retry', statusCode: null, error: `which message to edit is not known now: ${error instanceof Error ? error.message : String(error)}`, responseExcerpt: null, retryAfterMs: null };
    }
    const edited = held === null ? null : await this.#call('chat.update', notice, held, signal);
    const { result, answer } = edited === null || NOT_EDITABLE.has(edited.answer.error ?? '') ? await this.#call('chat.postMessage', notice, null, signal) : edited;
    if (result.outcome === 'delivered') await this.#keep(notice, answer);
    return result;
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }

  /** The message was delivered whatever becomes of this: without it, the next one is a new message. */
  async #keep(notice: Notice, { channel, ts }: SlackAnswer): Promise<void> {
    const isOver = statusOf(notice) === 'resolved';
    await this.context.slackMessages.keep(this.receiver.id, notice.groupKey, isOver || channel === undefined || ts === undefined ? null : { channel, ts }).catch(() => undefined);
  }

  async #call(method: 'chat.postMessage' | 'chat.update', notice: Notice, held: PostedMessage | null, signal: AbortSignal): Promise<{ readonly result: AttemptResult; readonly answer: SlackAnswer }> {
    const { url, token, channel, timeoutMs } = this.receiver;
    const body = JSON.stringify({ ...(held ?? { channel, unfurl_links: false, unfurl_media: false }), ...madeOf(notice, (told) => slackMessage(told, this.context.links)) });
    const { result, text } = await exchange(this.agent, { url: new URL(method, url), headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json; charset=utf-8' }, body }, timeoutMs, signal);
    if (result.outcome !== 'delivered') return { result, answer: {} };
    const answer = answerOf(text);
    if (answer.ok === true) return { result, answer };
    const error = answer.error ?? 'no answer of Slack';
    return { result: { ...result, outcome: outcomeOf(error), error: `Slack says ${error.slice(0, 100)}` }, answer };
  }
}

function answerOf(text: string): SlackAnswer {
  try {
    return JSON.parse(text) as SlackAnswer;
  } catch {
    return {};
  }
}

function outcomeOf(error: string): Outcome {
  if (GONE.has(error)) return 'disabled';
  return REFUSED.has(error) ? 'failed' : 'retry';
}
