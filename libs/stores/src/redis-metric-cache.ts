import { createHash } from 'node:crypto';
import { redisPrefix, type MetricItem, type MetricWindow } from '@millrace/contracts';
import type { Redis } from 'ioredis';
import { isError } from './errors.js';
import { cacheBound, highestRevisions } from './metric-window.js';
import type { MetricCache, MetricPoint, MetricReading, MetricSelection, SeriesSelection, WriteOutcome } from './ports.js';
import type { RedisConnection } from './redis.connection.js';
import { WRITE_SCRIPT } from './redis-metric.script.js';

/** Windows in one run of the script: it holds up every other client while it runs, some milliseconds at this size. */
const CHUNK = 200;
const SCRIPT_SHA = createHash('sha1').update(WRITE_SCRIPT).digest('hex');
const DEFAULT_LIMIT = 10_000;

/** As it lies in Redis: the first two numbers are read by the script. */
type StoredPoint = readonly [
  start: number, revision: number, end: number, value: number, count: number,
  watermark: number | null, final: 0 | 1, computedAt: number, items: readonly (readonly [key: string, value: number])[],
];
type StoredHead = readonly [metricKey: string, metric: string, window: string, dimensions: Record<string, string>];
type StoredEntry = readonly [...StoredHead, StoredPoint];

/** A Redis server may lose data without a word: a restart changes its id, an eviction the count, and a flush takes the marker along. */
interface ServerState {
  readonly runId: string;
  readonly evicted: string;
}

/** The newest windows in Redis, under `millrace:<lane>:metrics:`. */
export class RedisMetricCache implements MetricCache {
  constructor(private readonly redis: RedisConnection) {}

  write(lane: string, windows: readonly MetricWindow[]): Promise<WriteOutcome> {
    return this.#write(lane, windows, channelOf(lane));
  }

  restore(lane: string, windows: readonly MetricWindow[]): Promise<WriteOutcome> {
    return this.#write(lane, windows, '');
  }

  async latest(lane: string, selections: readonly MetricSelection[]): Promise<MetricReading[]> {
    const answers = await this.redis.run((client) => Promise.all(selections.map(({ metric, window }) => client.hvals(latestKey(lane, metric, window)))));
    return answers.flat().map((text) => readingOf(JSON.parse(text) as StoredEntry));
  }

  async series(lane: string, selections: readonly SeriesSelection[]): Promise<MetricPoint[][]> {
    const answers = await this.redis.run((client) =>
      Promise.all(selections.map(({ metricKey, window, from, to, limit = DEFAULT_LIMIT }) =>
        client.zrevrangebyscore(seriesKey(lane, metricKey, window), `(${to}`, from, 'LIMIT', 0, limit))));
    return answers.map((texts) => texts.reverse().map((text) => pointOfStored(JSON.parse(text) as StoredPoint)));
  }

  subscribe(lane: string, listener: (readings: readonly MetricReading[]) => void, onGap?: () => void): Promise<() => Promise<void>> {
    return this.redis.subscribe(channelOf(lane), (message) => { listener((JSON.parse(message) as StoredEntry[]).map(readingOf)); }, onGap);
  }

  async isComplete(lane: string): Promise<boolean> {
    return this.redis.run(async (client) => {
      const [marker, state] = await Promise.all([client.get(markerKey(lane)), serverState(client)]);
      return marker !== null && marker === markerOf(state);
    });
  }

  /**
   * Runs `fill`, which restores everything, then marks the cache as complete, unless the server lost data meanwhile. Returns whether it is.
   */
  async rebuild(lane: string, fill: () => Promise<void>): Promise<boolean> {
    const before = await this.redis.run(serverState);
    // The token tells a flush during the filling: it would be gone at the end.
    const token = `filling ${markerOf(before)}`;
    await this.redis.run((client) => client.set(markerKey(lane), token));
    await fill();
    return this.redis.run(async (client) => {
      const [held, after] = await Promise.all([client.get(markerKey(lane)), serverState(client)]);
      if (held !== token || markerOf(after) !== markerOf(before)) return false;
      await client.set(markerKey(lane), markerOf(before));
      return true;
    });
  }

  async removeLane(lane: string): Promise<void> {
    await this.redis.run(async (client) => {
      let cursor = '0';
      do {
        const [next, keys] = await client.scan(cursor, 'MATCH', `${prefix(lane)}*`, 'COUNT', 1_000);
        if (keys.length > 0) await client.unlink(...keys);
        cursor = next;
      } while (cursor !== '0');
    });
  }

  async #write(lane: string, windows: readonly MetricWindow[], channel: string): Promise<WriteOutcome> {
    const unique = highestRevisions(windows);
    const chunks: MetricWindow[][] = [];
    for (let at = 0; at < unique.length; at += CHUNK) chunks.push(unique.slice(at, at + CHUNK));
    const outcomes = await this.redis.run((client) => Promise.all(chunks.map((chunk) => writeChunk(client, lane, chunk, channel))));
    const total = { applied: 0, stale: windows.length - unique.length, expired: 0 };
    for (const [applied, stale, expired] of outcomes) {
      total.applied += applied;
      total.stale += stale;
      total.expired += expired;
    }
    return total;
  }
}

type ScriptAnswer = readonly [applied: number, stale: number, expired: number];

async function writeChunk(client: Redis, lane: string, windows: readonly MetricWindow[], channel: string): Promise<ScriptAnswer> {
  const keys: string[] = [];
  const values: (string | number)[] = [channel];
  for (const window of windows) {
    keys.push(seriesKey(lane, window.metricKey, window.window), latestKey(lane, window.metric, window.window));
    const head: StoredHead = [window.metricKey, window.metric, window.window, { ...window.dimensions }];
    values.push(
      window.windowStart, window.revision, cacheBound(window.window), window.metricKey, JSON.stringify(storedPoint(window)),
      JSON.stringify(head).slice(1, -1),
    );
  }
  try {
    return (await client.evalsha(SCRIPT_SHA, keys.length, ...keys, ...values)) as ScriptAnswer;
  } catch (error) {
    if (!isError(error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return (await client.eval(WRITE_SCRIPT, keys.length, ...keys, ...values)) as ScriptAnswer;
  }
}

function storedPoint(window: MetricPoint): StoredPoint {
  return [
    window.windowStart, window.revision, window.windowEnd, window.value, window.count,
    window.watermark, window.final ? 1 : 0, window.computedAt, window.items.map(({ key, value }) => [key, value] as const),
  ];
}

function pointOfStored([windowStart, revision, windowEnd, value, count, watermark, final, computedAt, items]: StoredPoint): MetricPoint {
  return {
    windowStart, windowEnd, value, count, revision, watermark, final: final === 1, computedAt,
    items: items.map(([key, itemValue]): MetricItem => ({ key, value: itemValue })),
  };
}

function readingOf([metricKey, metric, window, dimensions, point]: StoredEntry): MetricReading {
  return { metricKey, metric, window, dimensions, ...pointOfStored(point) };
}

async function serverState(client: Redis): Promise<ServerState> {
  const [server, stats] = await Promise.all([client.info('server'), client.info('stats')]);
  return { runId: /^run_id:(\S+)/m.exec(server)?.[1] ?? '', evicted: /^evicted_keys:(\d+)/m.exec(stats)?.[1] ?? '' };
}

const markerOf = ({ runId, evicted }: ServerState): string => `${runId} ${evicted}`;
const prefix = (lane: string): string => `${redisPrefix(lane)}metrics:`;
const channelOf = (lane: string): string => `${prefix(lane)}applied`;
const markerKey = (lane: string): string => `${prefix(lane)}complete`;
const seriesKey = (lane: string, metricKey: string, window: string): string => `${prefix(lane)}series:${window}:${metricKey}`;
const latestKey = (lane: string, metric: string, window: string): string => `${prefix(lane)}latest:${window}:${metric}`;
