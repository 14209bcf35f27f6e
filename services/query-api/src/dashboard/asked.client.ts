import { useEffect, useState } from 'preact/hooks';

/** What came of a question: `asking` until the first answer; `failed` where the server could not say. The last value is kept meanwhile. */
export interface Asked<T> {
  readonly value: T | null;
  readonly state: 'asking' | 'known' | 'failed';
  /** It failed because there is no such thing, or can be none of that name. */
  readonly isMissing: boolean;
  /** Asks again now. */
  readonly again: () => void;
}

type Held<T> = Omit<Asked<T>, 'again'> & { readonly path: string };

const ASKING = { value: null, state: 'asking', isMissing: false } as const;
const MISSING = [400, 404];

/** Asks for JSON, and again every `everyMs` where that is given. A new path forgets the old answer. */
export function useAsked<T>(path: string, everyMs?: number): Asked<T> {
  const [held, setHeld] = useState<Held<T>>({ path, ...ASKING });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const cancel = new AbortController();
    const ask = async (): Promise<void> => {
      const { value, status } = await answerOf(path, cancel.signal);
      if (cancel.signal.aborted) return;
      setHeld((before) => (value !== null
        ? { path, value: value as T, state: 'known', isMissing: false }
        : { path, value: before.path === path ? before.value : null, state: 'failed', isMissing: MISSING.includes(status) }));
    };
    void ask();
    const timer = everyMs === undefined ? undefined : window.setInterval(() => { void ask(); }, everyMs);
    return () => {
      cancel.abort();
      window.clearInterval(timer);
    };
  }, [path, everyMs, round]);
  const again = (): void => { setRound(round + 1); };
  return { ...(held.path === path ? held : ASKING), again };
}

/** Null where the server cannot say now. */
export async function fetchJson<T>(path: string, signal: AbortSignal): Promise<T | null> {
  return (await answerOf(path, signal)).value as T | null;
}

/** Status 0: no answer. */
async function answerOf(path: string, signal: AbortSignal): Promise<{ readonly value: unknown; readonly status: number }> {
  try {
    const response = await fetch(path, { signal });
    return { value: response.ok ? await response.json() : null, status: response.status };
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException) return { value: null, status: 0 };
    throw error;
  }
}
