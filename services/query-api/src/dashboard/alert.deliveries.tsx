import type { VNode } from 'preact';
import type { AlertDetailDto, DeliveryDto } from '../wire.dto.js';
import { attemptText, deliveryState, moment, mutingText, toldText } from './alert.text.js';
import { breakable } from './breakable.js';
import { useShopContext } from './shop.context.js';

/** Who was told of an alert, when, and how each attempt went. */
export function AlertDeliveries({ detail: { alert, deliveries, mutings } }: { readonly detail: AlertDetailDto }): VNode {
  return (
    <>
      <h3>Who was told</h3>
      {deliveries.length === 0 && <p class="muted">Nobody yet{mutings.length === 0 ? ': it may wait for others of its group, or no receiver wants it' : ''}.</p>}
      {deliveries.length > 0 && <ul class="alert-deliveries">{deliveries.map((delivery) => <Delivery key={delivery.id} delivery={delivery} fingerprint={alert.fingerprint} />)}</ul>}
      {mutings.length > 0 && <Mutings mutings={mutings} />}
    </>
  );
}

function Mutings({ mutings }: Pick<AlertDetailDto, 'mutings'>): VNode {
  const { format } = useShopContext();
  return (
    <ul class="alert-outages" aria-label="Who was not told, and why">
      {mutings.map((muting) => (
        <li key={`${muting.receiver} ${muting.reason} ${muting.by}`}>
          <strong>{breakable(muting.receiver)}</strong> was not told: {breakable(mutingText(muting))} <span class="muted">at {moment(muting.since, format)}</span>
        </li>
      ))}
    </ul>
  );
}

function Delivery({ delivery, fingerprint }: { readonly delivery: DeliveryDto; readonly fingerprint: string }): VNode {
  const { format } = useShopContext();
  const { receiver, integration, state, createdAt, nextAttemptAt, attempts } = delivery;
  const { text, tone } = deliveryState(state);
  return (
    <li>
      <p class="case-headline"><strong>{breakable(receiver)}</strong><span class={`pill pill-${tone}`}>{text}</span></p>
      <p>Told {toldText(delivery, fingerprint, format)}. <span class="muted">Queued {moment(createdAt, format)}; <code>{breakable(integration)}</code></span></p>
      {attempts.length > 0 && (
        <ol aria-label={`Attempts to tell ${receiver}`}>
          {attempts.map((attempt) => (
            <li key={`${String(attempt.attempt)} ${attempt.startedAt}`}><time dateTime={attempt.startedAt}>{moment(attempt.startedAt, format)}</time> <span class={attempt.outcome === 'delivered' ? 'told-well' : 'told-badly'}>{attemptText(attempt, format)}</span></li>
          ))}
        </ol>
      )}
      {nextAttemptAt !== null && <p class="muted">{attempts.length === 0 ? 'To be sent' : 'Next attempt'} {moment(nextAttemptAt, format)}.</p>}
    </li>
  );
}
