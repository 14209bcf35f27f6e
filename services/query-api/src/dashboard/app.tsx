import { AlertDialog } from './alert.dialog.js';
import { AlertsPanel } from './alerts.panel.js';
import { FraudPage } from './fraud.page.js';
import { ExplainDialog } from './explain.dialog.js';
import type { Subject } from './explanation.js';
import { formats } from './format.js';
import { Header } from './header.js';
import { HeadlinePanel } from './headline.panel.js';
import { HistoryPage } from './history.page.js';
import { KpiRow } from './kpi.row.js';
import { RankingRow } from './ranking.row.js';
import { SalesPanel } from './sales.panel.js';
import { ShopContext } from './shop.context.js';
import { useAlertLink } from './use-alert-link.js';
import { useNow, useShop } from './use-shop.js';
import { usePage } from './use-page.js';
import { useTitle } from './use-title.js';
import { useMemo, useState } from 'preact/hooks';
import type { VNode } from 'preact';

export function App(): VNode {
  const { state, connection } = useShop();
  const now = useNow(state.clockOffsetMs);
  const format = useMemo(() => formats(state.timeZone), [state.timeZone]);
  const page = usePage();
  const [explained, explain] = useState<Subject | null>(null);
  const alert = useAlertLink();
  return (
    <ShopContext.Provider value={{ state, now, format, explain, showAlert: alert.open }}>
      <a class="skip" href="#main" onClick={skip}>Skip to the numbers</a>
      <Header connection={connection} page={page} />
      <main id="main" tabIndex={-1}>
        {page === 'fraud' ? <FraudPage /> : page === 'alerts' ? <HistoryPage /> : state.windows.size === 0 ? <Waiting loaded={state.loaded} /> : <Board />}
      </main>
      {alert.link !== null && <AlertDialog key={`${alert.link.fingerprint} ${alert.link.startsAt}`} link={alert.link} onClose={alert.close} onAnswered={alert.answered} />}
      {explained !== null && <ExplainDialog subject={explained} onClose={() => { explain(null); }} />}
    </ShopContext.Provider>
  );
}

/** The address stays: it says which page this is. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function Board(): VNode {
  useTitle();
  return (
    <div class="board">
      <HeadlinePanel />
      <AlertsPanel />
      <SalesPanel />
      <KpiRow />
      <RankingRow />
    </div>
  );
}

function Waiting({ loaded }: { readonly loaded: boolean }): VNode {
  return (
    <section class="waiting" aria-labelledby="waiting-title">
      <svg class="waiting-mark" viewBox="0 0 96 48" aria-hidden="true">
        <path d="M4 16c11 0 11 10 22 10s11-10 22-10 11 10 22 10 11-10 22-10" />
        <path d="M4 30c11 0 11 10 22 10s11-10 22-10 11 10 22 10 11-10 22-10" />
      </svg>
      <h2 id="waiting-title">{loaded ? 'No numbers yet' : 'Connecting'}</h2>
      <p>
        {loaded
          ? 'The page is connected and fills by itself as soon as the first minute has been counted. Nothing needs to be reloaded.'
          : 'Asking the server for the latest numbers.'}
      </p>
      {loaded && <p class="muted">Nothing for a while? <code>millrace status</code> tells which part is not running.</p>}
    </section>
  );
}
