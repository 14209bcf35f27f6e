import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { age } from './format.js';
import { useAsked } from './asked.client.js';
import { RingDialog } from './fraud.ring.dialog.js';
import { ringMoney, sharedText } from './fraud.text.js';
import type { RingReport, RingsAnswer, RingSummary } from './fraud.types.js';
import { Nothing, Panel } from './panel.js';
import { useShopContext } from './shop.context.js';

const EVERY_MS = 30_000;
const PAGE = 10;

/** Customers connected over what they share, the most suspicious first; each opens. */
export function RingsPanel(): VNode {
  const { value, state } = useAsked<RingsAnswer>('/api/fraud/rings', EVERY_MS);
  const [shown, setShown] = useState(PAGE);
  const [opened, setOpened] = useState<string | null>(null);
  const rings = value?.rings ?? [];
  return (
    <Panel title="Rings" note="customers connected by what they share" area="fraud-rings">
      {state === 'failed' && <p class="newer" role="status">The fraud desk does not answer; the page asks again by itself.</p>}
      {value !== null && (value.report === null ? <Never /> : <About report={value.report} told={rings.length} />)}
      {value?.report != null && rings.length === 0 && <Nothing text="No ring was found: no customers share a card, device or address with enough others." />}
      {rings.length > 0 && <ul class="cases">{rings.slice(0, shown).map((ring) => <RingRow key={ring.id} of={ring} onOpen={() => { setOpened(ring.id); }} />)}</ul>}
      {shown < rings.length && <p class="cases-more"><button type="button" class="button" onClick={() => { setShown(shown + PAGE); }}>Show more rings</button></p>}
      {opened !== null && <RingDialog id={opened} onClose={() => { setOpened(null); }} />}
    </Panel>
  );
}

function Never(): VNode {
  return (
    <div class="nothing muted ring-never">
      <p>Nobody has looked for rings yet.</p>
      <p><code>millrace fraud rings --publish http://127.0.0.1:8105</code></p>
      <p>looks through the orders of the last 30 days; the address is that of this lane’s fraud desk.</p>
    </div>
  );
}

function About({ report, told }: { readonly report: RingReport; readonly told: number }): VNode {
  const { now, format } = useShopContext();
  const { card, device, address } = report.hubs;
  const hubs = card + device + address;
  const since = now - report.madeAt;
  return (
    <p class="muted ring-about">
      {format.count(report.found)} {report.found === 1 ? 'ring' : 'rings'} of {report.minCustomers} or more customers in {format.count(report.orders)} orders, {format.day(report.since)} to {format.day(report.until)}
      {told < report.found && `; the ${format.count(told)} most suspicious are kept`}.
      {hubs > 0 && ` ${format.count(hubs)} ${hubs === 1 ? 'thing' : 'things'} that more than ${String(report.mostShared)} customers share, such as parcel lockers, connect nobody.`}
      {' '}Made {since < 60_000 ? 'just now' : `${age(since)} ago`}.
    </p>
  );
}

function RingRow({ of, onOpen }: { readonly of: RingSummary; readonly onOpen: () => void }): VNode {
  const { format } = useShopContext();
  return (
    <li>
      <button type="button" class="case ring" aria-haspopup="dialog" onClick={onOpen}>
        <span class="case-score">{of.rank}</span>
        <span class="case-order"><strong>{format.count(of.customers)} customers</strong><span class="muted">{sharedText(of.things)}</span></span>
        <span class="case-money">{ringMoney(of.amounts, format)}</span>
        <span class="case-tags">
          <span class={`pill pill-${of.frauds > 0 ? 'bad' : 'warn'}`}>{of.frauds > 0 ? `${format.percent(of.frauds / of.orders)} labelled fraud` : 'no label yet'}</span>
          <span class="muted">{format.count(of.orders)} orders</span>
        </span>
        <time class="case-time muted" dateTime={new Date(of.lastAt).toISOString()}>last {format.day(of.lastAt)}</time>
      </button>
    </li>
  );
}
