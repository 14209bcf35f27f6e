import type { VNode } from 'preact';
import { useMedia } from './use-media.js';
import { useState } from 'preact/hooks';
import { Explained } from './explained.number.js';
import type { Subject } from './explanation.js';
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
const ORDERS_KEY = 'orders{}';
type View = (typeof VIEWS)[number]['id'];

/** Sales of the last hour and a half, minute by minute, as bars or as a table. */
export function SalesPanel(): VNode {
  const { state, now, format, explain } = useShopContext();
  const [view, setView] = useState<View>('revenue');
  const currency = mainCurrency(state);
  const money = (value: number): string => (currency === null ? format.count(value) : format.money(value, currency));
  const moneyAxis = (value: number): string => (currency === null ? format.count(value) : format.moneyAxis(value, currency));
  // Fewer bars on a phone, so that each can be told from the next.
  const length = useMedia('(max-width: 45rem)') ? CHART_MINUTES / 2 : CHART_MINUTES;
  const revenueKey = mainRevenueKey(state);
  const revenue = perMinute(state, revenueKey, now, length);
  const orders = perMinute(state, ORDERS_KEY, now, length);
  const series = view === 'orders' ? orders : revenue;
  const minuteOf = (metricKey: string, start: number): Subject => ({
    title: `${metricKey === ORDERS_KEY ? 'Orders' : 'Revenue'} at ${format.minute(start)}`, metricKey, window: '1m', windowStart: new Date(start).toISOString(),
  });
  return (
    <Panel title="Sales per minute" note={`${String(length)} minutes`} metric={view === 'orders' ? 'orders' : 'revenue'} area="sales" actions={<Switch view={view} onChange={setView} />}>
      {view === 'table' ? (
        <div class="minutes" tabIndex={0} role="region" aria-label="Sales per minute as a table">
          <table>
            <thead><tr><th scope="col">Minute</th><th scope="col">Revenue</th><th scope="col">Orders</th></tr></thead>
            <tbody>
              {revenue.starts.map((start, index) => (
                <tr key={start}>
                  <th scope="row">{format.minute(start)}</th>
                  <td><MinuteNumber of={minuteOf(revenueKey, start)} value={revenue.values[index] ?? 0} text={money} /></td>
                  <td><MinuteNumber of={minuteOf(ORDERS_KEY, start)} value={orders.values[index] ?? 0} text={format.count} /></td>
                </tr>
              )).reverse()}
            </tbody>
          </table>
        </div>
      ) : (
        <SalesChart series={series} axis={view === 'orders' ? format.count : moneyAxis} value={view === 'orders' ? (value) => `${format.count(value)} orders` : money} minute={format.minute} onExplain={(start) => { explain(minuteOf(view === 'orders' ? ORDERS_KEY : revenueKey, start)); }} />
      )}
    </Panel>
  );
}

/** A minute nothing was counted in has nothing to explain. */
function MinuteNumber({ of, value, text }: { readonly of: Subject; readonly value: number; readonly text: (value: number) => string }): VNode {
  return <Explained of={value === 0 ? undefined : of} title={of.title}>{text(value)}</Explained>;
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
