import { postJson } from './post.client.js';

export type Deed = 'acknowledge' | 'unacknowledge' | 'comment' | 'snooze' | 'verdict';
export type Verdict = 'true' | 'false' | 'unsure';

/** What a link in a message may answer at once. */
export const ANSWERS = ['acknowledge', 'true', 'false', 'unsure'] as const;
export type Answer = (typeof ANSWERS)[number];

/** What somebody did about an alert, as the notifier tells it. */
export interface DoneDeed {
  readonly action: 'acknowledged' | 'unacknowledged' | 'commented' | 'snoozed' | 'judged';
  readonly author: string;
  readonly comment: string;
  readonly until: string | null;
  readonly verdict: Verdict | null;
  readonly actedAt: string;
  readonly firstStartsAt: string;
}

interface Outage {
  readonly fingerprint: string;
  /** RFC 3339. */
  readonly startsAt: string;
}

export function deedsPath(fingerprint: string): string {
  return `/api/alerting/alerts/${fingerprint}/actions`;
}

/** Has the notifier record it, in one's own name or that of a link's token. Returns null once it is, else why not. */
export function sendDeed({ fingerprint, startsAt }: Outage, deed: Deed, who: { readonly by: string } | { readonly token: string }, more: Readonly<Record<string, string>> = {}): Promise<string | null> {
  return postJson(`/api/alerting/alerts/${fingerprint}/${deed}`, { ...who, startsAt, ...more }, 'The notifier refused it.');
}

/** Gives a link's answer. */
export function sendAnswer(outage: Outage, answer: Answer, token: string): Promise<string | null> {
  return answer === 'acknowledge' ? sendDeed(outage, 'acknowledge', { token }) : sendDeed(outage, 'verdict', { token }, { verdict: answer });
}

export const VERDICT_TEXT: Readonly<Record<Verdict, string>> = { true: 'it was right', false: 'it was wrong', unsure: 'unsure' };

export function answerText(answer: Answer): string {
  return answer === 'acknowledge' ? 'acknowledged' : VERDICT_TEXT[answer];
}

/** Those of the outage that began then and ended then; of times, the notifier names an outage by what it was told first. */
export function deedsOf(deeds: readonly DoneDeed[], { startsAt, endsAt }: { readonly startsAt: string; readonly endsAt: string | null }): readonly DoneDeed[] {
  const [from, to] = [Date.parse(startsAt), endsAt === null ? Infinity : Date.parse(endsAt)];
  return deeds.filter(({ firstStartsAt }) => Date.parse(firstStartsAt) >= from && Date.parse(firstStartsAt) <= to);
}

/** Whether somebody has taken it on; deeds are newest first. */
export function isAcknowledged(deeds: readonly DoneDeed[]): boolean {
  return deeds.find(({ action }) => action === 'acknowledged' || action === 'unacknowledged')?.action === 'acknowledged';
}

export function deedText({ action, verdict, until }: DoneDeed, moment: (time: string) => string): string {
  switch (action) {
    case 'acknowledged':
      return 'acknowledged it';
    case 'unacknowledged':
      return 'gave it back';
    case 'commented':
      return 'commented';
    case 'snoozed':
      return until === null ? 'snoozed it' : `snoozed it until ${moment(until)}`;
    case 'judged':
      return verdict === null ? 'judged it' : `said: ${VERDICT_TEXT[verdict]}`;
  }
}
