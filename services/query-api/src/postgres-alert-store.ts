import type { AlertEvidence } from '@millrace/contracts';
import type { PostgresSession } from '@millrace/stores';
import type { AlertStore } from './alert-store.js';
import type { AlertDto, DeliveryDto, ExplainedAlertDto } from './wire.dto.js';
import { iso, toEvidenceDto } from './wire.mapper.js';

type StoredStatus = 'FIRING' | 'RESOLVED';

interface AlertRow {
  readonly id: number;
  readonly fingerprint: string;
  readonly rule: string;
  readonly severity: string;
  readonly status: StoredStatus;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly value: number | null;
  readonly threshold: number | null;
  readonly starts_at: Date;
  readonly ends_at: Date | null;
  readonly evidence: readonly AlertEvidence[];
  readonly updated_at: Date;
}

interface DeliveryRow {
  readonly id: number;
  readonly alert_id: number;
  readonly fingerprint: string;
  readonly rule: string;
  readonly status: StoredStatus;
  readonly receiver: string;
  readonly state: string;
  readonly next_attempt_at: Date;
  readonly last_error: string | null;
  readonly created_at: Date;
  readonly finished_at: Date | null;
}

interface AttemptRow {
  readonly delivery_id: number;
  readonly attempt: number;
  readonly started_at: Date;
  readonly duration_ms: number;
  readonly outcome: string;
  readonly status_code: number | null;
  readonly error: string | null;
  readonly possible_repeat: boolean;
}

/** Reads the notifier's tables of one lane. */
export class PostgresAlertStore implements AlertStore {
  constructor(
    private readonly postgres: PostgresSession,
    private readonly lane: string,
  ) {}

  async alerts(status: AlertDto['status'] | undefined, limit: number): Promise<ExplainedAlertDto[]> {
    const rows = await this.postgres.query<AlertRow>(
      `select id, fingerprint, rule, severity, status, labels, annotations, value, threshold, starts_at, ends_at, evidence, updated_at
       from alerts where lane = $1 and ($2::text is null or status = $2) order by status, updated_at desc, id desc limit $3`,
      [this.lane, status?.toUpperCase() ?? null, limit],
    );
    return rows.map(toAlertDto);
  }

  async deliveries(state: string | undefined, limit: number): Promise<DeliveryDto[]> {
    const rows = await this.postgres.query<DeliveryRow>(
      `select d.id, d.alert_id, d.fingerprint, a.rule, d.status, d.receiver, d.state, d.next_attempt_at, d.last_error, d.created_at, d.finished_at
       from deliveries d join alerts a on a.id = d.alert_id
       where d.lane = $1 and ($2::text is null or d.state = $2) order by d.created_at desc, d.id desc limit $3`,
      [this.lane, state ?? null, limit],
    );
    const attempts = await this.postgres.query<AttemptRow>(
      `select delivery_id, attempt, started_at, duration_ms, outcome, status_code, error, possible_repeat
       from delivery_attempts where delivery_id = any ($1::bigint[]) order by delivery_id, attempt, id`,
      [rows.map(({ id }) => id)],
    );
    return rows.map((row) => toDeliveryDto(row, attempts.filter((attempt) => attempt.delivery_id === row.id)));
  }
}

const statusOf = (status: StoredStatus): AlertDto['status'] => (status === 'FIRING' ? 'firing' : 'resolved');

function toAlertDto(row: AlertRow): ExplainedAlertDto {
  return {
    id: row.id, fingerprint: row.fingerprint, status: statusOf(row.status), rule: row.rule, severity: row.severity, labels: row.labels,
    summary: row.annotations['summary'] ?? '', description: row.annotations['description'] ?? '', value: row.value, threshold: row.threshold,
    startsAt: row.starts_at.toISOString(), endsAt: row.ends_at?.toISOString() ?? null, updatedAt: row.updated_at.toISOString(),
    evidence: row.evidence.map(toEvidenceDto),
  };
}

function toDeliveryDto(row: DeliveryRow, attempts: readonly AttemptRow[]): DeliveryDto {
  return {
    id: row.id, alertId: row.alert_id, fingerprint: row.fingerprint, rule: row.rule, status: statusOf(row.status), receiver: row.receiver, state: row.state,
    attempts: attempts.map((attempt) => ({
      attempt: attempt.attempt, startedAt: iso(attempt.started_at.getTime()), durationMs: attempt.duration_ms, outcome: attempt.outcome,
      statusCode: attempt.status_code, error: attempt.error, possibleRepeat: attempt.possible_repeat,
    })),
    nextAttemptAt: row.state === 'pending' ? row.next_attempt_at.toISOString() : null,
    lastError: row.last_error, createdAt: row.created_at.toISOString(), finishedAt: row.finished_at?.toISOString() ?? null,
  };
}
