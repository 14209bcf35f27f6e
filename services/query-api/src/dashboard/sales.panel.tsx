import type { VNode } from 'preact';
import { useMedia } from './use-media.js';
import { useState } from 'preact/hooks';
import { Panel } from './panel.js';
import { SalesChart } from './sales.chart.js';
import { useShopContext } from './shop.context.js';
import { mainCurrency, mainRevenueKey, perMinute } from './shop.state.js';
import { CHART_MINUTES } from './use-shop.js';

const VIEWS = [
  { id: 'revenue', label: 'Revenue' },
  { id: 'orders', label: 'Orders' },
  { id: 'table', label: 'Table' },
] as const;
type View = (typeof VIEWS)[number]['id'];

/** Sales of the last hour and a half, minute by minute, as bars or as a table. */
export function SalesPanel(): VNode {
  const { state, now, format } = useShopContext();
  const [view, setView] = useState<View>('revenue');
  const currency = mainCurrency(state);
  const money = (value: number): string => (currency === null ? format.count(value) : format.money(value, currency));
  const moneyAxis = (value: number): string => (currency === null ? format.count(value) : format.moneyAxis(value, currency));
  // Fewer bars on a phone, so that each can be told from the next.
  const length = useMedia('(max-width: 45rem)') ? CHART_MINUTES / 2 : CHART_MINUTES;
  const revenue = perMinute(state, mainRevenueKey(state), now, length);
  const orders = perMinute(state, 'orders{}', now, length);
  const series = view === 'orders' ? orders : revenue;
  return (
    <Panel title="Sales per minute" note={`${String(length)} minutes`} metric={view === 'orders' ? 'orders' : 'revenue'} area="sales" actions={<Switch view={view} onChange={setView} />}>
      {view === 'table' ? (
        <div class="minutes" tabIndex={0} role="region" aria-label="Sales per minute as a table">
          <table>
            <thead><tr><th scope="col">Minute</th><th scope="col">Revenue</th><th scope="col">Orders</th></tr></thead>
            <tbody>
              {revenue.starts.map((start, index) => (
                <tr key={start}><th scope="row">{format.minute(start)}</th><td>{money(revenue.values[index] ?? 0)}</td><td>{format.count(orders.values[index] ?? 0)}</td></tr>
              )).reverse()}
            </tbody>
          </table>
        </div>
      ) : (
        <SalesChart series={series} axis={view === 'orders' ? format.count : moneyAxis} value={view === 'orders' ? (value) => `${format.count(value)} orders` : money} minute={format.minute} />
      )}
    </Panel>
  );
}

function Switch({ view, onChange }: { readonly view: View; readonly onChange: (view: View) => void }): VNode {
  return (
    <fieldset class="switch">
      <legend class="sr-only">Show sales as</legend>
      {VIEWS.map(({ id, label }) => (
        <label key={id}>
          <input type="radio" name="sales-view" value={id} checked={view === id} onChange={() => { onChange(id); }} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
