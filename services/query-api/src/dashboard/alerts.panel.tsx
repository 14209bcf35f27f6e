import type { VNode } from 'preact';
import type { AlertDto } from '../wire.dto.js';
import { linkTo } from './alert.link.js';
import { age } from './format.js';
import { Nothing, Panel } from './panel.js';
import { useShopContext } from './shop.context.js';
import { alertText, sortedAlerts } from './shop.state.js';

const SHOWN = 8;

/** What fires, worst first, and below it what has been resolved. */
export function AlertsPanel(): VNode {
  const { state, now } = useShopContext();
  const alerts = sortedAlerts(state.alerts);
  const firing = alerts.filter((alert) => alert.status === 'firing').length;
  return (
    <Panel title="Alerts" area="alerts" actions={<span class={firing > 0 ? 'pill pill-bad' : 'pill pill-good'}>{firing > 0 ? `${String(firing)} firing` : 'None firing'}</span>}>
      <div role="region" aria-live="polite" aria-label="Alerts" class="alerts">
        {alerts.length === 0 && <Nothing text="Nothing has needed attention." />}
        {alerts.length > 0 && <ul>{alerts.slice(0, SHOWN).map((alert) => <Alert key={alert.id} alert={alert} now={now} />)}</ul>}
      </div>
    </Panel>
  );
}

function Alert({ alert, now }: { readonly alert: AlertDto; readonly now: number }): VNode {
  const { state, format, showAlert } = useShopContext();
  const firing = alert.status === 'firing';
  const since = Date.parse(firing ? alert.startsAt : (alert.endsAt ?? alert.updatedAt));
  return (
    <li class={`alert alert-${firing ? alert.severity : 'resolved'}`}>
      <span class="alert-state">{firing ? alert.severity : 'resolved'}</span>
      <span class="alert-text">
        <strong title={alert.summary}>
          <button type="button" class="number alert-open" aria-haspopup="dialog" onClick={() => { showAlert(linkTo(alert)); }}>{alertText(alert, state.productNames)}</button>
        </strong>
        {alert.description !== '' && <span class="alert-detail">{alert.description}</span>}
      </span>
      <time class="alert-time" dateTime={new Date(since).toISOString()} title={format.second(since)}>
        {format.minute(since)} <span aria-hidden="true" class="muted">{age(now - since)}</span>
      </time>
    </li>
  );
}
