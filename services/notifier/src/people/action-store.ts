import type { PostgresPool, PostgresSession } from '@millrace/stores';
import { PEOPLE_CHANGED } from '../silences/silence-store.js';
import type { Labels } from '../routing/labels.js';

/** Whether an alert was right. */
export type Verdict = 'true' | 'false' | 'unsure';
export const VERDICTS = ['true', 'false', 'unsure'] as const satisfies readonly Verdict[];

export type ActionKind = 'acknowledged' | 'unacknowledged' | 'commented' | 'snoozed';

/** What somebody does about an outage. */
export interface Action {
  readonly kind: ActionKind;
  readonly author: string;
  readonly comment: string;
  /** Of a snooze: its end. */
  readonly until?: Date;
}

/** What somebody says about an outage. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly author: string;
  readonly comment: string;
}

/** The outage that something was done about. */
export interface Outage {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly startsAt: Date;
}

export interface KnownOutage extends Outage {
  readonly firstStartsAt: Date;
}

/**
 * The alert's latest outage, or the one that was ever told to begin then: it may have turned out to have begun earlier. $1 lane, $2 fingerprint,
 * $3 start or null.
 */
const OUTAGE = `
select fingerprint, labels, starts_at as "startsAt", first_starts_at as "firstStartsAt" from alerts
where lane = $1 and fingerprint = $2 and ($3::timestamptz is null
  or (date_trunc('milliseconds', starts_at) <= $3 and date_trunc('milliseconds', first_starts_at) >= $3))
order by first_starts_at desc limit 1`;

/** $1 lane, $2 fingerprint, $3 first start. */
const JUDGED = `
select author, verdict from alert_actions where lane = $1 and fingerprint = $2 and first_starts_at = $3 and action = 'judged' order by id`;

/** Nothing where it is the author's last word already, and no more is said. $1 lane, $2 fingerprint, $3 first start, $4 author, $5 comment, $6 verdict. */
const JUDGE = `
insert into alert_actions (lane, fingerprint, first_starts_at, action, author, comment, verdict)
select $1, $2, $3, 'judged', $4, $5, $6
where $5 <> '' or $6 is distinct from (
  select verdict from alert_actions where lane = $1 and fingerprint = $2 and first_starts_at = $3 and action = 'judged' and author = $4 order by id desc limit 1)`;

const DONE = `
select action, author, comment, until, verdict, acted_at as "actedAt", first_starts_at as "firstStartsAt" from alert_actions
where lane = $1 and fingerprint = $2 order by id desc limit $3`;

/** What people did about a lane's alerts. Throws `StoreError`s. */
export class ActionStore {
  constructor(
    private readonly pool: PostgresPool,
    private readonly lane: string,
  ) {}

  /** Null: there is no such outage. */
  find(fingerprint: string, startsAt: Date | null): Promise<KnownOutage | null> {
    return this.#find(this.pool, fingerprint, startsAt);
  }

  /** Records it, and has the dispatcher heed it. Null: there is no such outage. */
  act(fingerprint: string, startsAt: Date | null, { kind, author, comment, until }: Action): Promise<Outage | null> {
    return this.pool.transaction(async (session) => {
      const outage = await this.#find(session, fingerprint, startsAt);
      if (outage === null) return null;
      await session.execute('insert into alert_actions (lane, fingerprint, first_starts_at, action, author, comment, until) values ($1, $2, $3, $4, $5, $6, $7)', [
        this.lane, fingerprint, outage.firstStartsAt, kind, author, comment, until ?? null,
      ]);
      await session.execute(PEOPLE_CHANGED, [this.lane]);
      return { fingerprint, labels: outage.labels, startsAt: outage.startsAt };
    });
  }

  /** Records whether it was right; a double click once. */
  judge({ fingerprint, firstStartsAt }: KnownOutage, { verdict, author, comment }: Judgement): Promise<number> {
    return this.pool.transaction(async (session) => {
      await session.query('select from alerts where lane = $1 and fingerprint = $2 and first_starts_at = $3 for update', [this.lane, fingerprint, firstStartsAt]);
      return session.execute(JUDGE, [this.lane, fingerprint, firstStartsAt, author, comment, verdict]);
    });
  }

  /** What was said of an outage, in order. */
  judged({ fingerprint, firstStartsAt }: KnownOutage): Promise<readonly { readonly author: string; readonly verdict: Verdict }[]> {
    return this.pool.query(JUDGED, [this.lane, fingerprint, firstStartsAt]);
  }

  /** What was done about an alert, newest first. */
  list(fingerprint: string, limit: number): Promise<readonly unknown[]> {
    return this.pool.query(DONE, [this.lane, fingerprint, limit]);
  }

  async #find(session: PostgresSession, fingerprint: string, startsAt: Date | null): Promise<KnownOutage | null> {
    const [row] = await session.query<KnownOutage>(OUTAGE, [this.lane, fingerprint, startsAt]);
    return row ?? null;
  }
}
