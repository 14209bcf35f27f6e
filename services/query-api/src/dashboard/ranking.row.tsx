import type { VNode } from 'preact';
import type { WindowDto } from '../wire.dto.js';
import { Explained } from './explained.number.js';
import { countryName, sentence } from './format.js';
import { dayName } from './headline.panel.js';
import { Nothing, Panel } from './panel.js';
import { useShopContext } from './shop.context.js';
import { current, mainCurrency, ranking } from './shop.state.js';

interface Rank {
  readonly key: string;
  readonly value: number;
  /** What the number is of. */
  readonly of: WindowDto;
}

const SHOWN = 10;

/** Who and what leads: products, categories, countries; and what runs out. */
export function RankingRow(): VNode {
  const { state, now, format } = useShopContext();
  const currency = mainCurrency(state);
  const best = current(state, 'top_products', '10m', [])[0];
  const views = current(state, 'views', '1d', ['category']);
  const countries = current(state, 'revenue', '1d', ['country', 'currency']);
  const low = current(state, 'low_stock', '1m', [])[0];
  const product = (id: string): string => state.productNames.get(id) ?? id;
  return (
    <div class="rankings">
      <Panel title="Best sellers" note="10 minutes" metric="top_products" area="best">
        <Bars rows={best === undefined ? [] : best.items.map((item) => ({ ...item, of: best }))} title="Best sellers" isItem unit="items" name={product} text={format.count} empty="No orders in the last ten minutes." />
      </Panel>
      <Panel title="Views by category" note={dayName(views[0], now, format.day)} metric="views" area="views">
        <Bars rows={ranking(views, 'category')} title="Views" unit="views" name={sentence} text={format.countShort} empty="No product was looked at yet." />
      </Panel>
      <Panel title="Revenue by country" note={dayName(countries[0], now, format.day)} metric="revenue" area="countries">
        <Bars rows={ranking(countries, 'country', currency)} title="Revenue" unit="revenue" name={(key) => countryName(key)} text={(value) => format.moneyShort(value, currency ?? '')} empty="No order today." />
      </Panel>
      <LowStock window={low} name={product} />
    </div>
  );
}

interface BarsProps {
  readonly rows: readonly Rank[];
  /** Of the explanation of a number, with the row's name. */
  readonly title: string;
  /** Whether the rows are lines of one window rather than windows. */
  readonly isItem?: boolean;
  readonly unit: string;
  readonly name: (key: string) => string;
  readonly text: (value: number) => string;
  readonly empty: string;
}

function Bars({ rows, title, isItem = false, unit, name, text, empty }: BarsProps): VNode {
  const shown = rows.slice(0, SHOWN);
  if (shown.length === 0) return <Nothing text={empty} />;
  const most = Math.max(...shown.map((row) => row.value), Number.MIN_VALUE);
  return (
    <table class="bars">
      <Columns />
      <thead class="sr-only"><tr><th scope="col">Name</th><th scope="col">{unit}</th></tr></thead>
      <tbody>
        {shown.map((row) => (
          <tr key={row.key}>
            <th scope="row"><span class="bar" aria-hidden="true" style={{ width: `${((Math.max(0, row.value) / most) * 100).toFixed(1)}%` }} /><span class="bar-name" title={name(row.key)}>{name(row.key)}</span></th>
            <td><Explained of={row.of} title={`${title}: ${name(row.key)}`} {...(isItem ? { item: row.key } : {})}>{text(row.value)}</Explained></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Widths are those of the first row, which is there for screen readers only. */
function Columns(): VNode {
  return <colgroup><col /><col class="bars-value" /></colgroup>;
}

function LowStock({ window, name }: { readonly window: WindowDto | undefined; readonly name: (id: string) => string }): VNode {
  const { format } = useShopContext();
  const items = window?.items ?? [];
  return (
    <Panel title="Low stock" note={window === undefined || window.value === 0 ? undefined : `${format.count(window.value)} products`} metric="low_stock" area="low">
      {items.length === 0 && <Nothing text={window === undefined ? 'Stock not counted yet.' : 'Nothing is running out.'} />}
      {items.length > 0 && (
        <table class="bars plain">
          <Columns />
          <thead class="sr-only"><tr><th scope="col">Product</th><th scope="col">Items left</th></tr></thead>
          <tbody>
            {items.slice(0, SHOWN).map((item) => (
              <tr key={item.key}>
                <th scope="row"><span class="bar-name" title={name(item.key)}>{name(item.key)}</span></th>
                <td class={item.value <= 0 ? 'out' : ''}>
                  <Explained of={window} title={`Low stock: ${name(item.key)}`} item={item.key}>{item.value <= 0 ? 'sold out' : `${format.count(item.value)} left`}</Explained>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
