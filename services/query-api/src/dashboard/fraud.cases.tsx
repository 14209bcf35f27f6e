import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { CaseDialog } from './fraud.case.dialog.js';
import { decisionText, labelText } from './fraud.text.js';
import type { Case } from './fraud.types.js';
import { sentence } from './format.js';
import { Nothing, Panel } from './panel.js';
import { ShowMore } from './show.more.js';
import { useShopContext } from './shop.context.js';
import { usePages } from './use-pages.js';

const EVERY_MS = 10_000;
const PAGE = 25;
const SCENARIOS = [
  'card-testing', 'account-takeover', 'stolen-card', 'friendly-fraud', 'promo-abuse', 'fraud-ring', 'bot-checkout', 'reseller-hoarding', 'compromised-page',
] as const;

interface Filter {
  readonly q: string;
  readonly decision: string;
  readonly labelled: string;
  readonly minScore: string;
  readonly truth: boolean;
  readonly scenario: string;
}

const ALL: Filter = { q: '', decision: '', labelled: '', minScore: '', truth: false, scenario: '' };

function pathOf({ q, decision, labelled, minScore, truth, scenario }: Filter): string {
  const query = new URLSearchParams({ limit: String(PAGE) });
  for (const [name, value] of Object.entries({ q: q.trim(), decision, labelled, minScore, scenario: truth ? scenario : '', truth: truth ? 'true' : '' })) {
    if (value !== '') query.set(name, value);
  }
  return `/api/fraud/cases?${query.toString()}`;
}

/** Orders that were flagged, newest first; each opens. */
export function CasesPanel({ hasTruth }: { readonly hasTruth: boolean }): VNode {
  const [filter, setFilter] = useState<Filter>(ALL);
  const [opened, setOpened] = useState<string | null>(null);
  const { items: cases, state, again, more, moreFailed } = usePages<Case>(pathOf(filter), EVERY_MS, 'cases', ({ orderId }) => orderId);
  return (
    <Panel title="Cases" note="orders to review or declined, newest first" area="fraud-cases">
      <Filters filter={filter} hasTruth={hasTruth} onChange={setFilter} />
      {state === 'failed' && <p class="newer" role="status">The fraud desk does not answer; the page asks again by itself.</p>}
      {state === 'known' && cases.length === 0 && <Nothing text={filter === ALL ? 'No order has been flagged yet.' : 'No case is like that.'} />}
      {cases.length > 0 && <ul class="cases">{cases.map((one) => <CaseRow key={one.orderId} of={one} onOpen={() => { setOpened(one.orderId); }} />)}</ul>}
      <ShowMore more={more} failed={moreFailed} />
      {opened !== null && <CaseDialog orderId={opened} truth={filter.truth} onDecided={again} onClose={() => { setOpened(null); }} />}
    </Panel>
  );
}

function Filters({ filter, hasTruth, onChange }: { readonly filter: Filter; readonly hasTruth: boolean; readonly onChange: (filter: Filter) => void }): VNode {
  const select = (name: 'decision' | 'labelled' | 'minScore' | 'scenario', label: string, options: readonly (readonly [string, string])[]): VNode => (
    <label class="field"><span class="sr-only">{label}</span>
      <select value={filter[name]} onChange={(event) => { onChange({ ...filter, [name]: event.currentTarget.value }); }}>
        {options.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
      </select>
    </label>
  );
  return (
    <search class="filters">
      <label class="field field-wide"><span class="sr-only">Order, customer, card, device or address</span>
        <input type="search" maxLength={200} placeholder="Order, customer, card, device…" value={filter.q} onInput={(event) => { onChange({ ...filter, q: event.currentTarget.value }); }} />
      </label>
      {select('decision', 'Decision', [['', 'Any decision'], ['REVIEW', 'Review'], ['DECLINE', 'Decline']])}
      {select('minScore', 'Least score', [['', 'Any score'], ['0.5', '50 % and more'], ['0.7', '70 % and more'], ['0.9', '90 % and more']])}
      {select('labelled', 'Judged', [['', 'Judged or not'], ['false', 'Not judged yet'], ['true', 'Judged']])}
      {hasTruth && <label class="field-check"><input type="checkbox" checked={filter.truth} onChange={(event) => { onChange({ ...filter, truth: event.currentTarget.checked }); }} /> Show the truth</label>}
      {hasTruth && filter.truth && select('scenario', 'Kind of fraud', [['', 'Any kind'], ...SCENARIOS.map((name) => [name, sentence(name)] as const)])}
    </search>
  );
}

function CaseRow({ of, onOpen }: { readonly of: Case; readonly onOpen: () => void }): VNode {
  const { format } = useShopContext();
  const at = Date.parse(of.occurredAt);
  return (
    <li>
      <button type="button" class="case" aria-haspopup="dialog" onClick={onOpen}>
        <span class={`case-score score-${of.decision === 'DECLINE' ? 'bad' : 'warn'}`}>{format.percent(of.score)}</span>
        <span class="case-order"><strong>{of.orderId}</strong><span class="muted">{of.customerId}</span></span>
        <span class="case-money">{of.totalMinor === null || of.currency === null ? '–' : format.money(of.totalMinor, of.currency)}</span>
        <span class="case-tags">
          <span class={`pill pill-${of.decision === 'DECLINE' ? 'bad' : 'warn'}`}>{decisionText(of.decision)}</span>
          {of.label !== null && <LabelPill label={of.label} />}
          {of.truth !== undefined && <span class="lane">{of.truth === null ? 'truth unknown' : of.truth.fraud ? sentence(of.truth.scenario ?? 'fraud') : 'honest'}</span>}
          <span class="muted case-rules">{of.rulesHit.join(', ')}</span>
        </span>
        <time class="case-time muted" dateTime={of.occurredAt}>{format.day(at)}, {format.minute(at)}</time>
      </button>
    </li>
  );
}

function LabelPill({ label }: { readonly label: NonNullable<Case['label']> }): VNode {
  return <span class={label.fraud ? 'pill pill-bad' : 'pill pill-good'}>{label.fraud ? `Fraud · ${labelText(label.kind ?? '').toLowerCase()}` : 'Honest'}</span>;
}
