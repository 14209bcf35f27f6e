import type { AlertEvidence } from '@millrace/contracts';
import type { KnownBlock, MessageAttachment } from '@slack/types';
import { ANSWERS, answerLink, type Links } from './links.js';
import { nameOf, statusOf, titleOf, type Notice, type NoticeAlert } from './message.js';

/** Body of a Slack incoming webhook. */
export interface SlackMessage {
  /** Shown in notifications. */
  readonly text: string;
  readonly attachments: readonly MessageAttachment[];
}

/** Slack allows 3,000 characters in a section, 50 blocks and 100 attachments; people read far less. */
const MAX_TEXT = 600;
const MAX_LABEL = 120;
const MAX_LABELS = 10;
const MAX_WINDOWS = 3;
const MAX_ALERTS = 5;
const COLOURS: Readonly<Record<string, string>> = { critical: '#c62828', warning: '#ef6c00', info: '#1565c0' };
const RESOLVED_COLOUR = '#2e7d32';
const OTHER_COLOUR = '#616161';
/** Shown elsewhere, or the same for all. */
const KNOWN_LABELS: ReadonlySet<string> = new Set(['alertname', 'rule', 'severity', 'lane']);

/** Text that Slack shows as it is: no mention, no link, no channel. */
export function escapeSlack(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** The alerts of a group in Block Kit, each in an attachment for the sake of its colour. */
export function slackMessage(notice: Notice, links: Links): SlackMessage {
  const { alerts, truncated, test } = notice;
  const state = test ? 'Test' : statusOf(notice) === 'resolved' ? 'Resolved' : 'Firing';
  const [first] = alerts;
  const summary = alerts.length === 1 ? first?.annotations['summary'] : undefined;
  const count = alerts.length + truncated > 1 ? ` (${String(alerts.length + truncated)} alerts)` : '';
  const shownAlerts = alerts.slice(0, MAX_ALERTS);
  const left = alerts.length - shownAlerts.length + truncated;
  return {
    text: `${state}: ${shown(titleOf(alerts))}${count}${summary === undefined ? '' : ` - ${shown(summary)}`}`,
    attachments: [
      ...shownAlerts.map((alert) => attachmentOf(alert, notice, links)),
      ...(left === 0 ? [] : [{ color: OTHER_COLOUR, blocks: [context(`and ${String(left)} more`)] }]),
    ],
  };
}

function attachmentOf(alert: NoticeAlert, { test, receiver }: Notice, links: Links): MessageAttachment {
  const { status, labels, annotations, decision } = alert;
  const resolved = status === 'resolved';
  const { summary } = annotations;
  const severity = labels['severity'] ?? '';
  const blocks: KnownBlock[] = [
    section(`*${test ? 'Test' : resolved ? 'Resolved' : 'Firing'}: ${shown(nameOf(labels))}*${severity === '' ? '' : ` (${shown(severity, MAX_LABEL)})`}${summary === undefined ? '' : `\n${shown(summary)}`}`),
    section(factsOf(alert).join('\n')),
  ];
  const evidence = decision?.evidence ?? [];
  if (evidence.length > 0) blocks.push(context(evidence.slice(-MAX_WINDOWS).map(evidenceLine).join('\n')));
  blocks.push(context(`<${escapeSlack(links.alert(alert))}|Open in the dashboard>`));
  const answering = test ? null : links.answering(alert, receiver);
  if (answering !== null) blocks.push({ type: 'actions', elements: ANSWERS.map(({ answer, text }) => ({ type: 'button', action_id: answer, text: { type: 'plain_text', text }, url: answerLink(answering, answer) })) });
  return { color: resolved ? RESOLVED_COLOUR : (COLOURS[severity] ?? OTHER_COLOUR), blocks };
}

function factsOf({ labels, startsAt, endsAt, decision }: NoticeAlert): string[] {
  const value = decision === null || decision.value === null ? [] : [`value ${String(decision.value)}${decision.threshold === null ? '' : `, limit ${String(decision.threshold)}`}`];
  const since = endsAt === null ? `since ${time(startsAt)}` : `from ${time(startsAt)} to ${time(endsAt)}`;
  const others = Object.entries(labels).filter(([name]) => !KNOWN_LABELS.has(name));
  return [since, ...value, ...others.slice(0, MAX_LABELS).map(([name, text]) => `${shown(name, MAX_LABEL)}: ${shown(text, MAX_LABEL)}`)];
}

function evidenceLine({ metricKey, window, windowStart, value, revision, sourceOffsets }: AlertEvidence): string {
  const sources = sourceOffsets.slice(0, 4).map(({ topic, partition, firstOffset, lastOffset }) => `${topic}[${partition}] ${firstOffset}-${lastOffset}`);
  return shown(`${metricKey} ${window} at ${time(windowStart)} = ${value} (revision ${revision})${sources.length === 0 ? '' : `; ${sources.join(', ')}`}`);
}

function section(text: string): KnownBlock {
  return { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } };
}

function context(text: string): KnownBlock {
  return { type: 'context', elements: [{ type: 'mrkdwn', text, verbatim: true }] };
}

function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** Escapes, then cuts: never inside an escape. */
function shown(text: string, limit = MAX_TEXT): string {
  const start = text.slice(0, limit);
  const escaped = escapeSlack(start);
  if (escaped.length <= limit && start.length === text.length) return escaped;
  return `${escaped.slice(0, limit).replace(/&[a-z]*$/, '')}…`;
}
