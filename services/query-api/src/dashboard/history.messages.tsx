import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { DeliveryDto } from '../wire.dto.js';
import { deliveryState, moment } from './alert.text.js';
import { breakable } from './breakable.js';
import { MessageDialog } from './history.message.dialog.js';
import { pathOf } from './history.search.js';
import { Records, type Column } from './records.table.js';
import { Searched, type ListProps } from './searched.list.js';
import { useShopContext } from './shop.context.js';
import { usePages } from './use-pages.js';

const EVERY_MS = 10_000;
/** Names shown of the alerts that a message told of. */
const NAMED = 2;

/** Every message to a receiver; each opens its attempts. */
export function MessagesList(props: ListProps): VNode {
  const { state: shop, format } = useShopContext();
  const [opened, open] = useState<number | null>(null);
  const pages = usePages<DeliveryDto>(pathOf(props.search, shop.timeZone), EVERY_MS, 'deliveries', ({ id }) => String(id));
  const message = pages.items.find(({ id }) => id === opened);
  const columns: readonly [Column<DeliveryDto>, ...Column<DeliveryDto>[]] = [
    { name: 'To', cell: ({ id, receiver }) => <button type="button" class="number record-open" aria-haspopup="dialog" onClick={() => { open(id); }}>{breakable(receiver)}</button> },
    { name: 'About', cell: (one) => aboutText(one, format.count) },
    { name: 'State', cell: ({ state }) => <span class={`pill pill-${deliveryState(state).tone}`}>{deliveryState(state).text}</span> },
    { name: 'Queued', cell: ({ createdAt }) => <time dateTime={createdAt}>{moment(createdAt, format)}</time> },
    { name: 'Attempts', cell: ({ attempts, lastError, state }) => <>{format.count(attempts.length)}{lastError !== null && state !== 'delivered' && <span class="muted"> · {lastError}</span>}</> },
  ];
  return (
    <>
      <Searched {...props} pages={pages} none="No message has been queued yet: an alert waits for others of its group first."><Records label="Messages" columns={columns} items={pages.items} keyOf={({ id }) => String(id)} /></Searched>
      {message !== undefined && <MessageDialog message={message} onClose={() => { open(null); }} />}
    </>
  );
}

function aboutText({ alerts, alertCount, status }: DeliveryDto, count: (value: number) => string): string {
  const names = [...new Set(alerts.slice(0, NAMED).map(({ name }) => name))].join(', ');
  const others = alertCount > NAMED ? ` and ${count(alertCount - NAMED)} more` : '';
  return `${names}${others} ${status === 'firing' ? (alertCount === 1 ? 'fires' : 'fire') : alertCount === 1 ? 'is over' : 'are over'}`;
}
