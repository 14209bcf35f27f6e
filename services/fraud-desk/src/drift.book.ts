import type { PostgresPool, PostgresSession } from '@millrace/stores';
import { binOf, emptyCounts, increment, referenceOf, stabilityIndex, type FeatureVector, type ReferenceBins } from './drift.js';
import type { ScoredOrder } from './scored-order.js';

const HOUR_MS = 3_600_000;
/** What "now" is compared with the reference, of event time. */
const CURRENT_HOURS = 24;
const KEPT_HOURS = 8 * CURRENT_HOURS;
/** The current scores must be at least this share of the reference, or their noise would look like drift. */
const LEAST_SHARE_OF_REFERENCE = 0.1;

interface Reference {
  readonly samples: number;
  readonly bins: Readonly<Record<string, ReferenceBins>>;
}

/** Drift of the features of the model version in use. */
export interface Drift {
  readonly modelVersion: string;
  /** Scores that the reference is made of, and how many it takes; less than that: it is still gathered. */
  readonly reference: { readonly scores: number; readonly needed: number };
  /** Scores compared with it. */
  readonly current: { readonly scores: number; readonly needed: number; readonly from: number };
  /** Most drifted first; empty until both have enough scores. */
  readonly features: readonly { readonly feature: string; readonly psi: number }[];
}

const ADD_COUNTS = `
insert into fraud_drift_counts as held (lane, model_version, hour, feature, counts)
select $1, $2, new.hour, new.feature, new.counts from json_to_recordset($3::json) as new (hour timestamptz, feature text, counts bigint[])
order by new.hour, new.feature
on conflict (lane, model_version, hour, feature) do update
set counts = (select array_agg(a + b order by n) from unnest(held.counts, excluded.counts) with ordinality as pair (a, b, n))`;

const ADD_SAMPLES = `insert into fraud_drift_samples (lane, model_version, features) select $1, $2, value from jsonb_array_elements($3::jsonb)`;

const CURRENT = `
select feature, n as bin, sum(count)::bigint as count from fraud_drift_counts, unnest(counts) with ordinality as bins (count, n)
where lane = $1 and model_version = $2 and hour > $3 group by feature, n order by feature, n`;

/**
 * Distributions of the features in PostgreSQL: the first scores of a model version become its reference, all later ones are counted by hour of
 * event time into the reference's bins. Written in the transaction of the scores, so that each counts once, whatever is delivered again.
 */
export class DriftBook {
  /** References never change once they are made. */
  readonly #references = new Map<string, Reference>();

  constructor(
    private readonly lane: string,
    private readonly needed: number,
  ) {}

  /** Counts scores that were new. Returns the model versions that have no reference yet. */
  async record(session: PostgresSession, scores: readonly ScoredOrder[]): Promise<readonly string[]> {
    const waiting: string[] = [];
    for (const [version, own] of byModelVersion(scores)) {
      const reference = await this.#reference(session, version);
      if (reference !== null) await session.execute(ADD_COUNTS, [this.lane, version, JSON.stringify(hourlyCounts(own, reference))]);
      else {
        await session.execute(ADD_SAMPLES, [this.lane, version, JSON.stringify(own.map(({ features }) => features))]);
        waiting.push(version);
      }
    }
    return waiting;
  }

  /** Makes the reference of a model version where it has the samples. */
  async complete(pool: PostgresPool, version: string): Promise<void> {
    if ((await this.#gathered(pool, version)) < this.needed) return;
    await pool.transaction(async (session) => {
      await session.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`fraud-drift ${this.lane} ${version}`]);
      if ((await this.#reference(session, version)) === null) {
        const rows = await session.query<{ features: FeatureVector }>(
          'select features from fraud_drift_samples where lane = $1 and model_version = $2 order by id limit $3',
          [this.lane, version, this.needed],
        );
        await session.execute('insert into fraud_drift_references (lane, model_version, samples, bins) values ($1, $2, $3, $4)', [
          this.lane, version, rows.length, JSON.stringify(referenceOf(rows.map(({ features }) => features))),
        ]);
      }
      await session.execute('delete from fraud_drift_samples where lane = $1 and model_version = $2', [this.lane, version]);
    });
  }

  /** How far the features are from their reference in the 24 hours before `asOf`, ms of event time. Forgets what is older than a week. */
  async drift(pool: PostgresPool, version: string, asOf: number): Promise<Drift> {
    const from = Math.floor(asOf / HOUR_MS) * HOUR_MS - CURRENT_HOURS * HOUR_MS;
    const reference = await this.#reference(pool, version);
    const neededNow = Math.ceil(this.needed * LEAST_SHARE_OF_REFERENCE);
    if (reference === null) {
      const scores = await this.#gathered(pool, version);
      return { modelVersion: version, reference: { scores, needed: this.needed }, current: { scores: 0, needed: neededNow, from }, features: [] };
    }
    await pool.execute('delete from fraud_drift_counts where lane = $1 and hour < $2', [this.lane, new Date(asOf - KEPT_HOURS * HOUR_MS).toISOString()]);
    const current = await this.#current(pool, version, from);
    const scores = Math.max(0, ...[...current.values()].map((counts) => counts.reduce((total, count) => total + count, 0)));
    const features = scores < neededNow ? [] : Object.entries(reference.bins).flatMap(([feature, { counts }]) => {
      const psi = stabilityIndex(counts, current.get(feature) ?? []);
      return psi === null ? [] : [{ feature, psi }];
    });
    return {
      modelVersion: version, reference: { scores: reference.samples, needed: this.needed }, current: { scores, needed: neededNow, from },
      features: features.sort((a, b) => b.psi - a.psi),
    };
  }

  async #current(pool: PostgresPool, version: string, from: number): Promise<ReadonlyMap<string, readonly number[]>> {
    const rows = await pool.query<{ feature: string; bin: number; count: number }>(CURRENT, [this.lane, version, new Date(from).toISOString()]);
    const current = new Map<string, number[]>();
    for (const { feature, bin, count } of rows) {
      const counts = current.get(feature) ?? [];
      counts[bin - 1] = count;
      current.set(feature, counts);
    }
    return current;
  }

  async #gathered(session: PostgresSession, version: string): Promise<number> {
    const [row] = await session.query<{ count: number }>('select count(*) as count from fraud_drift_samples where lane = $1 and model_version = $2', [this.lane, version]);
    return row?.count ?? 0;
  }

  async #reference(session: PostgresSession, version: string): Promise<Reference | null> {
    const known = this.#references.get(version);
    if (known !== undefined) return known;
    const [row] = await session.query<Reference>('select samples, bins from fraud_drift_references where lane = $1 and model_version = $2', [this.lane, version]);
    if (row !== undefined) this.#references.set(version, row);
    return row ?? null;
  }
}

/** The version of the model a score was made with; empty where there was none. */
export const modelVersionOf = (versions: Readonly<Record<string, string>>): string => versions['model'] ?? '';

function byModelVersion(scores: readonly ScoredOrder[]): ReadonlyMap<string, readonly ScoredOrder[]> {
  return Map.groupBy(scores, ({ versions }) => modelVersionOf(versions));
}

/** Counts of one batch, by hour and feature. */
function hourlyCounts(scores: readonly ScoredOrder[], { bins }: Reference): readonly { hour: string; feature: string; counts: readonly number[] }[] {
  const features = Object.entries(bins);
  return [...Map.groupBy(scores, ({ occurredAt }) => Math.floor(occurredAt / HOUR_MS) * HOUR_MS)].flatMap(([hour, own]) =>
    features.map(([feature, { cuts }]) => {
      const counts = emptyCounts(cuts);
      for (const score of own) increment(counts, binOf(cuts, score.features[feature]));
      return { hour: new Date(hour).toISOString(), feature, counts };
    }),
  );
}
