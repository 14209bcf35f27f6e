import type { VNode } from 'preact';
import type { WindowDto } from '../wire.dto.js';
import { countryName, sentence } from './format.js';
import { dayName } from './headline.panel.js';
import { Nothing, Panel } from './panel.js';
import { useShopContext } from './shop.context.js';
import { current, mainCurrency, ranking } from './shop.state.js';

interface Rank {
  readonly key: string;
  readonly value: number;
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
  return (
    <div class="rankings">
      <Panel title="Best sellers" note="10 minutes" metric="top_products" area="best">
        <Bars rows={best?.items ?? []} unit="items" name={(key) => key} text={format.count} empty="No orders in the last ten minutes." />
      </Panel>
      <Panel title="Views by category" note={dayName(views[0], now, format.day)} metric="views" area="views">
        <Bars rows={ranking(views, 'category')} unit="views" name={sentence} text={format.countShort} empty="No product was looked at yet." />
      </Panel>
      <Panel title="Revenue by country" note={dayName(countries[0], now, format.day)} metric="revenue" area="countries">
        <Bars rows={ranking(countries, 'country', currency)} unit="revenue" name={(key) => countryName(key)} text={(value) => format.moneyShort(value, currency ?? '')} empty="No order today." />
      </Panel>
      <LowStock window={low} />
    </div>
  );
}

interface BarsProps {
  readonly rows: readonly Rank[];
  readonly unit: string;
  readonly name: (key: string) => string;
  readonly text: (value: number) => string;
  readonly empty: string;
}

function Bars({ rows, unit, name, text, empty }: BarsProps): VNode {
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
            <th scope="row"><span class="bar" aria-hidden="true" style={{ width: `${((Math.max(0, row.value) / most) * 100).toFixed(1)}%` }} /><span class="bar-name">{name(row.key)}</span></th>
            <td>{text(row.value)}</td>
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

function LowStock({ window }: { readonly window: WindowDto | undefined }): VNode {
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
                <th scope="row"><span class="bar-name">{item.key}</span></th>
                <td class={item.value <= 0 ? 'out' : ''}>{item.value <= 0 ? 'sold out' : `${format.count(item.value)} left`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
