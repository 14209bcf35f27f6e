import { useState } from 'preact/hooks';
import { fetchJson, useAsked, type Asked } from './asked.client.js';

/** A page, as the API answers: its items under the list's name. */
type Answer = Readonly<Record<string, unknown>> & { readonly next: string | null };

interface Held<T> {
  /** Of the first page, which these follow. */
  readonly path: string;
  readonly items: readonly T[];
  readonly next: string | null;
}

/** Pages of a list that is read newest first. */
export interface Pages<T> extends Pick<Asked<unknown>, 'state' | 'isMissing' | 'again'> {
  readonly items: readonly T[];
  /** Loads the page after the last; null: there is none. */
  readonly more: (() => void) | null;
  /** The page after the last could not be loaded. */
  readonly moreFailed: boolean;
}

/**
 * The first page, asked for every `everyMs`, and what was loaded after it. An item shows once, as the first page has it; what the first page had when
 * more was loaded stays below what it has since.
 */
export function usePages<T>(path: string, everyMs: number, list: string, keyOf: (item: T) => string): Pages<T> {
  const first = useAsked<Answer>(path, everyMs);
  const [held, setHeld] = useState<Held<T> | null>(null);
  const [failedAt, setFailedAt] = useState<string | null>(null);
  const further = held?.path === path ? held : null;
  const itemsOf = (answer: Answer | null): readonly T[] => (answer?.[list] ?? []) as readonly T[];
  const newest = itemsOf(first.value);
  const shown = new Set(newest.map(keyOf));
  const items = [...newest, ...(further?.items ?? []).filter((item) => !shown.has(keyOf(item)))];
  const next = further === null ? (first.value?.next ?? null) : further.next;
  const load = async (cursor: string): Promise<void> => {
    const page = await fetchJson<Answer>(`${path}&cursor=${cursor}`, new AbortController().signal);
    setFailedAt(page === null ? cursor : null);
    if (page !== null) setHeld({ path, items: [...items, ...itemsOf(page)], next: page.next });
  };
  return {
    items, state: first.state, isMissing: first.isMissing, again: first.again,
    more: next === null ? null : () => { void load(next); }, moreFailed: next !== null && failedAt === next,
  };
}
