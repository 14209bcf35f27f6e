import { useEffect, useState } from 'preact/hooks';

/** What came of a question: `asking` until the first answer; `failed` where the server could not say. The last value is kept meanwhile. */
export interface Asked<T> {
  readonly value: T | null;
  readonly state: 'asking' | 'known' | 'failed';
  /** Asks again now. */
  readonly again: () => void;
}

/** Asks for JSON, and again every `everyMs` where that is given. A new path forgets the old answer. */
export function useAsked<T>(path: string, everyMs?: number): Asked<T> {
  const [answer, setAnswer] = useState<{ readonly path: string; readonly value: T | null; readonly state: Asked<T>['state'] }>({ path, value: null, state: 'asking' });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const cancel = new AbortController();
    const ask = async (): Promise<void> => {
      const value = await fetchJson<T>(path, cancel.signal);
      if (cancel.signal.aborted) return;
      setAnswer((held) => (value === null ? { path, value: held.path === path ? held.value : null, state: 'failed' } : { path, value, state: 'known' }));
    };
    void ask();
    const timer = everyMs === undefined ? undefined : window.setInterval(() => { void ask(); }, everyMs);
    return () => {
      cancel.abort();
      window.clearInterval(timer);
    };
  }, [path, everyMs, round]);
  const again = (): void => { setRound(round + 1); };
  return answer.path === path ? { value: answer.value, state: answer.state, again } : { value: null, state: 'asking', again };
}

/** Null where the server cannot say now. */
export async function fetchJson<T>(path: string, signal: AbortSignal): Promise<T | null> {
  try {
    const response = await fetch(path, { signal });
    return response.ok ? ((await response.json()) as T) : null;
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException) return null;
    throw error;
  }
}

/** Sends a verdict. Returns null once Kafka has it, else why not. */
export async function sendVerdict(orderId: string, body: { readonly fraud: boolean; readonly decidedBy: string; readonly note?: string }): Promise<string | null> {
  try {
    const response = await fetch(`/api/fraud/cases/${encodeURIComponent(orderId)}/verdict`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    if (response.ok) return null;
    const { detail } = (await response.json()) as { detail?: string };
    return detail ?? 'The server refused the verdict.';
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError) return 'The server does not answer.';
    throw error;
  }
}
