import type { AlertEvent, AlertEvidence } from '@millrace/contracts';
import type { KnownBlock, MessageAttachment } from '@slack/types';
import { alertLink, type Notice } from './message.js';

/** Body of a Slack incoming webhook. */
export interface SlackMessage {
  /** Shown in notifications. */
  readonly text: string;
  readonly attachments: readonly MessageAttachment[];
}

/** Slack allows 3,000 characters in a section; one field needs far less. */
const MAX_TEXT = 600;
const MAX_LABEL = 120;
const MAX_LABELS = 10;
const MAX_WINDOWS = 3;
const COLOURS: Readonly<Record<string, string>> = { critical: '#c62828', warning: '#ef6c00', info: '#1565c0' };
const RESOLVED_COLOUR = '#2e7d32';
const OTHER_COLOUR = '#616161';

/** Text that Slack shows as it is: no mention, no link, no channel. */
export function escapeSlack(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** The alert in Block Kit, in an attachment for the sake of its colour. */
export function slackMessage({ alert, test }: Notice, dashboardUrl: string): SlackMessage {
  const resolved = alert.status === 'RESOLVED';
  const state = test ? 'Test' : resolved ? 'Resolved' : 'Firing';
  const title = `${state}: ${shown(alert.rule)}`;
  const summary = alert.annotations['summary'];
  const labels = Object.entries(alert.labels).filter(([name]) => name !== 'rule' && name !== 'severity' && name !== 'lane');
  const blocks: KnownBlock[] = [
    section(`*${title}* (${shown(alert.severity, MAX_LABEL)})${summary === undefined ? '' : `\n${shown(summary)}`}`),
    section(factsOf(alert, labels).join('\n')),
  ];
  if (alert.evidence.length > 0) blocks.push(context(alert.evidence.slice(-MAX_WINDOWS).map(evidenceLine).join('\n')));
  blocks.push(context(`<${escapeSlack(alertLink(dashboardUrl, alert))}|Open in the dashboard>`));
  return {
    text: summary === undefined ? title : `${title} - ${shown(summary)}`,
    attachments: [{ color: resolved ? RESOLVED_COLOUR : (COLOURS[alert.severity] ?? OTHER_COLOUR), blocks }],
  };
}

function factsOf(alert: AlertEvent, labels: readonly (readonly [string, string])[]): string[] {
  const value = alert.value === null ? [] : [`value ${alert.value}${alert.threshold === null ? '' : `, limit ${alert.threshold}`}`];
  const since = alert.endsAt === null ? `since ${time(alert.startsAt)}` : `from ${time(alert.startsAt)} to ${time(alert.endsAt)}`;
  return [since, ...value, ...labels.slice(0, MAX_LABELS).map(([name, text]) => `${shown(name, MAX_LABEL)}: ${shown(text, MAX_LABEL)}`)];
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
