/** Labels and the values that each may have. */
export type Matchers = ReadonlyMap<string, ReadonlySet<string>>;

interface Common {
  readonly name: string;
  readonly match: Matchers;
  readonly sendResolved: boolean;
  /** Seconds before each attempt. */
  readonly schedule: readonly number[];
  /** Sends at a time. */
  readonly concurrency: number;
  /** Least time from one send to the next, ms. */
  readonly paceMs: number;
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
  readonly secrets: readonly string[];
}

export interface SlackReceiver extends Outside {
  readonly type: 'slack';
}

export interface EmailReceiver extends Common {
  readonly type: 'email';
  readonly to: readonly string[];
  readonly from: string;
  /** The SMTP server. */
  readonly host: string;
  readonly port: number;
  readonly tls: 'starttls' | 'implicit' | 'none';
  readonly username: string | null;
  readonly password: string | null;
  /** The server may have a private address. */
  readonly privateAllowed: boolean;
}

/** Somebody who wants to know, with secrets resolved and defaults filled in. Never log one. */
export type Receiver = LogReceiver | WebhookReceiver | SlackReceiver | EmailReceiver;

/** Whether a receiver wants a state change. */
export function wants(receiver: Receiver, alert: { readonly status: string; readonly labels: Readonly<Record<string, string>> }): boolean {
  if (alert.status === 'RESOLVED' && !receiver.sendResolved) return false;
  return [...receiver.match].every(([label, values]) => values.has(alert.labels[label] ?? ''));
}
