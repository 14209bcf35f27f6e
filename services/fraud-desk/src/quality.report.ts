import type { PostgresPool } from '@millrace/stores';
import type { Drift, DriftBook } from './drift.book.js';
import type { PostgresQualityStore } from './postgres-quality-store.js';
import { qualityOf, WINDOWS, type Basis, type Quality } from './quality.js';
import type { Decision } from './scored-order.js';

export interface WindowReport {
  readonly window: (typeof WINDOWS)[number]['window'];
  /** Orders scored, by decision. */
  readonly decisions: Readonly<Record<Decision, number>>;
  /** Orders of the simulator that nobody scored. */
  readonly unscored: { readonly orders: number; readonly fraud: number };
  /** Null where the window holds no order that the basis judges. */
  readonly quality: Readonly<Record<Basis, Quality | null>>;
}

/** How good scoring is, at one moment. Times in ms. */
export interface QualityReport {
  readonly computedAt: number;
  /** Event time of the newest order scored, with which the windows end; those of `observed` end earlier by the label delay. */
  readonly asOf: number;
  readonly windows: readonly WindowReport[];
  readonly drift: Drift;
}

interface Parts {
  readonly store: PostgresQualityStore;
  readonly pool: PostgresPool;
  readonly drift: DriftBook;
  readonly labelDelayMs: number;
}

/** Computes all of it anew from the database; null before the first score. */
export async function computeReport({ store, pool, drift, labelDelayMs }: Parts): Promise<QualityReport | null> {
  const newest = await store.newest();
  if (newest === null) return null;
  const { at: asOf, modelVersion } = newest;
  const ends = { newest: asOf, settled: asOf - labelDelayMs };
  // One after the other: computing is never urgent, and must leave the database to others.
  const groups = await store.groups(ends);
  const ranks = await store.ranks(ends);
  const unscored = await store.unscored(ends);
  const windows = WINDOWS.map(({ window }, index): WindowReport => {
    const within = groups.filter(({ slot }) => slot <= index);
    const decided = (decision: Decision): number => total(within.filter((group) => group.decision === decision));
    const missing = unscored.filter(({ slot }) => slot <= index);
    const of = (basis: Basis): Quality | null => qualityOf(groups, ranks, basis, index);
    return {
      window,
      decisions: { ALLOW: decided('ALLOW'), REVIEW: decided('REVIEW'), DECLINE: decided('DECLINE') },
      unscored: { orders: total(missing), fraud: missing.reduce((sum, { fraud }) => sum + fraud, 0) },
      quality: { oracle: of('oracle'), observed: of('observed'), labelled: of('labelled') },
    };
  });
  return { computedAt: Date.now(), asOf, windows, drift: await drift.drift(pool, modelVersion, asOf) };
}

const total = (groups: readonly { readonly orders: number }[]): number => groups.reduce((sum, { orders }) => sum + orders, 0);
