import type { VNode } from 'preact';
import type { Connection } from './live.client.js';
import { isStale } from './freshness.js';
import { useShopContext } from './shop.context.js';
import type { PageName } from './use-page.js';

const PAGES = [
  { name: 'shop', href: '#shop', text: 'Shop' },
  { name: 'alerts', href: '#alerts', text: 'Alerts' },
  { name: 'fraud', href: '#fraud', text: 'Fraud' },
] as const;

export function Header({ connection, page }: { readonly connection: Connection; readonly page: PageName }): VNode {
  const { state, now, format } = useShopContext();
  return (
    <header class="top">
      <h1 class="brand">
        <svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8" /><path d="M6 12c3.3 0 3.3 3 6.7 3s3.3-3 6.600-3 3.400 3 6.700 3M6 18.500c3.300 0 3.300 3 6.700 3s3.300-3 6.600-3 3.400 3 6.700 3" /></svg>
        Millrace
      </h1>
      <nav class="pages" aria-label="Pages">
        {PAGES.map(({ name, href, text }) => <a key={name} href={href} aria-current={name === page ? 'page' : undefined}>{text}</a>)}
      </nav>
      {state.lane !== '' && <span class="lane" title="The lane these numbers belong to"><span class="muted">lane</span> {state.lane}</span>}
      <FreshnessSummary />
      <span class="grow" />
      <ConnectionState connection={connection} now={now - state.clockOffsetMs} />
      <time class="clock" dateTime={new Date(now).toISOString()} title={`Time of the shop: ${state.timeZone}`}>
        <span class="muted clock-day">{format.day(now)}</span><span class="clock-time">{format.minute(now)}</span>
        <span class="muted clock-zone">{state.timeZone}</span>
      </time>
    </header>
  );
}

function FreshnessSummary(): VNode | null {
  const { state, now } = useShopContext();
  const known = [...state.freshness.values()].filter((entry) => entry.asOf !== null);
  if (known.length === 0) return null;
  const stale = known.filter((entry) => isStale(entry, now)).map((entry) => entry.metric);
  if (stale.length === 0) return <span class="pill pill-good">All numbers fresh</span>;
  return <span class="pill pill-warn" title={stale.join(', ')}>{stale.length === known.length ? 'All numbers stale' : `${String(stale.length)} of ${String(known.length)} numbers stale`}</span>;
}

function ConnectionState({ connection, now }: { readonly connection: Connection; readonly now: number }): VNode {
  const text = { open: 'Live', connecting: 'Connecting', waiting: 'Reconnecting' }[connection.state];
  const seconds = connection.state === 'waiting' ? Math.max(0, Math.ceil((connection.retryAt - now) / 1000)) : 0;
  return (
    <span class={`connection connection-${connection.state}`}>
      <span class="dot" aria-hidden="true" />
      <span role="status">{text}</span>
      {seconds > 0 && <span aria-hidden="true"> in {seconds} s</span>}
    </span>
  );
}
