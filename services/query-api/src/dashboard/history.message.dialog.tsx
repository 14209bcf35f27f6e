import type { VNode } from 'preact';
import type { DeliveryDto } from '../wire.dto.js';
import { linkTo } from './alert.link.js';
import { attemptText, deliveryState, moment } from './alert.text.js';
import { breakable } from './breakable.js';
import { ModalDialog } from './modal.dialog.js';
import { useShopContext } from './shop.context.js';

/** One message: what it told of, and how each attempt to bring it went. */
export function MessageDialog({ message, onClose }: { readonly message: DeliveryDto; readonly onClose: () => void }): VNode {
  const { format } = useShopContext();
  const { receiver, integration, messageId, state, createdAt, nextAttemptAt } = message;
  const { text, tone } = deliveryState(state);
  return (
    <ModalDialog title={`Message to ${receiver}`} wide onClose={onClose}>
      <p class="case-headline"><span class={`pill pill-${tone}`}>{text}</span></p>
      <dl class="explain-facts">
        <div><dt>Queued</dt><dd>{moment(createdAt, format)}</dd></div>
        {nextAttemptAt !== null && <div><dt>Next attempt</dt><dd>{moment(nextAttemptAt, format)}</dd></div>}
        <div><dt>Sent through</dt><dd><code>{breakable(integration)}</code></dd></div>
        <div><dt>Its id</dt><dd><code>{breakable(messageId)}</code> <span class="muted">the same at every attempt</span></dd></div>
      </dl>
      <ToldAlerts message={message} />
      <Attempts message={message} />
    </ModalDialog>
  );
}

function ToldAlerts({ message: { alerts, alertCount } }: { readonly message: DeliveryDto }): VNode {
  const { format, showAlert } = useShopContext();
  return (
    <>
      <h3>What it told of</h3>
      <ul class="alert-outages" aria-label="Alerts it told of">
        {alerts.map(({ fingerprint, name, status, startsAt }) => (
          <li key={`${fingerprint} ${startsAt}`}>
            <button type="button" class="number" aria-haspopup="dialog" onClick={() => { showAlert(linkTo({ fingerprint, startsAt })); }}>{name}</button>
            <span class="muted"> {status === 'firing' ? 'fires since' : 'is over; it began'} {moment(startsAt, format)}</span>
          </li>
        ))}
      </ul>
      {alertCount > alerts.length && <p class="muted">and {format.count(alertCount - alerts.length)} more</p>}
    </>
  );
}

function Attempts({ message: { receiver, attempts } }: { readonly message: DeliveryDto }): VNode {
  const { format } = useShopContext();
  return (
    <>
      <h3>Attempts</h3>
      {attempts.length === 0 && <p class="muted">None yet.</p>}
      {attempts.length > 0 && (
        <ol class="history-attempts" aria-label={`Attempts to tell ${receiver}`}>
          {attempts.map((attempt) => (
            <li key={`${String(attempt.attempt)} ${attempt.startedAt}`}>
              <time dateTime={attempt.startedAt}>{moment(attempt.startedAt, format)}</time> <span class={attempt.outcome === 'delivered' ? 'told-well' : 'told-badly'}>{attemptText(attempt, format)}</span>
              {attempt.answer !== null && attempt.answer !== '' && <details><summary>What the receiver answered</summary><pre>{attempt.answer}</pre></details>}
            </li>
          ))}
        </ol>
      )}
    </>
  );
}
