import { createHash } from 'node:crypto';
import { metricKey, type AlertEvidence, type MetricItem, type MetricWindow } from '@millrace/contracts';
import { createPool, createRedis, migrate, PostgresMetricHistory, PostgresProductNames, RedisMetricCache } from '@millrace/stores';
import { address, createTestDatabase, uniqueLane, type TestDatabase } from '@millrace/testing';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LENGTHS: Readonly<Record<string, number>> = { '1m': MINUTE, '10m': 10 * MINUTE, '1h': HOUR, '1d': DAY };

/** A number as a spec says it: which metric, by what, in which window. */
export interface Given {
  readonly metric: string;
  readonly window?: '1m' | '10m' | '1h' | '1d';
  readonly dimensions?: Readonly<Record<string, string>>;
  readonly value: number;
  readonly count?: number;
  readonly items?: readonly MetricItem[];
  readonly revision?: number;
  /** Windows before the current one. @default 0 */
  readonly ago?: number;
  /** How long ago it was computed, ms. @default 0 */
  readonly ageMs?: number;
}

export interface GivenAlert {
  readonly rule: string;
  readonly severity: string;
  readonly summary: string;
  readonly description?: string;
  readonly firing: boolean;
  readonly minutesAgo: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly value?: number;
  readonly threshold?: number;
  /** @default [] */
  readonly evidence?: readonly AlertEvidence[];
  /** It came from elsewhere, which links to this. */
  readonly generatorUrl?: string;
}

/** An alert on the board, as messages link to it. */
export interface BoardAlert {
  readonly fingerprint: string;
  /** Ms. */
  readonly startsAt: number;
}

export interface GivenDelivery {
  readonly receiver: string;
  readonly state: 'pending' | 'delivered' | 'failed' | 'disabled' | 'suppressed' | 'replaced';
  /** Alerts of its group besides this one. @default 0 */
  readonly others?: number;
  readonly attempts: readonly { readonly outcome: 'delivered' | 'retry' | 'failed' | 'disabled'; readonly statusCode?: number; readonly error?: string; readonly answer?: string; readonly possibleRepeat?: boolean }[];
}

/** What somebody does about an alert. */
export interface GivenAction {
  readonly action: 'acknowledged' | 'unacknowledged' | 'commented' | 'snoozed' | 'judged';
  readonly author: string;
  readonly comment?: string;
  readonly verdict?: 'true' | 'false' | 'unsure';
  /** Of a snooze. */
  readonly untilMinutes?: number;
}

export interface GivenSilence {
  readonly matchers: Readonly<Record<string, string>>;
  /** Minutes from now; those before are negative. */
  readonly from: number;
  readonly to: number;
  readonly author: string;
  readonly comment: string;
}

/** Writes what a lane's sink and notifier would have written, into the real stores. */
export class ShopBoard {
  private constructor(
    readonly lane: string,
    private readonly database: TestDatabase,
    private readonly redis: ReturnType<typeof createRedis>,
    private readonly pool: ReturnType<typeof createPool>,
    private readonly cache: RedisMetricCache,
    private readonly history: PostgresMetricHistory,
  ) {}

  static async open(): Promise<ShopBoard> {
    const database = await createTestDatabase();
    await migrate(database.url);
    const redis = createRedis(address('MILLRACE_REDIS_URL'), 'shop-board');
    await redis.ready();
    const pool = createPool(database.url, 'shop-board', { max: 2 });
    const lane = uniqueLane();
    const cache = new RedisMetricCache(redis);
    await cache.rebuild(lane, () => Promise.resolve());
    return new ShopBoard(lane, database, redis, pool, cache, new PostgresMetricHistory(pool));
  }

  /** Environment of a service that works in this lane. */
  get env(): Readonly<Record<string, string>> {
    return { MILLRACE_LANE: this.lane, MILLRACE_POSTGRES_URL: this.database.url, MILLRACE_REDIS_URL: address('MILLRACE_REDIS_URL') };
  }

  async write(given: readonly Given[], now = Date.now()): Promise<void> {
    const windows = given.map((one) => this.window(one, now));
    await this.history.write(this.lane, windows);
    await this.cache.write(this.lane, windows);
  }

  window({ metric, window = '1m', dimensions = {}, value, count = 1, items = [], revision = 1, ago = 0, ageMs = 0 }: Given, now: number): MetricWindow {
    const length = LENGTHS[window] ?? MINUTE;
    const pace = window === '10m' ? MINUTE : length;
    const end = Math.floor(now / pace) * pace + pace - ago * pace;
    return {
      metricKey: metricKey(metric, dimensions), metric, dimensions, window, windowStart: end - length, windowEnd: end, value, count, items, revision,
      watermark: end - pace, final: ago > 1, computedAt: now - ageMs, lane: this.lane,
      sourceOffsets: [{ topic: `${this.lane}.shop.orders.v1`, partition: 0, firstOffset: 1_000, lastOffset: 1_000 + count }],
    };
  }

  /** Gives products their names, by id, as the catalogue does at this moment. */
  async name(products: Readonly<Record<string, string>>, now = Date.now()): Promise<void> {
    await new PostgresProductNames(this.pool).write(this.lane, Object.entries(products).map(([productId, name]) => ({ productId, name, namedAt: now })));
  }

  async alert({ rule, severity, summary, description = '', firing, minutesAgo, labels = {}, annotations = {}, value = 1, threshold = 2, evidence = [], generatorUrl = '' }: GivenAlert): Promise<BoardAlert> {
    const startsAt = Date.now() - minutesAgo * MINUTE;
    const all = { alertname: rule, rule, severity, ...labels };
    const fingerprint = createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 16);
    const [start, end] = [new Date(startsAt).toISOString(), firing ? null : new Date(startsAt + 6 * MINUTE).toISOString()];
    const isDecided = generatorUrl === '';
    await this.pool.execute(
      `insert into alerts (lane, fingerprint, rule, severity, status, labels, annotations, value, threshold, first_starts_at, starts_at, ends_at, evidence, updated_at, is_decided, generator_url)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, now(), $13, $14)`,
      [
        this.lane, fingerprint, rule, severity, firing ? 'FIRING' : 'RESOLVED', JSON.stringify(all), JSON.stringify({ summary, description, ...annotations }),
        isDecided ? value : null, isDecided ? threshold : null, start, end, JSON.stringify(evidence), isDecided, generatorUrl,
      ],
    );
    await this.pool.execute(
      `insert into alert_events (lane, event_id, fingerprint, alert, source_topic, source_partition, source_offset, received_at) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        this.lane, `${fingerprint}-${String(startsAt)}`, fingerprint, JSON.stringify({ fingerprint, startsAt, endsAt: null, updatedAt: startsAt + 400 }),
        ...(isDecided ? [`${this.lane}.shop.alerts.v1`, 0, 73] : [null, null, null]), new Date(startsAt + 400).toISOString(),
      ],
    );
    return { fingerprint, startsAt };
  }

  /** Tells a receiver of an alert, or has it try. */
  async tell({ fingerprint, startsAt }: BoardAlert, { receiver, state, others = 0, attempts }: GivenDelivery): Promise<void> {
    const alerts = Array.from({ length: others + 1 }, (_, at) => ({
      status: 'firing', fingerprint: at === 0 ? fingerprint : at.toString(16).padStart(16, '0'), labels: { alertname: `alert ${String(at)}` }, annotations: {}, startsAt, endsAt: null, generatorUrl: '', decision: null,
    }));
    const [groupKey, queued] = [`{}:{receiver="${receiver}"}`, startsAt + 10_000];
    const [delivery] = await this.pool.query<{ id: number }>(
      `insert into deliveries (lane, receiver, integration, group_key, notice, fingerprints, status, fence, message_id, state, created_at, finished_at, next_attempt_at)
       values ($1, $2, $3, $4, $5, $6, 'FIRING', 1, gen_random_uuid()::text, $7, $8, $9, now() + interval '1 minute') returning id`,
      [
        this.lane, receiver, `${receiver}/webhook/0`, groupKey, JSON.stringify({ receiver, groupKey, groupLabels: { receiver }, at: queued, alerts, truncated: 0 }),
        alerts.map((alert) => alert.fingerprint), state, new Date(queued).toISOString(), state === 'pending' ? null : new Date(queued + 300).toISOString(),
      ],
    );
    for (const [at, { outcome, statusCode = null, error = null, answer = null, possibleRepeat = false }] of attempts.entries()) {
      await this.pool.execute(
        `insert into delivery_attempts (delivery_id, attempt, started_at, duration_ms, outcome, status_code, error, response_excerpt, possible_repeat) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [delivery?.id, at + 1, new Date(queued + at * 5_000).toISOString(), 140 + at * 900, outcome, statusCode, error, answer, possibleRepeat],
      );
    }
  }

  async act({ fingerprint, startsAt }: BoardAlert, { action, author, comment = '', verdict, untilMinutes }: GivenAction): Promise<void> {
    await this.pool.execute('insert into alert_actions (lane, fingerprint, first_starts_at, action, author, comment, verdict, until) values ($1, $2, $3, $4, $5, $6, $7, $8)', [
      this.lane, fingerprint, new Date(startsAt).toISOString(), action, author, comment, verdict ?? null, untilMinutes === undefined ? null : inMinutes(untilMinutes),
    ]);
  }

  async silence({ matchers, from, to, author, comment }: GivenSilence): Promise<void> {
    await this.pool.execute('insert into silences (id, lane, matchers, starts_at, ends_at, created_by, comment) values (gen_random_uuid(), $1, $2, $3, $4, $5, $6)', [
      this.lane, JSON.stringify(Object.entries(matchers).map(([name, value]) => ({ name, value, isRegex: false, isEqual: true }))), inMinutes(from), inMinutes(to), author, comment,
    ]);
  }

  async close(): Promise<void> {
    await this.cache.removeLane(this.lane);
    await this.redis.close();
    await this.pool.close();
    await this.database.drop();
  }
}

const inMinutes = (minutes: number): string => new Date(Date.now() + minutes * MINUTE).toISOString();

const EUR = { currency: 'EUR' };
const CATEGORIES = ['electronics', 'home-garden', 'books', 'toys', 'fashion', 'beauty', 'sports', 'grocery'];
const BEST = [
  'Garden hose, 20 m', 'Oak chopping board', 'Wireless mouse', 'Linen duvet cover, double', 'Espresso cups, set of 6', 'Trail running shoes', 'Desk lamp, brass',
  'Rosemary shampoo bar', 'Wooden train set', 'The Shop Keeper’s Almanac, illustrated and annotated edition',
];
const LOW = ['Cast iron pan, 28 cm', 'Yoga mat', 'Noise cancelling headphones', 'Bath towel, sage', 'Bicycle bell', 'Tea strainer'];
const bestId = (place: number): string => `p-${String(10_412 + place * 337)}`;
const lowId = (place: number): string => `p-${String(11_009 + place * 911)}`;

/** Names of the products of an ordinary day; the last of the low stock has none. */
export const PRODUCTS: Readonly<Record<string, string>> = Object.fromEntries([
  ...BEST.map((name, place) => [bestId(place), name] as const), ...LOW.map((name, place) => [lowId(place), name] as const),
]);
const COUNTRIES = ['DE', 'FR', 'GB', 'NL', 'AT', 'ES', 'IT', 'PL'];

/** An ordinary afternoon of a shop, the same each time. */
export function ordinaryDay(): Given[] {
  const minutes = Array.from({ length: 90 }, (_, ago): Given[] => {
    const wave = 1 + 0.25 * Math.sin(ago / 9) + 0.12 * Math.sin(ago * 1.7) + 0.08 * Math.sin(ago * 3.1);
    const share = ago === 0 ? 0.6 : 1;
    const orders = Math.round(62 * wave * share);
    return [
      { metric: 'orders', value: orders, count: orders, ago },
      { metric: 'revenue', dimensions: EUR, value: Math.round(orders * 7_431 * (1 + 0.05 * Math.sin(ago))), count: orders, ago },
      { metric: 'active_users', value: Math.round(1_840 * wave * share), count: 9_000, ago },
    ];
  }).flat();
  const ranked = (names: readonly string[], dimension: string, metric: string, top: number, extra: Record<string, string> = {}): Given[] =>
    names.map((name, place) => ({ metric, window: '1d', dimensions: { [dimension]: name, ...extra }, value: Math.round(top / (1 + place * 0.55)), count: 100 }));
  return [
    ...minutes,
    { metric: 'revenue', window: '1d', dimensions: EUR, value: 38_642_177, count: 5_204 },
    { metric: 'orders', window: '1d', value: 5_204, count: 5_204 },
    { metric: 'average_order_value', window: '1d', dimensions: EUR, value: 7_425.48, count: 5_204 },
    { metric: 'units_sold', window: '1d', value: 11_918, count: 5_204 },
    { metric: 'refunds', window: '1d', dimensions: EUR, value: 812_340, count: 96 },
    { metric: 'refund_count', window: '1d', value: 96, count: 96 },
    { metric: 'conversion_rate', window: '1h', value: 0.0312, count: 20_000 },
    { metric: 'cart_abandonment', window: '1h', value: 0.684, count: 4_000 },
    { metric: 'rating', window: '1d', value: 4.31, count: 742 },
    { metric: 'top_products', window: '10m', value: 431, count: 431, items: [61, 54, 49, 47, 40, 38, 33, 31, 28, 26].map((value, place) => ({ key: bestId(place), value })) },
    { metric: 'low_stock', value: 7, count: 7, items: [0, 1, 2, 3, 4, 4, 6].map((value, place) => ({ key: lowId(place), value })) },
    ...ranked(CATEGORIES, 'category', 'views', 41_200),
    ...ranked(COUNTRIES, 'country', 'revenue', 14_210_050, EUR),
    ...['shop.clickstream.v1', 'shop.orders.v1', 'shop.inventory.v1', 'shop.feedback.v1'].map((topic): Given => ({ metric: 'events', dimensions: { topic }, value: 900, count: 900 })),
    { metric: 'stock_turnover', window: '1d', value: 0.42, count: 3_000 },
  ];
}
