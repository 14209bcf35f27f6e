import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { PostgresPool, PostgresSession } from '@millrace/stores';
import type { SilenceRow } from './silence-row.js';

/** How long a silence is listed after its end, as Alertmanager has it. */
const LISTED_AFTER = '120 hours';

/** A silence as people made it. */
export interface SilenceRecord extends SilenceRow {
  readonly createdBy: string;
  readonly comment: string;
  readonly updatedAt: Date;
}

export type SilenceDraft = Omit<SilenceRecord, 'id' | 'updatedAt'>;
export type SilenceState = 'pending' | 'active' | 'expired';

/** Has the lane's dispatcher read again what people want. $1 lane. */
export const PEOPLE_CHANGED = 'update dispatchers set people_version = people_version + 1 where lane = $1';

const COLUMNS = 'id, matchers, starts_at as "startsAt", ends_at as "endsAt", created_by as "createdBy", comment, updated_at as "updatedAt"';

export function silenceState({ startsAt, endsAt }: Pick<SilenceRecord, 'startsAt' | 'endsAt'>, now: number): SilenceState {
  return endsAt.getTime() <= now ? 'expired' : startsAt.getTime() > now ? 'pending' : 'active';
}

/** A lane's silences in PostgreSQL: whichever process takes one, the dispatcher of the lane hears of it. Throws `StoreError`s. */
export class SilenceStore {
  constructor(
    private readonly pool: PostgresPool,
    private readonly lane: string,
  ) {}

  /** Those that hold or will, and those that ended lately; latest end last. */
  list(): Promise<readonly SilenceRecord[]> {
    return this.pool.query<SilenceRecord>(`select ${COLUMNS} from silences where lane = $1 and ends_at > now() - interval '${LISTED_AFTER}' order by ends_at, id`, [this.lane]);
  }

  async find(id: string): Promise<SilenceRecord | null> {
    const [row] = await this.pool.query<SilenceRecord>(`select ${COLUMNS} from silences where lane = $1 and id = $2`, [this.lane, id]);
    return row ?? null;
  }

  /**
   * Makes a silence, or changes the one with `id`. Where what held cannot be changed, since it would rewrite the past, that one ends and another
   * begins. Returns its id; null: there is none to change.
   */
  put(draft: SilenceDraft, id: string | null, now: number): Promise<string | null> {
    return this.pool.transaction(async (session) => {
      const [row] = id === null ? [] : await session.query<SilenceRecord>(`select ${COLUMNS} from silences where lane = $1 and id = $2 for update`, [this.lane, id]);
      if (id !== null && row === undefined) return null;
      if (row !== undefined && canBecome(row, draft, now)) {
        await session.execute('update silences set ends_at = $2, starts_at = $3, created_by = $4, comment = $5, updated_at = now() where id = $1', [row.id, draft.endsAt, draft.startsAt, draft.createdBy, draft.comment]);
        await this.#changed(session);
        return row.id;
      }
      if (row !== undefined) await this.#end(session, row.id);
      const made = randomUUID();
      await session.execute('insert into silences (id, lane, matchers, starts_at, ends_at, created_by, comment) values ($1, $2, $3, $4, $5, $6, $7)', [
        made, this.lane, JSON.stringify(draft.matchers), new Date(Math.max(draft.startsAt.getTime(), now)), draft.endsAt, draft.createdBy, draft.comment,
      ]);
      await this.#changed(session);
      return made;
    });
  }

  /** Ends a silence now. `unknown`: there is none; `expired`: it had ended. */
  expire(id: string): Promise<'done' | 'unknown' | 'expired'> {
    return this.pool.transaction(async (session) => {
      const [row] = await session.query<{ ended: boolean }>('select ends_at <= now() as ended from silences where lane = $1 and id = $2 for update', [this.lane, id]);
      if (row === undefined) return 'unknown';
      if (row.ended) return 'expired';
      await this.#end(session, id);
      await this.#changed(session);
      return 'done';
    });
  }

  async #end(session: PostgresSession, id: string): Promise<void> {
    await session.execute('update silences set starts_at = least(starts_at, now()), ends_at = now(), updated_at = now() where id = $1 and ends_at > now()', [id]);
  }

  async #changed(session: PostgresSession): Promise<void> {
    await session.execute(PEOPLE_CHANGED, [this.lane]);
  }
}

/** As Alertmanager: the same matchers, a start that has passed stays, and nothing that has ended comes back. */
function canBecome(held: SilenceRecord, next: SilenceDraft, now: number): boolean {
  if (!isDeepStrictEqual(held.matchers, next.matchers)) return false;
  const state = silenceState(held, now);
  if (state === 'active') return Math.floor(held.startsAt.getTime() / 1_000) === Math.floor(next.startsAt.getTime() / 1_000);
  return state === 'pending' && next.startsAt.getTime() >= now;
}
