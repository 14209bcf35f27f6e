import type { PostgresPool } from '@millrace/stores';
import { PEOPLE_CHANGED } from '../silences/silence-store.js';
import type { Labels } from '../routing/labels.js';

export type ActionKind = 'acknowledged' | 'unacknowledged' | 'commented' | 'snoozed';

/** What somebody does about an outage. */
export interface Action {
  readonly kind: ActionKind;
  readonly author: string;
  readonly comment: string;
  /** Of a snooze: its end. */
  readonly until: Date | null;
}

/** The outage that something was done about. */
export interface Outage {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly startsAt: Date;
}

/** The alert's latest outage, or the one that began then. $1 lane, $2 fingerprint, $3 start or null. */
const OUTAGE = `
select labels, starts_at, first_starts_at from alerts
where lane = $1 and fingerprint = $2 and ($3::timestamptz is null or $3 in (starts_at, first_starts_at))
order by first_starts_at desc limit 1`;

const DONE = `
select action, author, comment, until, acted_at as "actedAt", first_starts_at as "firstStartsAt" from alert_actions
where lane = $1 and fingerprint = $2 order by id desc limit $3`;

/** What people did about a lane's alerts. Throws `StoreError`s. */
export class ActionStore {
  constructor(
    private readonly pool: PostgresPool,
    private readonly lane: string,
  ) {}

  /** Records it, and has the dispatcher heed it. Null: there is no such outage. */
  act(fingerprint: string, startsAt: Date | null, { kind, author, comment, until }: Action): Promise<Outage | null> {
    return this.pool.transaction(async (session) => {
      const [row] = await session.query<{ labels: Labels; starts_at: Date; first_starts_at: Date }>(OUTAGE, [this.lane, fingerprint, startsAt]);
      if (row === undefined) return null;
      await session.execute('insert into alert_actions (lane, fingerprint, first_starts_at, action, author, comment, until) values ($1, $2, $3, $4, $5, $6, $7)', [
        this.lane, fingerprint, row.first_starts_at, kind, author, comment, until,
      ]);
      await session.execute(PEOPLE_CHANGED, [this.lane]);
      return { fingerprint, labels: row.labels, startsAt: row.starts_at };
    });
  }

  /** What was done about an alert, newest first. */
  list(fingerprint: string, limit: number): Promise<readonly unknown[]> {
    return this.pool.query(DONE, [this.lane, fingerprint, limit]);
  }
}
