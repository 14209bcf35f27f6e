import type { JobBacklog } from './lag.probe.js';
import type { Reading } from './survey.js';

/** What a Spark job says about itself. */
export interface JobReport {
  readonly job: string;
  readonly backlog: readonly JobBacklog[];
  /** Batches since its start, and the seconds they took. */
  readonly batches: number;
  readonly seconds: number;
  /** End of the last one, ms; null: there was none. */
  readonly lastBatchAt: number | null;
}

const ANSWER_WITHIN_MS = 4_000;
const SAMPLE = /^(\w+)\{([^}]*)\}\s+(\S+)/gmu;
const LABEL = /(\w+)="([^"]*)"/gu;
const LAG = /^millrace_\w+_lag_records$/u;
/** The histogram has the parts of a batch, too. */
const WHOLE = 'all';

/** The job's page of Prometheus metrics, as far as it speaks of the lane. Throws where it does not answer. */
export async function askJob(job: string, url: string, lane: string): Promise<JobReport> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  if (!answer.ok) throw new JobSilentError(url, answer.status);
  return reportOf(job, await answer.text(), lane);
}

/** A Spark job's page of metrics answers with an error. */
export class JobSilentError extends Error {
  override readonly name = 'JobSilentError';
  constructor(readonly url: string, readonly status: number) {
    super(`${url} answers ${status}`);
  }
}

/** Reads a page in Prometheus' text format. */
export function reportOf(job: string, page: string, lane: string): JobReport {
  const backlog: JobBacklog[] = [];
  let [batches, seconds, lastBatchAt]: [number, number, number | null] = [0, 0, null];
  for (const [, name = '', labelText = '', text] of page.matchAll(SAMPLE)) {
    const labels = Object.fromEntries([...labelText.matchAll(LABEL)].map(([, label = '', value = '']) => [label, value]));
    const value = Number(text);
    if (labels['lane'] !== lane || !Number.isFinite(value)) continue;
    if (LAG.test(name)) backlog.push({ job, topic: labels['topic'] ?? '', partition: Number(labels['partition']), lag: value });
    if (name === 'millrace_spark_batch_seconds_sum' && labels['part'] === WHOLE) seconds = value;
    if (name === 'millrace_spark_batch_seconds_count' && labels['part'] === WHOLE) batches = value;
    if (name === 'millrace_spark_last_batch_seconds' && value > 0) lastBatchAt = value * 1_000;
  }
  return { job, backlog, batches, seconds, lastBatchAt };
}

/** `batch_duration` between two reports; none where nothing was to be done, or the job began anew. */
export function batchReadings(before: JobReport | undefined, report: JobReport, now: number): Reading[] {
  const batches = report.batches - (before?.batches ?? report.batches);
  if (batches > 0) return [durationOf(report.job, (report.seconds - (before?.seconds ?? 0)) / batches, batches)];
  const waits = report.backlog.some(({ lag }) => lag > 0);
  if (before === undefined || batches < 0 || !waits || report.lastBatchAt === null) return [];
  return [durationOf(report.job, Math.max(0, now - report.lastBatchAt) / 1_000, 0)];
}

function durationOf(job: string, value: number, count: number): Reading {
  return { metric: 'batch_duration', dimensions: { job }, value, count, offsets: [] };
}
