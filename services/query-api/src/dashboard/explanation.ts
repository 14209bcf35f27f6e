import type { ExplainedWindowDto, FreshnessDto, MetricDto } from '../wire.dto.js';
import { age, countryName, sentence, type Formats } from './format.js';

/** A number on the board that can be explained. */
export interface Subject {
  readonly title: string;
  readonly metricKey: string;
  readonly window: string;
  /** RFC 3339. */
  readonly windowStart: string;
  /** Which line of a ranking. */
  readonly item?: string;
}

export interface Explanation {
  /** In full, where the board shortens. */
  readonly value: string;
  readonly about: string;
  readonly facts: readonly { readonly name: string; readonly text: string; readonly warns?: boolean }[];
}

interface View {
  readonly item?: string | undefined;
  readonly now: number;
  readonly timeZone: string;
  readonly format: Formats;
  /** Of the metric, where the number is its newest and too old. */
  readonly stale?: FreshnessDto | undefined;
}

/** What a window says, in words for who runs the shop. Pure. */
export function explanationOf(window: ExplainedWindowDto, metric: MetricDto, view: View): Explanation {
  const { format, stale } = view;
  const computed = Date.parse(window.computedAt);
  return {
    value: valueOf(window, metric, view),
    about: [metric.doc, onlyWhere(window.dimensions), placeOf(window, view.item)].filter((text) => text !== '').join(' '),
    facts: [
      { name: 'Covers', text: `${spanOf(window, format)}; ${view.now < Date.parse(window.windowEnd) ? 'still running' : 'over'}. Time zone ${view.timeZone}.` },
      { name: 'Counted from', text: `${format.count(window.count)} ${window.count === 1 ? 'event' : 'events'} of ${metric.sources.map(plainTopic).join(' and ')}.` },
      { name: 'Computed', text: `${format.day(computed)}, ${format.second(computed)}; ${ago(view.now - computed)}.` },
      ...(stale === undefined ? [] : [{ name: 'Too old', text: staleText(stale, view), warns: true }]),
      { name: 'Revision', text: `${format.count(window.revision)}. It grows with every change of this number.` },
      { name: 'Final', text: finalText(window, format) },
    ],
  };
}

function valueOf(window: ExplainedWindowDto, metric: MetricDto, { item, format }: View): string {
  if (item === undefined) return format.exact(window.value, metric.unit, window.dimensions['currency']);
  const line = window.items.find(({ key }) => key === item);
  return line === undefined ? '–' : format.exact(line.value, 'items');
}

function placeOf(window: ExplainedWindowDto, item: string | undefined): string {
  if (item === undefined) return '';
  const place = window.items.findIndex(({ key }) => key === item);
  return place === -1 ? 'Not in this ranking any more.' : `Place ${String(place + 1)} of the ${String(window.items.length)} listed; product id ${item}.`;
}

function onlyWhere(dimensions: Readonly<Record<string, string>>): string {
  const parts = Object.entries(dimensions).map(([name, value]) => `${name} is ${name === 'country' ? countryName(value) : name === 'category' ? sentence(value) : value}`);
  return parts.length === 0 ? '' : `Only where ${parts.join(' and ')}.`;
}

/** The time that a window covers. */
export function spanOf({ window, windowStart, windowEnd }: Pick<ExplainedWindowDto, 'window' | 'windowStart' | 'windowEnd'>, format: Formats): string {
  const start = Date.parse(windowStart);
  const end = Date.parse(windowEnd);
  if (window === '1d') return `${format.day(start)}, the whole day`;
  if (window === '1mo') return `${format.day(start)} to ${format.day(end - 1)}, both included`;
  return `${format.day(start)}, ${format.minute(start)} to ${format.minute(end)}`;
}

function finalText({ final, watermark }: ExplainedWindowDto, format: Formats): string {
  if (final) return 'Yes. Events of this time that still arrive are set aside as late and not counted.';
  if (watermark === null) return 'No. Events that still arrive are counted.';
  const until = Date.parse(watermark);
  return `No. Events from before ${format.day(until)}, ${format.minute(until)} are held to be complete; later ones may still arrive and are counted.`;
}

function staleText({ asOf, staleAfterMs }: FreshnessDto, { now }: View): string {
  const old = asOf === null ? '' : `It speaks for ${ago(now - Date.parse(asOf))}. `;
  return `${old}A number of its kind should not be older than ${age(staleAfterMs)}.`;
}

/** "just now", "12 s ago". */
function ago(ms: number): string {
  const text = age(ms);
  return text === 'now' ? 'just now' : `${text} ago`;
}

/** `shop.orders.v1` is "orders". */
function plainTopic(topic: string): string {
  return /^shop\.(.+)\.v\d+$/.exec(topic)?.[1] ?? topic;
}

/** Where the API gives the window. */
export function pathOf({ metricKey, window, windowStart }: Subject): string {
  return `/api/windows/${encodeURIComponent(metricKey)}/${window}/${windowStart}`;
}
