import type { AlertEvent, MetricItem, MetricWindow } from '@millrace/contracts';
import { makeMetricWindow } from '@millrace/testing';
import { clockNeedsOf, evaluate, evaluateClock, needsOf, systemNeedsOf, type Needs, type Outcome, type StoredSeries } from '../src/evaluation.js';
import { parseRules } from '../src/rule-file.js';
import type { Rule } from '../src/rule.js';
import { windowsOf, type Survey } from '../src/system/survey.js';

export const MINUTE = 60_000;
export const NOON = Date.UTC(2026, 0, 5, 12);

/** A window, in minutes after noon. */
export interface Point {
  readonly minute: number;
  readonly value: number;
  readonly revision?: number;
  /** Minute that event time has reached; by default the window is complete. */
  readonly watermark?: number;
  readonly items?: readonly MetricItem[];
  readonly dimensions?: Readonly<Record<string, string>>;
  readonly metric?: string;
  /** Minute at which it was computed. */
  readonly computed?: number;
}

/** A window of `orders`, complete unless said otherwise. */
export function windowOf({ minute, value, revision = 1, watermark = minute + 1, items = [], dimensions = {}, metric = 'orders', computed = minute + 1 }: Point): MetricWindow {
  return makeMetricWindow({
    metric,
    dimensions,
    windowStart: NOON + minute * MINUTE,
    value,
    count: value,
    items,
    revision,
    watermark: NOON + watermark * MINUTE,
    final: watermark > minute,
    sourceOffsets: [{ topic: 'shop.orders.v1', partition: 0, firstOffset: minute * 10, lastOffset: minute * 10 + 9 }],
    computedAt: NOON + computed * MINUTE,
  });
}

/** The ruler without its database: batches in, alert events out. */
export class OfflineRuler {
  readonly #store = new Map<string, StoredSeries>();
  readonly alerts: AlertEvent[] = [];

  constructor(private readonly rules: readonly Rule[]) {}

  take(windows: readonly MetricWindow[]): this {
    const needs = needsOf(this.rules, windows);
    return this.#keep(evaluate(this.rules, this.#load(needs), windows, { lane: 'live', now: 0 }));
  }

  /** Looks at the clock, minutes after noon. */
  look(minute: number): this {
    return this.#keep(evaluateClock(this.rules, this.#load(clockNeedsOf(this.rules)), { lane: 'live', now: NOON + minute * MINUTE }));
  }

  /** Takes in what a look at the system found, minutes after noon. */
  survey(minute: number, survey: Survey): this {
    const setting = { lane: 'live', now: NOON + minute * MINUTE };
    const known = this.#load(systemNeedsOf(this.rules));
    return this.#keep(evaluate(this.rules, known, windowsOf(survey, known, setting), setting));
  }

  /** What it remembers; a series that is written again is another object. */
  get stored(): readonly StoredSeries[] {
    return [...this.#store.values()];
  }

  #load({ ids, rules: whole, watermarks }: Needs): StoredSeries[] {
    const wanted = new Set(ids.map(({ rule, metricKey: key }) => `${rule} ${key}`));
    const due = ({ dueAt, metric }: StoredSeries): boolean => dueAt !== null && dueAt <= (watermarks.get(metric) ?? 0);
    return [...this.#store].filter(([id, series]) => wanted.has(id) || whole.includes(series.rule) || due(series)).map(([, series]) => series);
  }

  /** What PostgreSQL does. */
  #keep({ changed, alerts }: Outcome): this {
    for (const series of changed) this.#store.set(`${series.rule} ${series.metricKey}`, JSON.parse(JSON.stringify(series)) as StoredSeries);
    this.alerts.push(...alerts.map(({ event }) => event));
    return this;
  }

  /** Each as `FIRING 3-`, `RESOLVED 3-5`: minutes of the start and the end. */
  get story(): string[] {
    const minute = (at: number | null): string => (at === null ? '' : String((at - NOON) / MINUTE));
    return this.alerts.map(({ status, startsAt, endsAt, labels }) => `${status} ${labels['product'] ?? labels['country'] ?? ''}${minute(startsAt)}-${minute(endsAt)}`);
  }
}

/** Rules from the lines below `rules:`. */
export function rules(yaml: string): readonly Rule[] {
  return parseRules('rules.yaml', `version: 1\nrules:\n${yaml}`).rules;
}

/** A ruler with these rules. */
export function ruler(yaml: string): OfflineRuler {
  return new OfflineRuler(rules(yaml));
}

/** A window a minute, with these values. */
export const points = (values: readonly number[]): MetricWindow[] => values.map((value, minute) => windowOf({ minute, value }));
