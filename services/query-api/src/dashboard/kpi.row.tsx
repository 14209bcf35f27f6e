import type { ComponentChildren, VNode } from 'preact';
import { Explained } from './explained.number.js';
import type { Subject } from './explanation.js';
import { Age, useStale } from './freshness.js';
import { dayName } from './headline.panel.js';
import { useShopContext } from './shop.context.js';
import { current, mainCurrency, perMinute } from './shop.state.js';

const SPARK_MINUTES = 60;

/** The shop's other numbers, one tile each. */
export function KpiRow(): VNode {
  return (
    <div class="kpis">
      <VisitKpis />
      <OrderKpis />
    </div>
  );
}

function VisitKpis(): VNode {
  const { state, now, format } = useShopContext();
  const users = current(state, 'active_users', '1m', [])[0];
  const conversion = current(state, 'conversion_rate', '1h', [])[0];
  const carts = current(state, 'cart_abandonment', '1h', [])[0];
  // The minute that runs has hardly anybody in it when it begins: the last whole one is shown.
  const { starts, values: usersByMinute } = perMinute(state, 'active_users{}', now - 60_000, SPARK_MINUTES);
  const lastUsers = usersByMinute.at(-1) === 0 ? undefined : usersByMinute.at(-1);
  const lastMinute = lastUsers === undefined ? users : { metricKey: 'active_users{}', window: '1m', windowStart: new Date(starts.at(-1) ?? 0).toISOString() };
  return (
    <>
      <Kpi title="Active users" note="last minute" metric="active_users" of={lastMinute} value={users && format.count(lastUsers ?? users.value)}>
        <Spark label="Active users by minute, last hour" values={usersByMinute} />
      </Kpi>
      <Kpi title="Conversion" note="this hour" metric="conversion_rate" of={conversion} value={conversion && format.percent(conversion.value)}>
        <span class="muted">{conversion && conversion.value > 0 ? `1 in ${format.count(1 / conversion.value)} visitors` : ''}</span>
      </Kpi>
      <Kpi title="Carts left" note="this hour" metric="cart_abandonment" of={carts} value={carts && format.percent(carts.value)}>
        <Meter ratio={carts?.value} />
      </Kpi>
    </>
  );
}

function OrderKpis(): VNode {
  const { state, now, format } = useShopContext();
  const currency = mainCurrency(state);
  const rating = current(state, 'rating', '1d', [])[0];
  const items = current(state, 'units_sold', '1d', [])[0];
  const orders = current(state, 'orders', '1d', [])[0];
  const refundCount = current(state, 'refund_count', '1d', [])[0];
  const refunds = current(state, 'refunds', '1d', ['currency']).find((entry) => entry.dimensions['currency'] === currency);
  return (
    <>
      <Kpi title="Items sold" note={dayName(items, now, format.day)} metric="units_sold" of={items} value={items && format.count(items.value)}>
        <span class="muted">{orders ? `in ${format.count(orders.value)} orders` : ''}</span>
      </Kpi>
      <Kpi title="Refunds" note={dayName(refunds, now, format.day)} metric="refunds" of={refunds} value={refunds && currency !== null ? format.money(refunds.value, currency) : undefined}>
        <span class="muted">{refundCount ? `${format.count(refundCount.value)} ${refundCount.value === 1 ? 'refund' : 'refunds'}` : ''}</span>
      </Kpi>
      <Kpi title="Rating" note={dayName(rating, now, format.day)} metric="rating" of={rating} value={rating && format.decimal(rating.value)}>
        {rating && <Stars rating={rating.value} count={format.count(rating.count)} />}
      </Kpi>
    </>
  );
}

interface KpiProps {
  readonly title: string;
  readonly note: string;
  readonly metric: string;
  readonly of: Omit<Subject, 'title'> | undefined;
  /** Undefined before the first number. */
  readonly value: string | undefined;
  readonly children?: ComponentChildren;
}

function Kpi({ title, note, metric, of, value, children }: KpiProps): VNode {
  const stale = useStale(metric);
  return (
    <section class={stale ? 'panel kpi is-stale' : 'panel kpi'} aria-label={title}>
      <header class="panel-head">
        <h2>{title}</h2>
        <span class="muted note">{note}</span>
        <span class="grow" />
        <Age metric={metric} />
      </header>
      <p class="figure" data-testid={`kpi-${metric}`}>{value === undefined ? '–' : <Explained of={of} title={`${title} ${note}`}>{value}</Explained>}</p>
      <div class="kpi-foot">{children}</div>
    </section>
  );
}

function Meter({ ratio }: { readonly ratio: number | undefined }): VNode {
  const width = Math.min(1, Math.max(0, ratio ?? 0)) * 100;
  return <span class="meter" aria-hidden="true"><span style={{ width: `${width.toFixed(2)}%` }} /></span>;
}

function Stars({ rating, count }: { readonly rating: number; readonly count: string }): VNode {
  return (
    <span class="stars-line">
      <span class="stars" aria-hidden="true">★★★★★<span style={{ width: `${((rating / 5) * 100).toFixed(1)}%` }}>★★★★★</span></span>
      <span class="muted">{count} ratings</span>
    </span>
  );
}

const SPARK_WIDTH = 120;
const SPARK_HEIGHT = 28;

function Spark({ values, label }: { readonly values: readonly number[]; readonly label: string }): VNode {
  const most = Math.max(1, ...values);
  const step = SPARK_WIDTH / Math.max(1, values.length - 1);
  const points = values.map((value, index) => `${(index * step).toFixed(1)},${(SPARK_HEIGHT - 1 - (value / most) * (SPARK_HEIGHT - 2)).toFixed(1)}`);
  return (
    <svg class="spark" viewBox={`0 0 ${String(SPARK_WIDTH)} ${String(SPARK_HEIGHT)}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path class="spark-fill" d={`M0,${String(SPARK_HEIGHT)} L${points.join(' L')} L${String(SPARK_WIDTH)},${String(SPARK_HEIGHT)} Z`} />
      <polyline class="spark-line" points={points.join(' ')} />
    </svg>
  );
}
