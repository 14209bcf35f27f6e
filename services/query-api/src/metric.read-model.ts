import { metricCatalogue, metricKey, windowDefinitions, type MetricDefinition, type WindowName } from '@millrace/contracts';
import { CACHE_BOUNDS, StoreUnavailableError, type MetricCache, type MetricHistory, type MetricReading, type MetricSelection } from '@millrace/stores';
import { RequestError } from '@millrace/service-kit';
import { filtersOf, type ExplainParams, type LatestQuery, type SeriesQuery } from './query.schema.js';
import { isYoung, latestStart } from './sliding-window.js';
import type { ExplainedWindowDto, LatestDto, SeriesDto } from './wire.dto.js';
import { iso, toExplainedDto, toPointDto, toWindowDto } from './wire.mapper.js';

/** More lines than this are no chart: the request must say which. */
const MOST_SERIES = 100;
/** Windows that a series goes back by default. */
const DEFAULT_POINTS = 120;
/** Where a window's length is that of a calendar day or month. */
const CALENDAR_LENGTH_MS: Readonly<Record<string, number>> = { '1d': 86_400_000, '1mo': 31 * 86_400_000 };

type Filter = (dimensions: Readonly<Record<string, string>>) => boolean;

/** Metrics of one lane: the cache for what is recent, history beyond it and wherever the cache is not whole. */
export class MetricReadModel {
  constructor(
    private readonly lane: string,
    private readonly cache: MetricCache,
    private readonly history: MetricHistory,
  ) {}

  /** Newest windows; from history while the cache is down or not rebuilt. */
  async newest(selections: readonly MetricSelection[]): Promise<MetricReading[]> {
    return (await this.#cacheIsWhole()) ? this.cache.latest(this.lane, selections) : this.history.latest(this.lane, selections);
  }

  /** As `newest`, but of sliding windows the newest that has not only begun. */
  async current(selections: readonly MetricSelection[], now: number): Promise<MetricReading[]> {
    const source: Pick<MetricCache, 'latest' | 'series'> = (await this.#cacheIsWhole()) ? this.cache : this.history;
    const readings = await source.latest(this.lane, selections);
    const young = readings.filter((reading) => isYoung(reading, now));
    const points = await source.series(
      this.lane,
      young.map(({ metricKey: key, window }) => ({ metricKey: key, window, from: 0, to: latestStart(window, now) + 1, limit: 1 })),
    );
    return [...readings.filter((reading) => !isYoung(reading, now)), ...young.flatMap((reading, at) => (points[at] ?? []).map((point) => ({ ...reading, ...point })))];
  }

  async latest(name: string, query: LatestQuery): Promise<LatestDto> {
    const metric = metricOf(name);
    const window = windowOf(metric, query.window);
    const matches = filterOf(metric, query);
    const readings = await this.newest([{ metric: name, window }]);
    const values = readings.filter(({ dimensions }) => matches(dimensions)).sort((a, b) => (a.metricKey < b.metricKey ? -1 : 1));
    return { lane: this.lane, metric: name, window, unit: metric.unit, values: values.map(toWindowDto) };
  }

  async series(name: string, query: SeriesQuery, now: number): Promise<SeriesDto> {
    const metric = metricOf(name);
    const window = windowOf(metric, query.window);
    const to = query.to ?? now + 1;
    const from = Math.max(0, query.from ?? to - DEFAULT_POINTS * paceOf(window));
    const keys = await this.#keysOf(metric, window, query);
    const recent = from >= now - CACHE_BOUNDS[window] && (await this.#cacheIsWhole());
    const source = recent ? this.cache : this.history;
    // One more than asked tells whether there are more.
    const points = await source.series(this.lane, keys.map((key) => ({ metricKey: key.metricKey, window, from, to, limit: query.limit + 1 })));
    return {
      lane: this.lane, metric: name, window, unit: metric.unit, from: iso(from), to: iso(to),
      truncated: points.some((line) => line.length > query.limit),
      series: keys.map((key, index) => ({ ...key, points: (points[index] ?? []).slice(-query.limit).map(toPointDto) })),
    };
  }

  async explain({ metricKey: key, window, start }: ExplainParams): Promise<ExplainedWindowDto> {
    const found = await this.history.find(this.lane, key, window, start);
    if (found === null) throw new RequestError(404, 'There is no such window in this lane.');
    return toExplainedDto(found);
  }

  /** Which lines a series has: told by the filters alone where they name every dimension, else by what there is. */
  async #keysOf(metric: MetricDefinition, window: WindowName, query: SeriesQuery): Promise<{ metricKey: string; dimensions: Record<string, string> }[]> {
    const matches = filterOf(metric, query);
    const filters = filtersOf(query);
    if (query.by !== undefined && query.by.every((name) => name in filters)) {
      return [{ metricKey: metricKey(metric.name, filters), dimensions: { ...filters } }];
    }
    const readings = (await this.newest([{ metric: metric.name, window }])).filter(({ dimensions }) => matches(dimensions));
    if (readings.length > MOST_SERIES) throw new RequestError(400, `${String(readings.length)} series match: name dimensions until at most ${String(MOST_SERIES)} do.`);
    return readings.map(({ metricKey: key, dimensions }) => ({ metricKey: key, dimensions: { ...dimensions } })).sort((a, b) => (a.metricKey < b.metricKey ? -1 : 1));
  }

  async #cacheIsWhole(): Promise<boolean> {
    try {
      return await this.cache.isComplete(this.lane);
    } catch (error) {
      if (error instanceof StoreUnavailableError) return false;
      throw error;
    }
  }
}

function metricOf(name: string): MetricDefinition {
  const metric = metricCatalogue.find((known) => known.name === name);
  if (metric === undefined) throw new RequestError(404, 'There is no such metric; /api/metrics lists them.');
  return metric;
}

function windowOf(metric: MetricDefinition, asked: WindowName | undefined): WindowName {
  const window = asked ?? metric.windows[0];
  if (window === undefined || !metric.windows.includes(window)) {
    throw new RequestError(400, `${metric.name} has the windows ${metric.windows.join(', ')}.`, [{ path: 'window', message: 'is not computed for this metric' }]);
  }
  return window;
}

function filterOf(metric: MetricDefinition, query: LatestQuery | SeriesQuery): Filter {
  const filters = Object.entries(filtersOf(query));
  for (const [name] of filters) {
    if (!metric.dimensions.some((set) => set.includes(name))) throw new RequestError(400, `${metric.name} has no dimension ${name}.`, [{ path: name, message: 'is no dimension of this metric' }]);
  }
  const by = query.by === undefined ? null : [...query.by].sort().join();
  if (by !== null && !metric.dimensions.some((set) => [...set].sort().join() === by)) {
    const sets = metric.dimensions.map((set) => `"${set.join()}"`).join(' ');
    throw new RequestError(400, `${metric.name} is computed by ${sets}.`, [{ path: 'by', message: 'is no set of dimensions of this metric' }]);
  }
  return (dimensions) =>
    (by === null || Object.keys(dimensions).sort().join() === by) && filters.every(([name, value]) => Object.hasOwn(dimensions, name) && dimensions[name] === value);
}

function paceOf(window: WindowName): number {
  const { lengthMs, slideMs } = windowDefinitions[window];
  return slideMs ?? lengthMs ?? CALENDAR_LENGTH_MS[window] ?? 86_400_000;
}
