import { alertLink, type Notice } from './message.js';

const MAX_SUBJECT = 200;
const MAX_TEXT = 2_000;
const MAX_WINDOWS = 20;

/** An e-mail, in plain text: nothing in it can be taken for markup. */
export interface EmailMessage {
  readonly subject: string;
  readonly text: string;
}

/** The alert for people, with its evidence and where to see more. */
export function emailMessage({ alert, test }: Notice, dashboardUrl: string): EmailMessage {
  const state = test ? 'TEST' : alert.status;
  const summary = alert.annotations['summary'];
  const labels = Object.entries(alert.labels).map(([name, value]) => `  ${name}: ${cut(value)}`);
  const others = Object.entries(alert.annotations).filter(([name]) => name !== 'summary').map(([name, value]) => `${name}: ${cut(value)}`);
  const windows = alert.evidence.slice(-MAX_WINDOWS).map(({ metricKey, window, windowStart, value, revision, sourceOffsets }) =>
    `  ${metricKey} ${window} at ${time(windowStart)} = ${String(value)} (revision ${String(revision)})${sourceOffsets.map(({ topic, partition, firstOffset, lastOffset }) => `\n    ${topic}[${String(partition)}] ${String(firstOffset)}-${String(lastOffset)}`).join('')}`);
  const lines = [
    `${alert.rule} (${alert.severity}) ${alert.status === 'RESOLVED' ? 'is resolved' : 'fires'}${test ? ': a test' : ''}`,
    ...(summary === undefined ? [] : [cut(summary)]),
    '',
    alert.endsAt === null ? `Since ${time(alert.startsAt)}` : `From ${time(alert.startsAt)} to ${time(alert.endsAt)}`,
    ...(alert.value === null ? [] : [`Value ${String(alert.value)}${alert.threshold === null ? '' : `, limit ${String(alert.threshold)}`}`]),
    ...others,
    '',
    'Labels',
    ...labels,
    ...(windows.length === 0 ? [] : ['', 'Evidence', ...windows]),
    '',
    alertLink(dashboardUrl, alert),
    '',
  ];
  const subject = `[${state}] ${alert.rule}${summary === undefined ? '' : `: ${summary}`}`;
  return { subject: oneLine(subject).slice(0, MAX_SUBJECT), text: lines.join('\n') };
}

/** A line break in a header would begin another header. */
function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex -- those are what has to go
  return text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ');
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
