import { commonSettings, envBoolean, setting, type ConfigOf } from '@millrace/service-kit';
import { z } from 'zod';
import type { FaultSettings } from './faults/fault-stream.js';
import { fraudEnvironment, fraudPartOf } from './fraud/fraud.settings.js';
import type { RunPlan } from './run/run-plan.js';
import { PROFILES } from './world/profiles.js';
import { WORLD_DEFAULTS, type WorldSettings } from './world/settings.js';

/** Highest rate of a topic, events per second: more than this machine class can send. */
export const MOST_PER_SECOND = 1_000_000;
/** Live, a day of an order's life passes in a minute, so that shipments, reviews and refunds show within minutes. */
const LIVE_LIFECYCLE_SPEED = 1440;

const share = (fallback: number): z.ZodType<number> => z.coerce.number().min(0).max(1).default(fallback);
const optionalShare = z.coerce.number().min(0).max(0.95).optional();
const rate = (fallback: number): z.ZodType<number> => z.coerce.number().min(0).max(MOST_PER_SECOND).default(fallback);
const moment = z
  .string()
  .refine((text) => !Number.isNaN(Date.parse(text)), 'is no ISO 8601 date or time')
  .transform((text) => Date.parse(text))
  .optional();
const speed = z
  .union([z.literal('max').transform(() => Infinity), z.coerce.number<string>('is neither "max" nor a number above 0').positive()])
  .default(Infinity);

const ownSettings = {
  seed: setting('MILLRACE_SIMULATOR_SEED', 'Names the world: the same seed, start and settings give the same bytes.', z.string().min(1).default('millrace')),
  clickstreamRate: setting('MILLRACE_SIMULATOR_CLICKSTREAM_RATE', 'Clickstream events per second.', rate(WORLD_DEFAULTS.rates.clickstream)),
  ordersRate: setting('MILLRACE_SIMULATOR_ORDERS_RATE', 'Order events per second; inventory and feedback follow.', rate(WORLD_DEFAULTS.rates.orders)),
  profile: setting('MILLRACE_SIMULATOR_PROFILE', 'Kind of shop: b2c or b2b.', z.enum(['b2c', 'b2b']).default('b2c')),
  curves: setting('MILLRACE_SIMULATOR_CURVES', 'Live rates follow the day, the week and the year around their mean; a backfill always does.', envBoolean(false)),
  from: setting('MILLRACE_SIMULATOR_FROM', 'Event time at which a backfill begins, ISO 8601; none: live from now.', moment),
  until: setting('MILLRACE_SIMULATOR_UNTIL', 'Event time at which the backfill ends, ISO 8601; none: now.', moment),
  speed: setting('MILLRACE_SIMULATOR_SPEED', 'Backfill speed: "max", or event time per wall time.', speed),
  count: setting('MILLRACE_SIMULATOR_COUNT', 'Ends after so many events, all streams together.', z.coerce.number().int().min(1).optional()),
  stop: setting('MILLRACE_SIMULATOR_STOP', 'Ends after the backfill instead of going live.', envBoolean(false)),
  exit: setting('MILLRACE_SIMULATOR_EXIT', 'The process ends with its run.', envBoolean(false)),
  ledger: setting('MILLRACE_SIMULATOR_LEDGER', 'File that the ledger is written to at the end.', z.string().min(1).optional()),
  products: setting('MILLRACE_SIMULATOR_PRODUCTS', 'Products in the catalogue.', z.coerce.number().int().min(100).max(100_000).default(WORLD_DEFAULTS.products)),
  topShare: setting('MILLRACE_SIMULATOR_TOP_SHARE', 'Share of the product views that the most popular product gets.', z.coerce.number().gt(0).max(0.5).default(WORLD_DEFAULTS.topShare)),
  currency: setting('MILLRACE_SIMULATOR_CURRENCY', 'Currency of the shop, ISO 4217.', z.string().regex(/^[A-Z]{3}$/, 'is no ISO 4217 code').default(WORLD_DEFAULTS.currency)),
  basketLines: setting('MILLRACE_SIMULATOR_BASKET_LINES', 'Mean lines of an order; default by profile.', z.coerce.number().min(1).max(100).optional()),
  refundShare: setting('MILLRACE_SIMULATOR_REFUND_SHARE', 'Refunds divided by orders and refunds; default by profile.', z.coerce.number().min(0).max(0.45).optional()),
  cartlessShare: setting('MILLRACE_SIMULATOR_CARTLESS_SHARE', 'Orders straight from the product page, without a cart event; default by profile.', optionalShare),
  guestShare: setting('MILLRACE_SIMULATOR_GUEST_SHARE', 'Orders by guests; default by profile.', z.coerce.number().min(0).max(0.6).optional()),
  nullCategory: setting('MILLRACE_SIMULATOR_NULL_CATEGORY', 'Products without a category.', share(WORLD_DEFAULTS.nulls.category)),
  nullBrand: setting('MILLRACE_SIMULATOR_NULL_BRAND', 'Products without a brand in their name.', share(WORLD_DEFAULTS.nulls.brand)),
  nullCountry: setting('MILLRACE_SIMULATOR_NULL_COUNTRY', 'Shoppers of unknown country.', share(WORLD_DEFAULTS.nulls.country)),
  lifecycleSpeed: setting(
    'MILLRACE_SIMULATOR_LIFECYCLE_SPEED',
    'How much faster than real orders are shipped, rated and refunded and shelves refilled; default 1 with a backfill, else 1440 (a day in a minute).',
    z.coerce.number().min(1).max(100_000).optional(),
  ),
  ...fraudEnvironment,
  duplicates: setting('MILLRACE_SIMULATOR_FAULT_DUPLICATE', 'Share of events sent twice.', share(0.001)),
  outOfOrder: setting('MILLRACE_SIMULATOR_FAULT_OUT_OF_ORDER', 'Share of events sent up to 2 s after their time.', share(0.01)),
  lateWithin: setting('MILLRACE_SIMULATOR_FAULT_LATE_WITHIN', 'Share of events held back, yet within the lateness.', share(0.0005)),
  late: setting('MILLRACE_SIMULATOR_FAULT_LATE', 'Share of events held back beyond the lateness.', share(0.0005)),
  corrupt: setting('MILLRACE_SIMULATOR_FAULT_CORRUPT', 'Undecodable records per event.', share(0.0002)),
  latenessMs: setting('MILLRACE_SIMULATOR_LATENESS_MS', 'How long the streaming job waits for stragglers, ms of event time.', z.coerce.number().int().min(100).max(86_400_000).default(600_000)),
} as const;

export const simulatorSettings = { ...commonSettings(8101), ...ownSettings };
export type SimulatorConfig = ConfigOf<typeof simulatorSettings>;

/** The world that this configuration describes. @param now wall time, ms, where a live run begins. */
export function worldSettingsOf(config: SimulatorConfig, now: number): WorldSettings {
  const profile = PROFILES[config.profile];
  const backfill = config.from !== undefined;
  return {
    seed: config.seed,
    start: config.from ?? now,
    rates: { clickstream: config.clickstreamRate, orders: config.ordersRate },
    curves: backfill || config.curves,
    timeZone: config.shopTimeZone,
    profile: {
      ...profile,
      basketLines: config.basketLines ?? profile.basketLines,
      refundShare: config.refundShare ?? profile.refundShare,
      cartlessShare: config.cartlessShare ?? profile.cartlessShare,
      guestShare: config.guestShare ?? profile.guestShare,
    },
    nulls: { category: config.nullCategory, brand: config.nullBrand, country: config.nullCountry },
    products: config.products,
    topShare: config.topShare,
    currency: config.currency,
    lifecycleSpeed: config.lifecycleSpeed ?? (backfill ? 1 : LIVE_LIFECYCLE_SPEED),
    ...fraudPartOf(config),
  };
}

export function faultSettingsOf(config: SimulatorConfig): FaultSettings {
  const { duplicates, outOfOrder, lateWithin, late, corrupt } = config;
  return { seed: config.seed, shares: { duplicate: duplicates, outOfOrder, lateWithin, late, corrupt }, latenessMs: config.latenessMs };
}

export function runPlanOf(config: SimulatorConfig): RunPlan {
  return {
    from: config.from ?? null,
    until: config.until ?? null,
    speed: config.speed,
    count: config.count ?? null,
    stop: config.stop,
    curvesLive: config.curves,
  };
}
