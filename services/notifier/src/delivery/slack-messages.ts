import type { PostgresSession } from '@millrace/stores';

/** Where a message lies in Slack. */
export interface PostedMessage {
  readonly channel: string;
  readonly ts: string;
}

/** The message of its own that an integration edits as a group changes. */
export interface SlackMessages {
  /** Null: there is none. Throws `StoreError`s. */
  find(integration: string, groupKey: string): Promise<PostedMessage | null>;
  /** Null: the group has ended, and the next message is a new one. Throws `StoreError`s. */
  keep(integration: string, groupKey: string, message: PostedMessage | null): Promise<void>;
}

export class PostgresSlackMessages implements SlackMessages {
  constructor(
    private readonly session: PostgresSession,
    private readonly lane: string,
  ) {}

  async find(integration: string, groupKey: string): Promise<PostedMessage | null> {
    const [row] = await this.session.query<PostedMessage>('select channel, ts from slack_messages where lane = $1 and integration = $2 and group_hash = md5($3)', [this.lane, integration, groupKey]);
    return row ?? null;
  }

  async keep(integration: string, groupKey: string, message: PostedMessage | null): Promise<void> {
    if (message === null) {
      await this.session.execute('delete from slack_messages where lane = $1 and integration = $2 and group_hash = md5($3)', [this.lane, integration, groupKey]);
      return;
    }
    await this.session.execute(
      `insert into slack_messages (lane, integration, group_key, channel, ts) values ($1, $2, $3, $4, $5)
       on conflict (lane, integration, group_hash) do update set channel = excluded.channel, ts = excluded.ts, posted_at = now()`,
      [this.lane, integration, groupKey, message.channel, message.ts],
    );
  }
}
