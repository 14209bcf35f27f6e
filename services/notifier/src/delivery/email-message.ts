import { ANSWERS, answerLink, type Links } from './links.js';
import { common, nameOf, statusOf, titleOf, type Notice, type NoticeAlert } from './message.js';

const MAX_SUBJECT = 200;
const MAX_TEXT = 2_000;
const MAX_WINDOWS = 20;
/** Alerts that are told in full. */
const MAX_ALERTS = 20;

/** An e-mail, in plain text: nothing in it can be taken for markup. */
export interface EmailMessage {
  readonly subject: string;
  readonly text: string;
}

/** The alerts of a group for people, with their evidence and where to see more. */
export function emailMessage(notice: Notice, links: Links): EmailMessage {
  const { alerts, truncated, test } = notice;
  const firing = alerts.filter(({ status }) => status === 'firing');
  const resolved = alerts.filter(({ status }) => status === 'resolved');
  const state = test ? 'TEST' : statusOf(notice).toUpperCase();
  const summary = common(alerts.map(({ annotations }) => annotations))['summary'];
  const title = titleOf(alerts);
  const shown = alerts.slice(0, MAX_ALERTS);
  const left = alerts.length - shown.length + truncated;
  const lines = [
    `${title}: ${[...(firing.length > 0 ? [`${String(firing.length)} firing`] : []), ...(resolved.length > 0 ? [`${String(resolved.length)} resolved`] : [])].join(', ')}${test ? ' (a test)' : ''}`,
    '',
    ...shown.flatMap((alert) => alertLines(alert, notice, links)),
    ...(left === 0 ? [] : [`... and ${String(left)} more`, '']),
  ];
  return { subject: oneLine(`[${state}${alerts.length > 1 ? ` ${String(alerts.length + truncated)}` : ''}] ${title}${summary === undefined ? '' : `: ${summary}`}`).slice(0, MAX_SUBJECT), text: lines.join('\n') };
}

function alertLines(alert: NoticeAlert, { receiver, test }: Notice, links: Links): readonly string[] {
  const { status, labels, annotations, startsAt, endsAt, decision } = alert;
  const { summary, ...others } = annotations;
  const answering = test ? null : links.answering(alert, receiver);
  const windows = (decision?.evidence ?? []).slice(-MAX_WINDOWS).map(({ metricKey, window, windowStart, value, revision, sourceOffsets }) =>
    `  ${metricKey} ${window} at ${time(windowStart)} = ${String(value)} (revision ${String(revision)})${sourceOffsets.map(({ topic, partition, firstOffset, lastOffset }) => `\n    ${topic}[${String(partition)}] ${String(firstOffset)}-${String(lastOffset)}`).join('')}`);
  return [
    `${nameOf(labels)} ${status === 'resolved' ? 'is resolved' : 'fires'}${labels['severity'] === undefined ? '' : ` (${labels['severity']})`}`,
    ...(summary === undefined ? [] : [cut(summary)]),
    endsAt === null ? `Since ${time(startsAt)}` : `From ${time(startsAt)} to ${time(endsAt)}`,
    ...(decision === null || decision.value === null ? [] : [`Value ${String(decision.value)}${decision.threshold === null ? '' : `, limit ${String(decision.threshold)}`}`]),
    ...Object.entries(others).map(([name, value]) => `${name}: ${cut(value)}`),
    'Labels',
    ...Object.entries(labels).map(([name, value]) => `  ${name}: ${cut(value)}`),
    ...(windows.length === 0 ? [] : ['Evidence', ...windows]),
    links.alert(alert),
    ...(answering === null ? [] : ['', ...ANSWERS.map(({ answer, text }) => `${text}: ${answerLink(answering, answer)}`)]),
    '',
  ];
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
