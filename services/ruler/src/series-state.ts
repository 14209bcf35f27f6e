import type { Attendance } from './absence.js';
import { reconcile, type Announced, type Transition } from './announcement.js';
import { CALM, episodesOf, type Fold, type Folded, type Phase } from './episodes.js';
import { paceOf } from './pace.js';
import { firesDownward, lookbackOf, shapeOf, type Rule } from './rule.js';
import { asContext, SILENT, type Sample } from './sample.js';
import { emptySeason, type Season } from './season.js';

/** One thing that a rule alerts about: the series itself, or a product of its ranking. */
interface Subject {
  /** Before the first sample that may still change. */
  readonly before: Phase;
  readonly announced: readonly Announced[];
}

/** What a rule remembers of a series; kept as JSON. */
export interface SeriesState {
  /** How the rule read the series when this was written. */
  readonly shape: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** In time order. The first `settled` ones are baseline only. */
  readonly samples: readonly Sample[];
  readonly settled: number;
  readonly subjects: Readonly<Record<string, Subject>>;
  /** Of a seasonal rule: what the settled samples, and those that were dropped, have taught. */
  readonly season?: Season;
  /** Of an absence rule, whose samples are the last window with events. */
  readonly attendance?: Attendance;
}

/** A change to announce, and about what. */
export interface SubjectTransition extends Transition {
  readonly subject: string;
}

export interface Advance {
  readonly state: SeriesState;
  readonly transitions: readonly SubjectTransition[];
}

/** Windows that a revision may still change; older ones are settled. */
const OPEN_WINDOWS = 16;
/** The subject that is the series itself. */
export const SELF = '';

export function emptyState(rule: Rule, dimensions: Readonly<Record<string, string>>): SeriesState {
  return { shape: shapeOf(rule), dimensions, samples: [], settled: 0, subjects: {} };
}

/** Takes a window in. Null: it changes nothing, because its revision is not higher, or its window is settled. */
export function withSample(rule: Rule, state: SeriesState, sample: Sample): Advance | null {
  const at = state.samples.findIndex(({ start }) => start >= sample.start);
  const known = at >= 0 && state.samples[at]?.start === sample.start ? state.samples[at] : undefined;
  if (known !== undefined && known.revision >= sample.revision) return null;
  const position = at < 0 ? state.samples.length : at;
  if (position < state.settled) return null;
  const samples = [...state.samples.slice(0, position), sample, ...state.samples.slice(known === undefined ? position : position + 1)];
  return look(rule, { ...state, samples }, sample);
}

/**
 * Takes note that event time has come to `watermark`: windows that ended long enough before it are complete, and windows that should have
 * come by then had no events. Waits one window more than the watermark says, since the series' own records may still be on their way.
 */
export function withWatermark(rule: Rule, state: SeriesState, watermark: number): Advance | null {
  const { slideMs } = paceOf(rule.window);
  const completed = state.samples.map((sample) =>
    !sample.complete && sample.end + (slideMs ?? sample.end - sample.start) <= watermark ? { ...sample, complete: true } : sample,
  );
  const filled = fillSilence(rule, { ...state, samples: completed }, watermark);
  const trigger = filled.samples.at(-1);
  const unchanged = filled.samples.length === state.samples.length && completed.every((sample, index) => sample === state.samples[index]);
  return trigger === undefined || unchanged ? null : look(rule, filled, trigger);
}

/** Appends windows without events, one by one, for as long as they matter. */
function fillSilence(rule: Rule, state: SeriesState, watermark: number): SeriesState {
  const { lengthMs, slideMs } = paceOf(rule.window);
  const last = state.samples.at(-1);
  // Days and months have no fixed length: where one is missing, nobody can say where it would have begun.
  if (lengthMs === undefined || slideMs === undefined || last === undefined) return state;
  const newest = last.start + Math.floor((watermark - slideMs - lengthMs - last.start) / slideMs) * slideMs;
  let filled = state;
  for (let start = Math.max(last.start + slideMs, newest - (OPEN_WINDOWS + lookbackOf(rule.condition)) * slideMs); start <= newest; start += slideMs) {
    if (!closesSilence(rule, filled)) return filled;
    filled = { ...filled, samples: [...filled.samples, silence(rule, start, start + lengthMs)] };
  }
  return filled;
}

/** The watermark at which {@link withWatermark} will change something; null: at none. */
export function dueAt(rule: Rule, state: SeriesState): number | null {
  const { lengthMs, slideMs } = paceOf(rule.window);
  const open = rule.decide === 'each' ? undefined : state.samples.find(({ complete }) => !complete);
  const completion = open === undefined ? Number.POSITIVE_INFINITY : open.end + (slideMs ?? open.end - open.start);
  const last = state.samples.at(-1);
  const silent = last !== undefined && lengthMs !== undefined && slideMs !== undefined && closesSilence(rule, state) ? last.start + lengthMs + 2 * slideMs : Number.POSITIVE_INFINITY;
  const due = Math.min(completion, silent);
  return Number.isFinite(due) ? due : null;
}

/** Whether missing windows matter: they end an alert, break a streak, or are low values themselves. */
function closesSilence(rule: Rule, state: SeriesState): boolean {
  if (rule.nature === 'level') return false;
  if (rule.nature === 'sum' && firesDownward(rule.condition)) return true;
  return Object.values(foldAll(rule, state)).some(({ phase }) => phase.startsAt !== null || phase.streak > 0);
}

function silence(rule: Rule, start: number, end: number): Sample {
  return { start, end, revision: SILENT, value: rule.nature === 'sum' ? 0 : null, count: 0, complete: true, items: {}, itemsComplete: true, offsets: [] };
}

function foldOf(rule: Rule, state: SeriesState, subject: string): Fold {
  const labels = subject === SELF ? state.dimensions : { ...state.dimensions, product: subject };
  return { rule, samples: state.samples, from: state.settled, subject, labels, season: seasonOf(rule, state) };
}

function seasonOf({ condition }: Rule, state: SeriesState): Season | null {
  return condition.kind === 'seasonal' ? (state.season ?? emptySeason(condition)) : null;
}

function foldAll(rule: Rule, state: SeriesState): Readonly<Record<string, Folded>> {
  return Object.fromEntries(
    subjectsOf(rule, state).map((subject) => [subject, episodesOf(foldOf(rule, state, subject), state.subjects[subject]?.before ?? CALM)]),
  );
}

function subjectsOf(rule: Rule, state: SeriesState): string[] {
  if (rule.condition.kind !== 'shortage') return [SELF];
  return [...new Set([...Object.keys(state.subjects), ...state.samples.flatMap(({ items }) => Object.keys(items))])].sort();
}

/** Decides anew for every subject, then settles what is old. */
function look(rule: Rule, state: SeriesState, trigger: Sample): Advance {
  const transitions: SubjectTransition[] = [];
  const subjects: Record<string, Subject> = {};
  for (const [subject, { episodes }] of Object.entries(foldAll(rule, state))) {
    const known = state.subjects[subject];
    const decision = { at: trigger.end, value: valueFor(trigger, subject), threshold: null, samples: [trigger] };
    const result = reconcile(known?.announced ?? [], episodes, decision);
    transitions.push(...result.transitions.map((transition) => ({ ...transition, subject })));
    subjects[subject] = { before: known?.before ?? CALM, announced: result.announced };
  }
  return { state: settle(rule, { ...state, subjects }), transitions };
}

function valueFor(sample: Sample, subject: string): number | null {
  return subject === SELF ? sample.value : (sample.items[subject] ?? null);
}

function settle(rule: Rule, state: SeriesState): SeriesState {
  const until = Math.max(state.settled, state.samples.length - OPEN_WINDOWS);
  const drop = Math.max(0, until - lookbackOf(rule.condition));
  const samples = state.samples.map((sample, index) => (index < until && !sample.complete ? { ...sample, complete: true } : sample));
  let season = seasonOf(rule, state);
  const subjects = Object.entries(state.subjects).flatMap(([subject, known]): [string, Subject][] => {
    const folded = episodesOf(foldOf(rule, { ...state, samples }, subject), known.before, until);
    const before = folded.phase;
    season = folded.season;
    const idle = rule.condition.kind === 'shortage' && isIdle(before, known.announced, samples.slice(until), subject);
    return idle ? [] : [[subject, { before, announced: known.announced }]];
  });
  const kept = samples.slice(drop).map((sample, index) => (index >= state.settled - drop && index < until - drop ? asContext(sample) : sample));
  return { ...state, samples: kept, settled: until - drop, subjects: Object.fromEntries(subjects), ...(season === null ? {} : { season }) };
}

/** A product that is out of the ranking in every window that may still change, and is not firing: forget it. */
function isIdle(before: Phase, announced: readonly Announced[], open: readonly Sample[], subject: string): boolean {
  return before.startsAt === null && announced.every(({ endsAt }) => endsAt !== null) && open.every(({ items }) => items[subject] === undefined);
}
