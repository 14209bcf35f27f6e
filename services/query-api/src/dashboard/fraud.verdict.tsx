import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { sendVerdict } from './fraud.client.js';
import { useAuthor } from './use-author.js';

/** Two buttons, and who presses them: the name is remembered by this browser. */
export function FraudVerdict({ orderId, onDecided }: { readonly orderId: string; readonly onDecided: () => void }): VNode {
  const { author: decidedBy, setAuthor: setDecidedBy, remember } = useAuthor();
  const [note, setNote] = useState('');
  const [said, setSaid] = useState<{ readonly text: string; readonly failed: boolean } | null>(null);
  const [sending, setSending] = useState(false);
  const decide = async (fraud: boolean): Promise<void> => {
    if (decidedBy.trim() === '') {
      setSaid({ text: 'Say who you are first.', failed: true });
      return;
    }
    remember();
    setSending(true);
    const failure = await sendVerdict(orderId, { fraud, decidedBy, ...(note.trim() === '' ? {} : { note }) });
    setSending(false);
    setSaid(failure === null ? { text: `Recorded: ${fraud ? 'fraud' : 'honest'}.`, failed: false } : { text: failure, failed: true });
    if (failure === null) {
      setNote('');
      onDecided();
    }
  };
  return (
    <section class="verdict" aria-label="Verdict">
      <div class="verdict-fields">
        <label class="field"><span>Your name</span><input type="text" maxLength={100} autoComplete="name" value={decidedBy} onInput={(event) => { setDecidedBy(event.currentTarget.value); }} /></label>
        <label class="field field-wide"><span>Note, if any</span><input type="text" maxLength={2000} value={note} onInput={(event) => { setNote(event.currentTarget.value); }} /></label>
      </div>
      <div class="verdict-buttons">
        <button type="button" class="button button-bad" disabled={sending} onClick={() => { void decide(true); }}>It is fraud</button>
        <button type="button" class="button button-good" disabled={sending} onClick={() => { void decide(false); }}>It is honest</button>
        <span role="status" class={said?.failed === true ? 'out' : 'muted'}>{said?.text ?? ''}</span>
      </div>
    </section>
  );
}
