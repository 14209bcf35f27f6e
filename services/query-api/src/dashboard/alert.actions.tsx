import { useEffect, useRef, useState } from 'preact/hooks';
import type { VNode } from 'preact';
import type { AlertDetailDto } from '../wire.dto.js';
import { answerText, deedsOf, deedsPath, deedText, isAcknowledged, sendAnswer, sendDeed, VERDICT_TEXT, type Deed, type DoneDeed, type Verdict } from './alert.answer.js';
import type { AlertLink } from './alert.link.js';
import { moment } from './alert.text.js';
import { useAsked } from './asked.client.js';
import { breakable } from './breakable.js';
import { useShopContext } from './shop.context.js';
import { useAuthor } from './use-author.js';

const EVERY_MS = 10_000;
const SNOOZES = [['1h', 'for an hour'], ['8h', 'for 8 hours'], ['24h', 'for a day'], ['7d', 'for a week']] as const;

interface Said {
  readonly text: string;
  readonly failed: boolean;
}

interface AlertActionsProps {
  readonly alert: AlertDetailDto['alert'];
  readonly link: AlertLink;
  /** The link's answer was given, or refused. */
  readonly onAnswered: () => void;
}

/** What people did about an alert, and may do. Who came by the link of a message answers in its receiver's name. */
export function AlertActions({ alert, link, onAnswered }: AlertActionsProps): VNode {
  const { value, state, again } = useAsked<{ readonly actions: readonly DoneDeed[] }>(deedsPath(alert.fingerprint), EVERY_MS);
  const [token] = useState(link.token);
  const { author, setAuthor, remember } = useAuthor();
  const [comment, setComment] = useState('');
  const [said, setSaid] = useState<Said | null>(null);
  const [sending, setSending] = useState(false);
  const deeds = deedsOf(value?.actions ?? [], alert);
  const told = async (sent: Promise<string | null>, done: string): Promise<boolean> => {
    setSending(true);
    const failure = await sent;
    setSending(false);
    setSaid({ text: failure ?? `Recorded: ${done}.`, failed: failure !== null });
    if (failure === null) again();
    return failure === null;
  };
  useAnswerOnce(link, async (answer, itsToken) => {
    await told(sendAnswer({ fingerprint: alert.fingerprint, startsAt: startOf(link, alert.startsAt) }, answer, itsToken), answerText(answer));
    onAnswered();
  });
  const act = async (deed: Deed, done: string, more: Readonly<Record<string, string>> = {}): Promise<void> => {
    if (author.trim() === '' && token === undefined) {
      setSaid({ text: 'Say who you are first.', failed: true });
      return;
    }
    const own = author.trim() !== '';
    if (own) remember();
    const who = own ? { by: author } : { token: token ?? '' };
    const words = comment.trim() === '' ? {} : { comment };
    if (await told(sendDeed({ fingerprint: alert.fingerprint, startsAt: own ? alert.startsAt : startOf(link, alert.startsAt) }, deed, who, { ...words, ...more }), done)) setComment('');
  };
  const acknowledged = isAcknowledged(deeds);
  return (
    <>
      <h3>What to do</h3>
      {state === 'failed' && value === null && <p class="muted" role="status">The notifier does not answer now: nothing can be recorded.</p>}
      <section class="verdict" aria-label="What to do">
        <div class="verdict-fields">
          <label class="field"><span>Your name</span><input type="text" maxLength={200} autoComplete="name" value={author} placeholder={token === undefined ? '' : 'as the receiver of the link'} onInput={(event) => { setAuthor(event.currentTarget.value); }} /></label>
          <label class="field field-wide"><span>Comment, if any</span><input type="text" maxLength={2000} value={comment} onInput={(event) => { setComment(event.currentTarget.value); }} /></label>
        </div>
        <div class="verdict-buttons" role="group" aria-label="Take it on">
          {acknowledged
            ? <button type="button" class="button" disabled={sending} onClick={() => { void act('unacknowledge', 'given back'); }}>Give it back</button>
            : <button type="button" class="button" disabled={sending} onClick={() => { void act('acknowledge', 'acknowledged'); }}>Acknowledge</button>}
          <label class="field"><span>Snooze</span>
            <select value="" disabled={sending} onChange={(event) => { const { value: time } = event.currentTarget; event.currentTarget.value = ''; if (time !== '') void act('snooze', 'snoozed', { for: time }); }}>
              <option value="">choose</option>
              {SNOOZES.map(([time, text]) => <option key={time} value={time}>{text}</option>)}
            </select>
          </label>
          <button type="button" class="button" disabled={sending || comment.trim() === ''} onClick={() => { void act('comment', 'commented'); }}>Comment</button>
        </div>
        <VerdictButtons disabled={sending} said={deeds.find(({ action }) => action === 'judged')?.verdict ?? null} onSay={(verdict) => { void act('verdict', VERDICT_TEXT[verdict], { verdict }); }} />
        <span role="status" class={said?.failed === true ? 'out' : 'muted'}>{said?.text ?? ''}</span>
      </section>
      <Done deeds={deeds} />
    </>
  );
}

function VerdictButtons({ disabled, said, onSay }: { readonly disabled: boolean; readonly said: Verdict | null; readonly onSay: (verdict: Verdict) => void }): VNode {
  const buttons = [['true', 'It was right', 'button-good'], ['false', 'It was wrong', 'button-bad'], ['unsure', 'Unsure', '']] as const;
  return (
    <div class="verdict-buttons" role="group" aria-label="Was it right?">
      <span>Was it right?</span>
      {buttons.map(([verdict, text, tone]) => <button key={verdict} type="button" class={`button ${tone}`} aria-pressed={said === verdict} disabled={disabled} onClick={() => { onSay(verdict); }}>{text}</button>)}
    </div>
  );
}

function Done({ deeds }: { readonly deeds: readonly DoneDeed[] }): VNode | null {
  const { format } = useShopContext();
  if (deeds.length === 0) return null;
  return (
    <ul class="alert-outages" aria-label="What was done">
      {deeds.map((deed) => (
        <li key={`${deed.actedAt} ${deed.action}`}>
          <strong>{breakable(deed.author)}</strong> {deedText(deed, (time) => moment(time, format))} <span class="muted">{moment(deed.actedAt, format)}</span>
          {deed.comment !== '' && <p>{deed.comment}</p>}
        </li>
      ))}
    </ul>
  );
}

/** The start that a token was made for is the one that its message said. */
function startOf({ startsAt }: AlertLink, otherwise: string): string {
  return /^\d+$/.test(startsAt) ? new Date(Number(startsAt)).toISOString() : startsAt === '' ? otherwise : startsAt;
}

/** Gives the answer that the page was opened with, once. */
function useAnswerOnce({ answer, token }: AlertLink, give: (answer: NonNullable<AlertLink['answer']>, token: string) => Promise<void>): void {
  const given = useRef(false);
  useEffect(() => {
    if (given.current || answer === undefined || token === undefined) return;
    given.current = true;
    void give(answer, token);
  });
}
