import type { AlertDto, FreshnessDto, ProductDto, SeriesDto, SnapshotDto, UpdateDto, WindowDto } from '../wire.dto.js';

/** All that the page shows, from the last snapshot and the updates after it. */
export interface ShopState {
  readonly lane: string;
  readonly timeZone: string;
  /** What to add to this device's clock to have the server's, ms. */
  readonly clockOffsetMs: number;
  /** Newest window by metric key and window. */
  readonly windows: ReadonlyMap<string, WindowDto>;
  readonly alerts: readonly AlertDto[];
  /** Names by product id, of the products in rankings and alerts that have one. */
  readonly productNames: ReadonlyMap<string, string>;
  /** By metric. */
  readonly freshness: ReadonlyMap<string, FreshnessDto>;
  /** Values of the charted metrics' minutes: by metric key, then by start (ms). */
  readonly minutes: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** Whether any snapshot came yet. */
  readonly loaded: boolean;
}

export const EMPTY: ShopState = { lane: '', timeZone: 'UTC', clockOffsetMs: 0, windows: new Map(), alerts: [], productNames: new Map(), freshness: new Map(), minutes: new Map(), loaded: false };

const slot = (window: Pick<WindowDto, 'metricKey' | 'window'>): string => `${window.window} ${window.metricKey}`;
const byMetric = (freshness: readonly FreshnessDto[]): ReadonlyMap<string, FreshnessDto> => new Map(freshness.map((entry) => [entry.metric, entry]));

const nameById = (products: readonly ProductDto[]): ReadonlyMap<string, string> => new Map(products.map(({ id, name }) => [id, name]));

/** A new state; minutes already known are kept, for a stream that begins again. */
export function fromSnapshot(state: ShopState, snapshot: SnapshotDto, deviceNow: number): ShopState {
  return {
    lane: snapshot.lane,
    timeZone: snapshot.shopTimeZone,
    clockOffsetMs: Date.parse(snapshot.now) - deviceNow,
    windows: new Map(snapshot.windows.map((window) => [slot(window), window])),
    alerts: snapshot.alerts,
    productNames: nameById(snapshot.products),
    freshness: byMetric(snapshot.freshness),
    minutes: withMinutes(state.minutes, snapshot.windows),
    loaded: true,
  };
}

export function withUpdate(state: ShopState, update: UpdateDto, deviceNow: number): ShopState {
  const windows = new Map(state.windows);
  for (const window of update.windows) {
    const held = windows.get(slot(window));
    // A correction of a window that has passed is for the chart only.
    if (held === undefined || window.windowStart >= held.windowStart) windows.set(slot(window), window);
  }
  return {
    ...state,
    clockOffsetMs: Date.parse(update.now) - deviceNow,
    windows,
    alerts: update.alerts ?? state.alerts,
    productNames: update.products === undefined ? state.productNames : nameById(update.products),
    freshness: update.freshness === undefined ? state.freshness : byMetric(update.freshness),
    minutes: withMinutes(state.minutes, update.windows),
  };
}

/** The newest window of a metric key. */
export function newestOf(state: ShopState, of: Pick<WindowDto, 'metricKey' | 'window'>): WindowDto | undefined {
  return state.windows.get(slot(of));
}

/** Newest windows of a metric with exactly these dimensions, all of the same (latest) start. */
export function current(state: ShopState, metric: string, window: string, dimensions: readonly string[]): readonly WindowDto[] {
  const names = [...dimensions].sort().join();
  const found = [...state.windows.values()].filter(
    (entry) => entry.metric === metric && entry.window === window && Object.keys(entry.dimensions).sort().join() === names,
  );
  const newest = found.reduce((latest, entry) => (entry.windowStart > latest ? entry.windowStart : latest), '');
  return found.filter((entry) => entry.windowStart === newest);
}

/** Revenue in the currency that most of today's orders are in: the one shown large. */
function mainRevenue(state: ShopState): WindowDto | undefined {
  const today = current(state, 'revenue', '1d', ['currency']);
  const known = today.length > 0 ? today : current(state, 'revenue', '1m', ['currency']);
  return [...known].sort((a, b) => b.count - a.count || (a.metricKey < b.metricKey ? -1 : 1))[0];
}

export function mainCurrency(state: ShopState): string | null {
  return mainRevenue(state)?.dimensions['currency'] ?? null;
}

/** Metric key of revenue in the main currency, whatever the window; empty before the first order. */
export function mainRevenueKey(state: ShopState): string {
  return mainRevenue(state)?.metricKey ?? '';
}

/** Windows by one dimension, largest first; with a `currency` only windows in it. */
export function ranking(windows: readonly WindowDto[], dimension: string, currency?: string | null): readonly { readonly key: string; readonly value: number; readonly of: WindowDto }[] {
  return windows
    .filter((window) => currency === undefined || window.dimensions['currency'] === currency)
    .map((window) => ({ key: window.dimensions[dimension] ?? 'unknown', value: window.value, of: window }))
    .sort((a, b) => b.value - a.value || (a.key < b.key ? -1 : 1));
}

/** An alert's summary with the name of its product instead of the id; the rule's name where it has no summary. */
export function alertText({ summary, rule, labels }: Pick<AlertDto, 'summary' | 'rule' | 'labels'>, productNames: ReadonlyMap<string, string>): string {
  const id = labels['product'];
  const name = id === undefined ? undefined : productNames.get(id);
  if (name === undefined || summary === '') return summary === '' ? rule : summary;
  return summary.split(' ').map((word) => (word === id ? name : word)).join(' ');
}

const SEVERITIES = ['critical', 'warning', 'info'];

/** Firing first, by severity and then newest first; then what was resolved, newest first. */
export function sortedAlerts(alerts: readonly AlertDto[]): readonly AlertDto[] {
  const rank = (alert: AlertDto): number => {
    if (alert.status !== 'firing') return SEVERITIES.length + 1;
    const place = SEVERITIES.indexOf(alert.severity);
    return place === -1 ? SEVERITIES.length : place;
  };
  const moment = (alert: AlertDto): string => (alert.status === 'firing' ? alert.startsAt : (alert.endsAt ?? alert.updatedAt));
  return [...alerts].sort((a, b) => rank(a) - rank(b) || moment(b).localeCompare(moment(a)));
}

const MINUTE = 60_000;
/** A metric whose minutes the page draws, and by which dimensions. */
export interface Charted {
  readonly metric: string;
  readonly by: string;
}
export const CHARTED: readonly Charted[] = [
  { metric: 'revenue', by: 'currency' },
  { metric: 'orders', by: '' },
  { metric: 'active_users', by: '' },
];
/** Minutes kept: twice what is drawn. */
const KEPT_MINUTES = 240;

function withMinutes(known: ShopState['minutes'], windows: readonly WindowDto[]): ShopState['minutes'] {
  const charted = windows.filter(({ window, metric, dimensions }) => window === '1m' && CHARTED.some((one) => one.metric === metric && one.by === Object.keys(dimensions).sort().join()));
  if (charted.length === 0) return known;
  const minutes = new Map(known);
  for (const window of charted) {
    const start = Date.parse(window.windowStart);
    const values = [...(minutes.get(window.metricKey) ?? [])].filter(([at]) => at > start - KEPT_MINUTES * MINUTE);
    minutes.set(window.metricKey, new Map(values).set(start, window.value));
  }
  return minutes;
}

/** Takes in stored minutes, which win over what was seen live. */
export function withSeries(state: ShopState, series: SeriesDto): ShopState {
  const minutes = new Map(state.minutes);
  for (const { metricKey, points } of series.series) {
    const values = new Map(minutes.get(metricKey));
    for (const point of points) values.set(Date.parse(point.start), point.value);
    minutes.set(metricKey, values);
  }
  return { ...state, minutes };
}

export interface MinuteSeries {
  /** Starts of the minutes in ms, oldest first, without a gap. */
  readonly starts: readonly number[];
  readonly values: readonly number[];
}

/** The last `length` minutes up to that of `now` (ms); a minute nothing was computed for is 0. */
export function perMinute(state: ShopState, key: string, now: number, length: number): MinuteSeries {
  const values = state.minutes.get(key);
  const last = Math.floor(now / MINUTE) * MINUTE;
  const starts = Array.from({ length }, (_, index) => last - (length - 1 - index) * MINUTE);
  return { starts, values: starts.map((start) => values?.get(start) ?? 0) };
}
