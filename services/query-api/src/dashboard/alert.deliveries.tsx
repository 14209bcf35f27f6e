import type { VNode } from 'preact';
import type { AlertDetailDto, DeliveryDto } from '../wire.dto.js';
import { attemptText, deliveryState, moment, toldText } from './alert.text.js';
import { breakable } from './breakable.js';
import { useShopContext } from './shop.context.js';

/** Who was told of an alert, when, and how each attempt went. */
export function AlertDeliveries({ detail: { alert, deliveries } }: { readonly detail: AlertDetailDto }): VNode {
  return (
    <>
      <h3>Who was told</h3>
      {deliveries.length === 0 && <p class="muted">Nobody yet: it may wait for others of its group, be silenced, or no receiver wants it.</p>}
      {deliveries.length > 0 && <ul class="alert-deliveries">{deliveries.map((delivery) => <Delivery key={delivery.id} delivery={delivery} fingerprint={alert.fingerprint} />)}</ul>}
    </>
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
