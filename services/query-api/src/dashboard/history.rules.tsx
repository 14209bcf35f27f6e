import type { VNode } from 'preact';
import { useAsked } from './asked.client.js';
import { breakable } from './breakable.js';
import { hashOf, pathOf } from './history.search.js';
import { Nothing } from './panel.js';
import { Records, type Column } from './records.table.js';
import type { ListProps } from './searched.list.js';
import { useShopContext } from './shop.context.js';

const EVERY_MS = 60_000;

/** How a rule did, as the notifier counts it. */
interface RuleReport {
  readonly rule: string;
  readonly outages: number;
  readonly told: number;
  readonly messages: number;
  readonly verdicts: { readonly true: number; readonly false: number; readonly unsure: number };
  /** Of those judged right or wrong, the share that was right; null: none was judged. */
  readonly precision: number | null;
  /** Messages about nothing in a week; null: none was judged. */
  readonly noisePerWeek: number | null;
  /** Of the noise budget; null: none was judged. */
  readonly share: number | null;
  readonly proposals: readonly { readonly kind: string; readonly text: string; readonly command: string | null }[];
}

interface RulesReport {
  readonly days: number;
  readonly budget: { readonly perWeek: number; readonly used: number };
  readonly rules: readonly RuleReport[];
}

/** How right and how noisy each rule was, and what could be done about it. */
export function RulesList({ search }: ListProps): VNode {
  const { state: shop, format } = useShopContext();
  const { value, state, again } = useAsked<RulesReport>(pathOf(search, shop.timeZone), EVERY_MS);
  return (
    <section class="panel" aria-label="Rules" aria-busy={state === 'asking'}>
      {state === 'asking' && <p class="nothing muted" role="status">Asking the notifier.</p>}
      {state === 'failed' && <p class="newer" role="status">The notifier does not answer; the page asks again by itself. <button type="button" class="button" onClick={again}>Ask again</button></p>}
      {value !== null && (
        <p class="history-budget">
          In the last {format.count(value.days)} days, <strong>{format.decimal(value.budget.used)}</strong> messages a week were about nothing, by what people said of them; the budget allows {format.decimal(value.budget.perWeek)}.
          <span class="muted"> Precision: how many alerts were right, of those that somebody judged right or wrong.</span>
        </p>
      )}
      {value?.rules.length === 0 && <Nothing text="No rule has fired in this time." />}
      {value !== null && value.rules.length > 0 && <Rules rules={value.rules} />}
    </section>
  );
}

function Rules({ rules }: { readonly rules: readonly RuleReport[] }): VNode {
  const { format } = useShopContext();
  const columns: readonly [Column<RuleReport>, ...Column<RuleReport>[]] = [
    { name: 'Rule', cell: ({ rule }) => <a href={hashOf({ list: 'alerts', filters: { rule } })}>{breakable(rule)}</a> },
    { name: 'Fired', cell: ({ outages }) => format.count(outages) },
    { name: 'Told', cell: ({ told, messages }) => <>{format.count(told)} <span class="muted">in {format.count(messages)} {messages === 1 ? 'message' : 'messages'}</span></> },
    { name: 'Right / wrong / unsure', cell: ({ verdicts }) => `${format.count(verdicts.true)} / ${format.count(verdicts.false)} / ${format.count(verdicts.unsure)}` },
    { name: 'Precision', cell: ({ precision }) => precision === null ? <span class="muted">not judged</span> : format.percent(precision) },
    { name: 'Share of the noise budget', cell: (rule) => <Share rule={rule} /> },
    { name: 'What could be done', cell: ({ proposals }) => <Proposals proposals={proposals} /> },
  ];
  return <Records label="Rules" columns={columns} items={rules} keyOf={({ rule }) => rule} />;
}

function Share({ rule: { share, noisePerWeek } }: { readonly rule: RuleReport }): VNode {
  const { format } = useShopContext();
  if (share === null || noisePerWeek === null) return <span class="muted">not judged</span>;
  return (
    <span class="record-share">
      <span class="meter" aria-hidden="true"><span style={{ width: `${(Math.min(Math.max(share, 0), 1) * 100).toFixed(1)}%` }} /></span>
      <span>{format.percent(share)} <span class="muted">{format.decimal(noisePerWeek)} messages a week</span></span>
    </span>
  );
}

function Proposals({ proposals }: Pick<RuleReport, 'proposals'>): VNode {
  if (proposals.length === 0) return <span class="muted">–</span>;
  return <ul class="record-proposals">{proposals.map(({ text, command }) => <li key={text}>{text}{command !== null && <> <code>{command}</code></>}</li>)}</ul>;
}
