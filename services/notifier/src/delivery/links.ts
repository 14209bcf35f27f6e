import type { AnswerTokens } from '../people/answer-token.js';
import type { NoticeAlert } from './message.js';

/** What one click answers. */
export type Answer = 'true' | 'false' | 'unsure' | 'acknowledge';
export const ANSWERS: readonly { readonly answer: Answer; readonly text: string }[] = [
  { answer: 'acknowledge', text: 'Acknowledge' },
  { answer: 'true', text: 'It was right' },
  { answer: 'false', text: 'It was wrong' },
  { answer: 'unsure', text: 'Unsure' },
];

type LinkedAlert = Pick<NoticeAlert, 'fingerprint' | 'startsAt'>;

/** Where messages lead. */
export class Links {
  constructor(
    readonly dashboardUrl: string,
    /** Null: messages ask for no answers. */
    private readonly tokens: Pick<AnswerTokens, 'sign'> | null = null,
  ) {}

  /** Page of the dashboard that shows the alert. */
  alert({ fingerprint, startsAt }: LinkedAlert): string {
    const url = new URL(this.dashboardUrl);
    url.searchParams.set('alert', fingerprint);
    url.searchParams.set('startsAt', String(startsAt));
    return url.href;
  }

  /** The same page, where whoever follows the link may answer in the receiver's name; `answer`, added to it, is given at once. Null: nobody may. */
  answering(alert: LinkedAlert, receiver: string): string | null {
    const token = this.tokens?.sign(alert, receiver, Date.now()) ?? null;
    if (token === null) return null;
    const url = new URL(this.alert(alert));
    url.searchParams.set('token', token);
    return url.href;
  }
}

/** A link that gives the answer at once. */
export function answerLink(answering: string, answer: Answer): string {
  return `${answering}&answer=${answer}`;
}
