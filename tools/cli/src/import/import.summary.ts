import { type EventData } from './event.builder.js';

/** What an import did. */
export interface ImportSummary {
  readonly mapping: string;
  readonly lane: string;
  readonly dryRun: boolean;
  readonly interrupted: boolean;
  readonly rows: { readonly read: number; readonly rejected: number; readonly rejectedByReason: Readonly<Record<string, number>> };
  /** Where the rejected rows are; null without one. */
  readonly report: string | null;
  /** Events delivered for the first time, by topic and type; in a dry run those that would be. */
  readonly events: Readonly<Record<string, number>>;
  readonly published: number;
  /** Left out because an earlier run has published them. */
  readonly alreadyPublished: number;
  /** Left out because another row gave the same event. */
  readonly duplicateRows: number;
  /** Second deliveries made by `--duplicate`. */
  readonly copies: number;
  /** Events that came later than the mapping's `sort` allows for. */
  readonly outOfOrder: number;
  /** RFC 3339, null without an event. */
  readonly firstEventAt: string | null;
  readonly lastEventAt: string | null;
  readonly bytesRead: number;
  readonly seconds: number;
  readonly rowsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly sample?: readonly EventData[];
}

/** The summary for people. */
export function describeSummary(summary: ImportSummary): string {
  const { rows } = summary;
  const lines = [
    `${summary.mapping} into lane ${summary.lane}${summary.dryRun ? ' (dry run: nothing was published)' : ''}${summary.interrupted ? ' (interrupted: run it again to go on)' : ''}`,
    `  rows       ${count(rows.read)} read, ${count(rows.rejected)} rejected${summary.report === null ? '' : `, see ${summary.report}`}`,
    ...Object.entries(rows.rejectedByReason).map(([reason, number]) => `             ${count(number)} ${reason}`),
    `  events     ${count(summary.published)} ${summary.dryRun ? 'to publish' : 'published'}`,
    ...Object.entries(summary.events).map(([type, number]) => `             ${count(number)} ${type}`),
    ...optional('already    ', summary.alreadyPublished, 'published by an earlier run'),
    ...optional('repeated   ', summary.duplicateRows, 'rows that give the same event again'),
    ...optional('copies     ', summary.copies, 'delivered twice on purpose'),
    ...optional('unordered  ', summary.outOfOrder, 'events later than the mapping\'s sort allows for'),
    `  time       ${summary.firstEventAt ?? '-'} to ${summary.lastEventAt ?? '-'}`,
    `  speed      ${count(Math.round(summary.rowsPerSecond))} rows/s, ${(summary.bytesPerSecond / 2 ** 20).toFixed(1)} MiB/s of input, ${summary.seconds.toFixed(1)} s`,
  ];
  return lines.join('\n');
}

function optional(label: string, number: number, what: string): string[] {
  return number === 0 ? [] : [`  ${label}${count(number)} ${what}`];
}

function count(number: number): string {
  return number.toLocaleString('en');
}
