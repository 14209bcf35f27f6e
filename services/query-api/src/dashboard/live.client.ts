import { fetchJson } from './asked.client.js';
import { pathOf, type Subject } from './explanation.js';
import type { Charted } from './shop.state.js';
import type { CatalogueDto, ExplainedWindowDto, MetricDto, SeriesDto, SnapshotDto, UpdateDto } from '../wire.dto.js';

/** `waiting`: lost, and trying again at `retryAt`. */
export type Connection = { readonly state: 'connecting' } | { readonly state: 'open' } | { readonly state: 'waiting'; readonly retryAt: number };

interface Handlers {
  onConnection(connection: Connection): void;
  onSnapshot(snapshot: SnapshotDto): void;
  onUpdate(update: UpdateDto): void;
}

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 15_000;
/** What the server's `retry:` tells the browser. */
const NATIVE_RETRY_MS = 2_000;
/** The server says something every 15 s; a stream silent for longer is dead even where the socket looks open. */
const SILENCE_MS = 40_000;

/** Follows the stream for good: a lost or silent one is opened again, sooner at first. Returns how to stop. */
export function follow(url: string, handlers: Handlers): () => void {
  let source: EventSource | null = null;
  let timer: number | undefined;
  let failures = 0;

  const again = (): void => {
    source?.close();
    window.clearTimeout(timer);
    const delay = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
    failures += 1;
    handlers.onConnection({ state: 'waiting', retryAt: Date.now() + delay });
    timer = window.setTimeout(open, delay);
  };
  const alive = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(again, SILENCE_MS);
  };
  function open(): void {
    handlers.onConnection({ state: 'connecting' });
    const stream = new EventSource(url);
    source = stream;
    const on = (type: string, take: (data: string) => void): void => {
      stream.addEventListener(type, (event: MessageEvent<string>) => {
        alive();
        take(event.data);
      });
    };
    stream.onopen = () => {
      failures = 0;
      alive();
      handlers.onConnection({ state: 'open' });
    };
    stream.onerror = () => {
      // The browser itself resumes a stream that broke, with the id of the last event; it gives up only on a refusal.
      if (stream.readyState === EventSource.CLOSED) again();
      else handlers.onConnection({ state: 'waiting', retryAt: Date.now() + NATIVE_RETRY_MS });
    };
    on('snapshot', (data) => { handlers.onSnapshot(JSON.parse(data) as SnapshotDto); });
    on('update', (data) => { handlers.onUpdate(JSON.parse(data) as UpdateDto); });
    on('tick', () => undefined);
  }

  open();
  return () => {
    source?.close();
    window.clearTimeout(timer);
  };
}

/** Stored minutes of a metric. Null where the server cannot say now: the page goes on with what it has. */
export async function fetchMinutes({ metric, by }: Charted, from: number, signal: AbortSignal): Promise<SeriesDto | null> {
  const query = new URLSearchParams({ window: '1m', by, from: new Date(from).toISOString() });
  return fetchJson<SeriesDto>(`/api/metrics/${metric}/series?${query.toString()}`, signal);
}

/** A number's window with its offsets, and what its metric means. Null where the server cannot say now. */
export async function fetchExplanation(subject: Subject, signal: AbortSignal): Promise<{ window: ExplainedWindowDto; metric: MetricDto } | null> {
  const [window, catalogue] = await Promise.all([fetchJson<ExplainedWindowDto>(pathOf(subject), signal), fetchJson<CatalogueDto>('/api/metrics', signal)]);
  const metric = catalogue?.metrics.find(({ name }) => name === window?.metric);
  return window === null || metric === undefined ? null : { window, metric };
}
