import type { VNode } from 'preact';
import { breakable } from './breakable.js';
import { useAsked } from './asked.client.js';
import { RingGraph } from './fraud.ring.graph.js';
import { kindText, RING_KINDS, ringMoney } from './fraud.text.js';
import type { Ring, RingAnswer } from './fraud.types.js';
import { ModalDialog } from './modal.dialog.js';
import { useShopContext } from './shop.context.js';

/** One ring: the drawing, its customers, and what they share. */
export function RingDialog({ id, onClose }: { readonly id: string; readonly onClose: () => void }): VNode {
  const path = `/api/fraud/rings/${encodeURIComponent(id)}`;
  const { value, state, again } = useAsked<RingAnswer>(path);
  return (
    <ModalDialog title={value === null ? 'Ring' : `Ring ${String(value.ring.rank)}: ${String(value.ring.customers.count)} customers`} wide onClose={onClose}>
      {value === null && state === 'asking' && <p class="muted" role="status">Reading the ring.</p>}
      {state === 'failed' && <p role="status">The server cannot show this ring now; a newer report may have replaced it. <button type="button" class="button" onClick={again}>Ask again</button></p>}
      {value !== null && <Detail ring={value.ring} path={path} />}
    </ModalDialog>
  );
}

function Detail({ ring, path }: { readonly ring: Ring; readonly path: string }): VNode {
  const { format } = useShopContext();
  return (
    <>
      <RingGraph ring={ring} />
      <dl class="explain-facts">
        <div><dt>Orders</dt><dd>{format.count(ring.orders)}, {ringMoney(ring.amounts, format)}, from {format.day(ring.firstAt)} to {format.day(ring.lastAt)}</dd></div>
        <div><dt>Labelled fraud</dt><dd>{format.count(ring.frauds)} of {format.count(ring.orders)} orders</dd></div>
        <div><dt>Go round</dt><dd>{format.decimal(ring.sharing)} customers per card or device; a household has about one</dd></div>
      </dl>
      <Shared ring={ring} />
      <h3>Customers {ring.customers.ids.length < ring.customers.count && <span class="muted">the first {ring.customers.ids.length} of {format.count(ring.customers.count)}</span>}</h3>
      <table class="offsets">
        <thead><tr><th scope="col">Customer</th><th scope="col">Orders</th><th scope="col">Fraud</th></tr></thead>
        <tbody>{ring.customers.ids.map(({ id, orders, frauds }) => <tr key={id}><th scope="row">{breakable(id)}</th><td>{orders}</td><td class={frauds > 0 ? 'out' : ''}>{frauds}</td></tr>)}</tbody>
      </table>
      <p><a href={path} target="_blank" rel="noreferrer">The same as JSON</a></p>
    </>
  );
}

function Shared({ ring: { things } }: { readonly ring: Ring }): VNode {
  const { format } = useShopContext();
  const rows = RING_KINDS.flatMap((kind) => things[kind].ids.filter(({ customers }) => customers > 1).map((thing) => ({ kind, ...thing })));
  const all = RING_KINDS.reduce((sum, kind) => sum + things[kind].shared, 0);
  return (
    <>
      <h3>What they share {rows.length < all && <span class="muted">the first {rows.length} of {format.count(all)}</span>}</h3>
      <table class="offsets">
        <thead><tr><th scope="col">What</th><th scope="col">Customers</th><th scope="col">Orders</th></tr></thead>
        <tbody>{rows.map(({ kind, id, customers, orders }) => <tr key={`${kind} ${id}`}><th scope="row"><span class="muted">{kindText(kind)}</span> {breakable(id)}</th><td>{customers}</td><td>{orders}</td></tr>)}</tbody>
      </table>
    </>
  );
}
