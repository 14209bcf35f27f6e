import type { VNode } from 'preact';
import type { WindowDto } from '../wire.dto.js';
import { Explained } from './explained.number.js';
import { Age, useStale } from './freshness.js';
import { useShopContext } from './shop.context.js';
import { current, mainCurrency } from './shop.state.js';

/** Money of the day and of the minute. */
export function HeadlinePanel(): VNode {
  const { state, now, format } = useShopContext();
  const currency = mainCurrency(state);
  const inCurrency = (metric: string, window: string): WindowDto | undefined =>
    current(state, metric, window, ['currency']).find((entry) => entry.dimensions['currency'] === currency);
  const today = inCurrency('revenue', '1d');
  const others = current(state, 'revenue', '1d', ['currency']).filter((entry) => entry.dimensions['currency'] !== currency);
  const minute = inCurrency('revenue', '1m');
  const average = inCurrency('average_order_value', '1d');
  const orders = current(state, 'orders', '1d', [])[0];
  const money = (window: WindowDto | undefined): string => (window === undefined || currency === null ? '–' : format.money(window.value, currency));
  const stale = useStale('revenue');
  return (
    <section class={`panel area-headline${stale ? ' is-stale' : ''}`} aria-labelledby="headline-title">
      <header class="panel-head">
        <h2 id="headline-title">Revenue {dayName(today, now, format.day)}</h2>
        <span class="grow" />
        <Age metric="revenue" />
      </header>
      <div class="headline">
        <p class={money(today).length > 9 ? 'hero hero-long' : 'hero'} data-testid="revenue-today"><Explained of={today} title={`Revenue ${dayName(today, now, format.day)}`}>{money(today)}</Explained></p>
      {others.length > 0 && (
        <p class="others muted">
          {others.map((entry) => (
            <span key={entry.metricKey}>+ <Explained of={entry} title={`Revenue ${dayName(entry, now, format.day)}`}>{format.money(entry.value, entry.dimensions['currency'] ?? '')}</Explained></span>
          ))}
        </p>
      )}
      <dl class="facts">
        <Fact name={minuteName(minute, now, format.minute)} metric="revenue" of={minute} title={`Revenue ${minuteName(minute, now, format.minute).toLowerCase()}`} value={money(minute)} testId="revenue-minute" />
        <Fact name={`Orders ${dayName(orders, now, format.day)}`} metric="orders" of={orders} value={orders === undefined ? '–' : format.count(orders.value)} testId="orders-today" />
        <Fact name="Average order" metric="average_order_value" of={average} value={money(average)} testId="average-order" />
      </dl>
      </div>
    </section>
  );
}

interface FactProps {
  readonly name: string;
  readonly value: string;
  readonly metric: string;
  readonly of: WindowDto | undefined;
  /** Of the explanation, where the name alone would not tell what it is. */
  readonly title?: string;
  readonly testId: string;
}

function Fact({ name, value, metric, of, title = name, testId }: FactProps): VNode {
  const stale = useStale(metric);
  return (
    <div class={stale ? 'fact is-stale' : 'fact'}>
      <dt>{name} <Age metric={metric} /></dt>
      <dd data-testid={testId}><Explained of={of} title={title}>{value}</Explained></dd>
    </div>
  );
}

/** "today", or which day it is that the newest number is of. */
export function dayName(window: WindowDto | undefined, now: number, day: (epochMs: number) => string): string {
  if (window === undefined || Date.parse(window.windowEnd) > now) return 'today';
  return `on ${day(Date.parse(window.windowStart))}`;
}

function minuteName(window: WindowDto | undefined, now: number, minute: (epochMs: number) => string): string {
  if (window === undefined || Date.parse(window.windowEnd) > now) return 'This minute';
  return `At ${minute(Date.parse(window.windowStart))}`;
}
