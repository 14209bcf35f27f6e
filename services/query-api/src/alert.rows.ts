import type { AlertEvidence } from '@millrace/contracts';
import type { PlacedRow } from './page.js';
import type { AlertDetailDto, AlertDto, DeliveryDto, ExplainedAlertDto, FoundAlertDto } from './wire.dto.js';
import { iso, toEvidenceDto } from './wire.mapper.js';

type StoredStatus = 'FIRING' | 'RESOLVED';

export interface AlertRow {
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
  readonly first_starts_at: Date;
  readonly ends_at: Date | null;
  readonly is_timeout: boolean;
  readonly is_decided: boolean;
  readonly generator_url: string;
  readonly evidence: readonly AlertEvidence[];
  readonly updated_at: Date;
}

export interface FoundAlertRow extends AlertRow, PlacedRow {
  readonly id: number;
  readonly told: boolean;
  readonly acknowledged_by: string | null;
}

export interface ChangeRow {
  readonly event_id: string;
  readonly resolved: boolean;
  readonly received_at: Date;
  readonly source_topic: string | null;
  readonly source_partition: number | null;
  readonly source_offset: number | null;
}

export interface DeliveryRow extends PlacedRow {
  readonly id: number;
  readonly receiver: string;
  readonly integration: string;
  readonly group_key: string;
  readonly group_labels: Record<string, string>;
  readonly message_id: string;
  readonly status: StoredStatus;
  readonly state: string;
  /** Times in ms. */
  readonly alerts: readonly (Omit<DeliveryDto['alerts'][number], 'startsAt'> & { readonly startsAt: number })[];
  readonly alert_count: number;
  readonly next_attempt_at: Date;
  readonly last_error: string | null;
  readonly created_at: Date;
  readonly finished_at: Date | null;
}

export interface AttemptRow {
  readonly delivery_id: number;
  readonly attempt: number;
  readonly started_at: Date;
  readonly duration_ms: number;
  readonly outcome: string;
  readonly status_code: number | null;
  readonly error: string | null;
  readonly response_excerpt: string | null;
  readonly possible_repeat: boolean;
}

const statusOf = (status: StoredStatus): AlertDto['status'] => (status === 'FIRING' ? 'firing' : 'resolved');

/** While it fires, `ends_at` is when it would be taken for over: no end yet. */
export function toOutageDto({ status, starts_at, ends_at }: Pick<AlertRow, 'status' | 'starts_at' | 'ends_at'>): AlertDetailDto['outages'][number] {
  return { status: statusOf(status), startsAt: starts_at.toISOString(), endsAt: status === 'FIRING' ? null : (ends_at?.toISOString() ?? null) };
}

export function toAlertDto(row: AlertRow): ExplainedAlertDto {
  return {
    id: row.id, fingerprint: row.fingerprint, rule: row.rule, severity: row.severity, labels: row.labels,
    summary: row.annotations['summary'] ?? '', description: row.annotations['description'] ?? '', value: row.value, threshold: row.threshold,
    ...toOutageDto(row), updatedAt: row.updated_at.toISOString(), evidence: row.evidence.map(toEvidenceDto),
  };
}

export function toFoundAlertDto(row: FoundAlertRow): FoundAlertDto {
  return { ...toAlertDto(row), told: row.told, acknowledgedBy: row.acknowledged_by };
}

export function toWholeAlertDto(row: AlertRow): AlertDetailDto['alert'] {
  return {
    ...toAlertDto(row), annotations: row.annotations, decided: row.is_decided, timedOut: row.status === 'RESOLVED' && row.is_timeout,
    generatorUrl: row.generator_url === '' ? null : row.generator_url,
  };
}

export function toChangeDto(row: ChangeRow): AlertDetailDto['changes'][number] {
  return {
    eventId: row.event_id, status: row.resolved ? 'resolved' : 'firing', receivedAt: row.received_at.toISOString(),
    topic: row.source_topic, partition: row.source_partition, offset: row.source_offset,
  };
}

/** A row of `alert_mutings`, with what it names. */
export interface MutingRow {
  readonly receiver: string;
  readonly reason: AlertDetailDto['mutings'][number]['reason'];
  readonly muted_by: string;
  readonly since: Date;
  readonly author: string | null;
  readonly comment: string | null;
  readonly source: string | null;
}

export function toMutingDto({ receiver, reason, muted_by, since, author, comment, source }: MutingRow): AlertDetailDto['mutings'][number] {
  return { receiver, reason, by: muted_by, since: since.toISOString(), silence: author === null ? null : { author, comment: comment ?? '' }, source };
}

export function toDeliveryDto(row: DeliveryRow, attempts: readonly AttemptRow[]): DeliveryDto {
  return {
    id: row.id, receiver: row.receiver, integration: row.integration, groupKey: row.group_key, groupLabels: row.group_labels, messageId: row.message_id,
    status: statusOf(row.status), state: row.state, alerts: row.alerts.map((alert) => ({ ...alert, startsAt: iso(alert.startsAt) })), alertCount: row.alert_count,
    attempts: attempts.map((attempt) => ({
      attempt: attempt.attempt, startedAt: iso(attempt.started_at.getTime()), durationMs: attempt.duration_ms, outcome: attempt.outcome,
      statusCode: attempt.status_code, error: attempt.error, answer: attempt.response_excerpt, possibleRepeat: attempt.possible_repeat,
    })),
    nextAttemptAt: row.state === 'pending' ? row.next_attempt_at.toISOString() : null,
    lastError: row.last_error, createdAt: row.created_at.toISOString(), finishedAt: row.finished_at?.toISOString() ?? null,
  };
}
