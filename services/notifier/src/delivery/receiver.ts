import type { Rate } from './token-bucket.js';

interface Common {
  /** Its integration: `receiver/type/place`. */
  readonly id: string;
  /** The receiver it belongs to. */
  readonly name: string;
  /** Seconds before each attempt. */
  readonly schedule: readonly number[];
  /** Sends at a time. */
  readonly concurrency: number;
  /** Null: as often as there is something to send. */
  readonly rate: Rate | null;
  /** An attempt that takes longer has failed, ms. */
  readonly timeoutMs: number;
}

export interface LogReceiver extends Common {
  readonly type: 'log';
}

interface Outside extends Common {
  readonly url: URL;
  /** The URL may lead to a private address. */
  readonly privateAllowed: boolean;
}

export interface WebhookReceiver extends Outside {
  readonly type: 'webhook';
  /** Empty: not signed. */
  readonly secrets: readonly string[];
  /** Most alerts in a message; 0: all. */
  readonly maxAlerts: number;
}

/** An incoming webhook of Slack, or, with a token, its Web API. */
export interface SlackWebhookReceiver extends Outside {
  readonly type: 'slack';
  readonly token: null;
  /** Null: the one that the incoming webhook belongs to. */
  readonly channel: string | null;
}

export interface SlackBotReceiver extends Outside {
  readonly type: 'slack';
  readonly token: string;
  readonly channel: string;
  /** A group has one message, which is edited as it changes. */
  readonly edits: boolean;
}

export type SlackReceiver = SlackWebhookReceiver | SlackBotReceiver;

export interface EmailReceiver extends Common {
  readonly type: 'email';
  readonly to: readonly string[];
  readonly from: string;
  /** The SMTP server. */
  readonly host: string;
  readonly port: number;
  /** What we call ourselves; null: the machine's name. */
  readonly hello: string | null;
  readonly tls: 'starttls' | 'implicit' | 'none';
  readonly username: string | null;
  readonly password: string | null;
  /** The server may have a private address. */
  readonly privateAllowed: boolean;
}

/** One way of telling somebody, with secrets resolved and defaults filled in. Never log one. */
export type Receiver = LogReceiver | WebhookReceiver | SlackReceiver | EmailReceiver;
