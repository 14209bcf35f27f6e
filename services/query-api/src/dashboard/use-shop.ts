import { useEffect, useState } from 'preact/hooks';
import { fetchMinutes, follow, type Connection } from './live.client.js';
import { CHARTED, EMPTY, fromSnapshot, withSeries, withUpdate, type ShopState } from './shop.state.js';

/** Minutes that the chart shows. */
export const CHART_MINUTES = 90;
const MINUTE = 60_000;

/** The shop's state, kept up to date for as long as the page lives. */
export function useShop(): { readonly state: ShopState; readonly connection: Connection } {
  const [state, setState] = useState<ShopState>(EMPTY);
  const [connection, setConnection] = useState<Connection>({ state: 'connecting' });

  useEffect(
    () =>
      follow('/api/stream', {
        onConnection: setConnection,
        onSnapshot: (snapshot) => { setState((known) => fromSnapshot(known, snapshot, Date.now())); },
        onUpdate: (update) => { setState((known) => withUpdate(known, update, Date.now())); },
      }),
    [],
  );

  // Stored minutes: at first, after a lost connection, and then each minute, for corrections of minutes that passed.
  useEffect(() => {
    if (connection.state !== 'open') return undefined;
    const cancel = new AbortController();
    const load = (): void => {
      for (const metric of CHARTED) {
        void fetchMinutes(metric, Date.now() - (CHART_MINUTES + 1) * MINUTE, cancel.signal).then((series) => {
          if (series !== null) setState((known) => withSeries(known, series));
        });
      }
    };
    load();
    const timer = window.setInterval(load, MINUTE);
    return () => {
      window.clearInterval(timer);
      cancel.abort();
    };
  }, [connection.state]);

  return { state, connection };
}

/** The server's time, ms, once a second. */
export function useNow(offsetMs: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => { setNow(Date.now()); }, 1_000);
    return () => { window.clearInterval(timer); };
  }, []);
  return now + offsetMs;
}
