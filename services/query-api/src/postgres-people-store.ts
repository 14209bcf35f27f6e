import type { PostgresSession } from '@millrace/stores';
import type { ActionsQuery, SilencesQuery } from './alert.schema.js';
import { pageOf, placeOf, type Page, type PlacedRow } from './page.js';
import type { PeopleStore } from './people-store.js';
import { contains, instantOf } from './search.sql.js';
import type { ActionDto, SilenceDto } from './wire.dto.js';

const STATE = `case when ends_at <= now() then 'expired' when starts_at > now() then 'pending' else 'active' end`;

/** $1 lane, $2 state, $3 author, $4 text, $5 and $6 cursor, $7 limit; null: any. */
const SILENCES = `
select id, ${STATE} as state, matchers, starts_at, ends_at, created_by, comment, updated_at, ${placeOf('starts_at')} from silences
where lane = $1 and ($2::text is null or ${STATE} = $2) and ($3::text is null or created_by = $3)
  and ($4::text is null or ${contains('$4', 'created_by')} or ${contains('$4', 'comment')}
    or exists (select from jsonb_to_recordset(matchers) as matcher (name text, value text) where ${contains('$4', 'matcher.name')} or ${contains('$4', 'matcher.value')}))
  and ($5::timestamptz is null or (starts_at, id) < ($5, $6::uuid))
order by starts_at desc, id desc limit $7`;

/** $1 lane, $2 kind, $3 author, $4 fingerprint, $5 text, $6 from, $7 to, $8 and $9 cursor, $10 limit; null: any. */
const ACTIONS = `
select done.id, done.action, done.author, done.comment, done.until, done.verdict, done.acted_at, done.fingerprint, done.first_starts_at,
  about.rule, about.annotations ->> 'summary' as summary, about.labels, ${placeOf('done.acted_at')}
from alert_actions done left join alerts about using (lane, fingerprint, first_starts_at)
where done.lane = $1 and ($2::text is null or done.action = $2) and ($3::text is null or done.author = $3) and ($4::text is null or done.fingerprint = $4)
  and ($5::text is null or ${contains('$5', 'done.author')} or ${contains('$5', 'done.comment')} or ${contains('$5', 'about.rule')} or ${contains('$5', `about.annotations ->> 'summary'`)})
  and ($6::timestamptz is null or done.acted_at >= $6) and ($7::timestamptz is null or done.acted_at < $7)
  and ($8::timestamptz is null or (done.acted_at, done.id) < ($8, $9::bigint))
order by done.acted_at desc, done.id desc limit $10`;

interface SilenceRow extends PlacedRow {
  readonly id: string;
  readonly state: SilenceDto['state'];
  readonly matchers: SilenceDto['matchers'];
  readonly starts_at: Date;
  readonly ends_at: Date;
  readonly created_by: string;
  readonly comment: string;
  readonly updated_at: Date;
}

interface ActionRow extends PlacedRow {
  readonly id: number;
  readonly action: string;
  readonly author: string;
  readonly comment: string;
  readonly until: Date | null;
  readonly verdict: ActionDto['verdict'];
  readonly acted_at: Date;
  readonly fingerprint: string;
  readonly first_starts_at: Date;
  /** This and what follows: null where the outage is not kept any more. */
  readonly rule: string | null;
  readonly summary: string | null;
  readonly labels: Record<string, string> | null;
}

/** Reads the notifier's tables of one lane. */
export class PostgresPeopleStore implements PeopleStore {
  constructor(
    private readonly postgres: PostgresSession,
    private readonly lane: string,
  ) {}

  async silences({ state, author, q, cursor, limit }: SilencesQuery): Promise<Page<SilenceDto>> {
    const values = [this.lane, state ?? null, author ?? null, q ?? null, cursor?.at ?? null, cursor?.id ?? null, limit + 1];
    return pageOf(await this.postgres.query<SilenceRow>(SILENCES, values), limit, toSilenceDto);
  }

  async actions({ action, author, fingerprint, q, from, to, cursor, limit }: ActionsQuery): Promise<Page<ActionDto>> {
    const values = [this.lane, action ?? null, author ?? null, fingerprint ?? null, q ?? null, instantOf(from), instantOf(to), cursor?.at ?? null, cursor?.id ?? null, limit + 1];
    return pageOf(await this.postgres.query<ActionRow>(ACTIONS, values), limit, toActionDto);
  }
}

function toSilenceDto({ id, state, matchers, starts_at, ends_at, created_by, comment, updated_at }: SilenceRow): SilenceDto {
  return { id, state, matchers, startsAt: starts_at.toISOString(), endsAt: ends_at.toISOString(), createdBy: created_by, comment, updatedAt: updated_at.toISOString() };
}

function toActionDto(row: ActionRow): ActionDto {
  const { id, action, author, comment, verdict, fingerprint, rule, summary, labels } = row;
  return {
    id, action, author, comment, until: row.until?.toISOString() ?? null, verdict, actedAt: row.acted_at.toISOString(), fingerprint, startsAt: row.first_starts_at.toISOString(),
    alert: rule === null ? null : { rule, summary: summary ?? '', labels: labels ?? {} },
  };
}
