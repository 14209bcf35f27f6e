import type { ReceiverText } from './config-schema.js';

/** One way in which a receiver is told. */
export interface Integration {
  /** `receiver/type/place`: constant while the file lists it there. */
  readonly id: string;
  readonly receiver: string;
  readonly type: 'webhook' | 'slack' | 'email' | 'log';
  readonly sendResolved: boolean;
}

/** The id of a receiver's integration, by its type and its place in the file. */
export function integrationId(receiver: string, type: Integration['type'], place: number): string {
  return `${receiver}/${type}/${String(place)}`;
}

/** The integrations of a receiver, in the order of the file; none: it tells nobody. */
export function integrationsOf(receiver: ReceiverText | undefined): readonly Integration[] {
  if (receiver === undefined) return [];
  const { name } = receiver;
  const all = { webhook: receiver.webhook_configs, slack: receiver.slack_configs, email: receiver.email_configs, log: receiver.millrace.log_configs };
  return (['webhook', 'slack', 'email', 'log'] as const).flatMap((type) =>
    all[type].map(({ send_resolved: sendResolved }, place) => ({ id: integrationId(name, type, place), receiver: name, type, sendResolved })));
}
