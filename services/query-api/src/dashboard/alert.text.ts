import type { AlertDetailDto, DeliveryDto, MetricDto } from '../wire.dto.js';
import { age, type Formats } from './format.js';

type WholeAlert = AlertDetailDto['alert'];

/** Shown by themselves, not among the other annotations. */
const SPOKEN = new Set(['summary', 'description', 'runbook', 'runbook_url']);

/** The address of a page, where the text is one; labels and annotations may say anything. */
export function webAddress(text: string | null | undefined): string | null {
  if (text === null || text === undefined || !URL.canParse(text)) return null;
  const { protocol, href } = new URL(text);
  return protocol === 'https:' || protocol === 'http:' ? href : null;
}

export function runbookOf({ annotations }: Pick<WholeAlert, 'annotations'>): string | null {
  return webAddress(annotations['runbook_url']) ?? webAddress(annotations['runbook']);
}

/** What else the alert says of itself. */
export function furtherAnnotations({ annotations }: Pick<WholeAlert, 'annotations'>): readonly (readonly [string, string])[] {
  return Object.entries(annotations).filter(([name, text]) => !SPOKEN.has(name) && text !== '').sort(([a], [b]) => (a < b ? -1 : 1));
}

export function moment(time: string, format: Formats): string {
  const ms = Date.parse(time);
  return `${format.day(ms)}, ${format.second(ms)}`;
}

/** When it fires since, or from when to when it did. */
export function spanFacts(alert: Pick<WholeAlert, 'startsAt' | 'endsAt' | 'status' | 'timedOut'>, now: number, format: Formats): readonly { readonly name: string; readonly text: string }[] {
  const { startsAt, endsAt, status, timedOut } = alert;
  const began = Date.parse(startsAt);
  if (status === 'firing') return [{ name: 'Since', text: `${moment(startsAt, format)}; for ${lasting(now - began)}.` }];
  const over = endsAt === null ? [] : [{ name: 'Until', text: `${moment(endsAt, format)}; after ${lasting(Date.parse(endsAt) - began)}.${timedOut ? ' Nobody said that it was over: nobody told of it any more.' : ''}` }];
  return [{ name: 'Since', text: `${moment(startsAt, format)}.` }, ...over];
}

/** One of the other times it fired. */
export function outageText({ startsAt, endsAt, status }: AlertDetailDto['outages'][number], now: number): string {
  const began = Date.parse(startsAt);
  if (status === 'firing') return `fires for ${lasting(now - began)}`;
  return endsAt === null ? 'over' : `for ${lasting(Date.parse(endsAt) - began)}`;
}

function lasting(ms: number): string {
  const text = age(ms);
  return text === 'now' ? 'a moment' : unbroken(text);
}

/** A number stays on one line with its unit. */
function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

/** Which line of a ranking the alert is about, where its metric is one. */
export function itemOf({ labels }: Pick<WholeAlert, 'labels'>, metricKey: string): string | undefined {
  return /[{,]product=/.test(metricKey) ? undefined : labels['product'];
}

/** Why somebody was not told. */
export function mutingText({ reason, by, silence, source }: AlertDetailDto['mutings'][number]): string {
  switch (reason) {
    case 'silence':
      return silence === null ? 'silenced' : `silenced by ${silence.author}${silence.comment === '' ? '' : `: ${silence.comment}`}`;
    case 'inhibition':
      return `inhibited by ${source ?? 'an alert that is not kept any more'}`;
    case 'time-interval':
      return `outside its times (${by})`;
  }
}

/** The order whose score is the evidence; null: it is a window. */
export function orderOf({ window, metricKey }: Pick<WholeAlert['evidence'][number], 'window' | 'metricKey'>): string | null {
  if (window !== 'order') return null;
  return /[{,]order=((?:\\.|[^\\,}])*)/.exec(metricKey)?.[1]?.replace(/\\(.)/g, '$1') ?? metricKey;
}

/** A number that the alert compared, in the unit of its metric where that is known. */
export function measured(value: number, { labels, evidence }: Pick<WholeAlert, 'labels' | 'evidence'>, metric: MetricDto | undefined, format: Formats): string {
  const key = evidence[0]?.metricKey ?? '';
  const unit = itemOf({ labels }, key) === undefined ? (metric?.unit ?? '') : 'items';
  return format.exact(value, unit, labels['currency']).trim();
}

/** `revenue{currency=EUR}` is of revenue. */
export function metricOf(metricKey: string, metrics: readonly MetricDto[]): MetricDto | undefined {
  const name = metricKey.split('{', 1)[0];
  return metrics.find((metric) => metric.name === name);
}

/** What became of a message, and how that looks. */
export function deliveryState(state: string): { readonly text: string; readonly tone: 'good' | 'warn' | 'bad' } {
  switch (state) {
    case 'delivered':
      return { text: 'Delivered', tone: 'good' };
    case 'pending':
      return { text: 'Waiting', tone: 'warn' };
    case 'failed':
      return { text: 'Given up', tone: 'bad' };
    case 'disabled':
      return { text: 'Receiver switched off', tone: 'warn' };
    case 'suppressed':
      return { text: 'Recorded only: not a live lane', tone: 'warn' };
    case 'replaced':
      return { text: 'Replaced by a later one', tone: 'warn' };
    default:
      return { text: state, tone: 'warn' };
  }
}

/** How an attempt went, after its time. */
export function attemptText({ outcome, statusCode, error, durationMs, possibleRepeat }: DeliveryDto['attempts'][number], format: Formats): string {
  const word = { delivered: 'delivered', retry: 'failed, to be tried again', failed: 'failed for good', disabled: 'refused: the receiver wants no more' }[outcome] ?? outcome;
  const code = statusCode === null ? '' : `HTTP ${String(statusCode)}`;
  const why = error === null || error === code ? '' : error;
  const took = unbroken(durationMs < 1_000 ? `${String(durationMs)} ms` : `${format.decimal(durationMs / 1_000)} s`);
  return [word, code, why, took, possibleRepeat ? 'may have come twice: an attempt before it was cut off' : ''].filter((text) => text !== '').join(' · ');
}

/** What the message told of this alert, and of how many others. */
export function toldText({ alerts, alertCount, status }: Pick<DeliveryDto, 'alerts' | 'alertCount' | 'status'>, fingerprint: string, format: Formats): string {
  const told = alerts.find((alert) => alert.fingerprint === fingerprint)?.status ?? status;
  const others = alertCount - 1;
  const along = others <= 0 ? '' : `, with ${format.count(others)} ${others === 1 ? 'other alert' : 'other alerts'}`;
  return `${told === 'firing' ? 'that it fires' : 'that it is over'}${along}`;
}
