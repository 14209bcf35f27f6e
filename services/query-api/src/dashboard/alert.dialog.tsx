import type { VNode } from 'preact';
import type { AlertDetailDto, CatalogueDto } from '../wire.dto.js';
import { AlertActions } from './alert.actions.js';
import { AlertDeliveries } from './alert.deliveries.js';
import { AlertEvidence } from './alert.evidence.js';
import { alertPath, linkTo, type AlertLink } from './alert.link.js';
import { furtherAnnotations, measured, metricOf, moment, outageText, runbookOf, spanFacts, webAddress } from './alert.text.js';
import { useAsked } from './asked.client.js';
import { breakable } from './breakable.js';
import { sentence } from './format.js';
import { ModalDialog } from './modal.dialog.js';
import { useShopContext } from './shop.context.js';
import { alertText } from './shop.state.js';

const EVERY_MS = 10_000;

interface AlertDialogProps {
  readonly link: AlertLink;
  readonly onClose: () => void;
  /** What the link answered is said: the address is to say it no more. */
  readonly onAnswered: () => void;
}

/** One alert: what it says, what it rests on, who was told, and when else it fired. */
export function AlertDialog({ link, onClose, onAnswered }: AlertDialogProps): VNode {
  const path = alertPath(link);
  return path === null ? <ModalDialog title="Alert" wide onClose={onClose}><Unknown link={link} /></ModalDialog> : <AskedDialog link={link} path={path} onClose={onClose} onAnswered={onAnswered} />;
}

function AskedDialog({ link, path, onClose, onAnswered }: AlertDialogProps & { readonly path: string }): VNode {
  const { state: shop } = useShopContext();
  const { value, state, isMissing, again } = useAsked<AlertDetailDto>(path, EVERY_MS);
  return (
    <ModalDialog title={value === null ? 'Alert' : alertText(value.alert, shop.productNames)} wide onClose={onClose}>
      {state === 'asking' && <p class="muted" role="status">Reading the alert.</p>}
      {state === 'failed' && (isMissing ? <Unknown link={link} /> : <p role="status">The server cannot show this alert now. <button type="button" class="button" onClick={again}>Ask again</button></p>)}
      {value !== null && <Detail detail={value} path={path} link={link} onAnswered={onAnswered} />}
    </ModalDialog>
  );
}

function Unknown({ link: { fingerprint, startsAt } }: { readonly link: AlertLink }): VNode {
  const { state, showAlert } = useShopContext();
  return (
    <>
      <p role="status">
        There is no such alert here{startsAt === '' ? '' : ' that began then'}. It may belong to another lane than this page{state.lane === '' ? '' : ` (${state.lane})`}, be older than what is kept, or the link is not whole.
      </p>
      <p class="muted">Asked for: <code>{breakable(fingerprint)}</code></p>
      {startsAt !== '' && <p><button type="button" class="button" onClick={() => { showAlert({ fingerprint, startsAt: '' }); }}>Look for its latest outage</button></p>}
    </>
  );
}

function Detail({ detail, path, link, onAnswered }: { readonly detail: AlertDetailDto; readonly path: string; readonly link: AlertLink; readonly onAnswered: () => void }): VNode {
  const { value } = useAsked<CatalogueDto>('/api/metrics');
  const metrics = value?.metrics ?? [];
  return (
    <>
      <Summary detail={detail} metrics={metrics} />
      <AlertActions alert={detail.alert} link={link} onAnswered={onAnswered} />
      <h3>Labels</h3>
      <ul class="alert-labels">{Object.entries(detail.alert.labels).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, text]) => <li key={name}><span class="muted">{breakable(name)}</span> {breakable(text)}</li>)}</ul>
      <AlertEvidence alert={detail.alert} metrics={metrics} />
      <AlertDeliveries detail={detail} />
      <Changes detail={detail} />
      <Outages detail={detail} />
      <p><a href={path} target="_blank" rel="noreferrer">The same as JSON</a></p>
    </>
  );
}

function Summary({ detail: { alert }, metrics }: { readonly detail: AlertDetailDto; readonly metrics: CatalogueDto['metrics'] }): VNode {
  const { now, format } = useShopContext();
  const metric = metricOf(alert.evidence[0]?.metricKey ?? '', metrics);
  const runbook = runbookOf(alert);
  const sender = webAddress(alert.generatorUrl);
  const firing = alert.status === 'firing';
  return (
    <>
      <p class="case-headline">
        <span class={firing ? 'pill pill-bad' : 'pill pill-good'}>{firing ? 'Firing' : 'Resolved'}</span>
        {alert.severity !== '' && <span class="lane"><span class="muted">severity</span> {alert.severity}</span>}
        {runbook !== null && <a href={runbook} target="_blank" rel="noreferrer">Runbook</a>}
        {sender !== null && <a href={sender} target="_blank" rel="noreferrer">At its sender, {new URL(sender).host}</a>}
      </p>
      {alert.description !== '' && <p>{alert.description}</p>}
      <dl class="explain-facts">
        {spanFacts(alert, now, format).map(({ name, text }) => <div key={name}><dt>{name}</dt><dd>{text}</dd></div>)}
        {alert.value !== null && <div><dt>Value</dt><dd data-testid="alert-value">{measured(alert.value, alert, metric, format)}</dd></div>}
        {alert.threshold !== null && <div><dt>Limit</dt><dd>{measured(alert.threshold, alert, metric, format)}</dd></div>}
        <div><dt>Rule</dt><dd>{alert.rule}</dd></div>
        {furtherAnnotations(alert).map(([name, text]) => <div key={name}><dt>{breakable(sentence(name))}</dt><dd>{text}</dd></div>)}
      </dl>
    </>
  );
}

function Changes({ detail: { changes } }: { readonly detail: AlertDetailDto }): VNode | null {
  const { format } = useShopContext();
  if (changes.length === 0) return null;
  return (
    <>
      <h3>How it came</h3>
      <table class="offsets alert-changes">
        <thead><tr><th scope="col">Received</th><th scope="col">Says</th><th scope="col">Where it lay</th></tr></thead>
        <tbody>
          {changes.map(({ eventId, status, receivedAt, topic, partition, offset }) => (
            <tr key={eventId}>
              <th scope="row">{moment(receivedAt, format)}</th><td>{status}</td>
              <td>{topic === null ? 'came by HTTP' : <>{breakable(topic)}, partition {partition}, offset {offset}</>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Outages({ detail: { alert, outages } }: { readonly detail: AlertDetailDto }): VNode {
  const { now, format, showAlert } = useShopContext();
  return (
    <>
      <h3>When else it fired</h3>
      {outages.length === 0 && <p class="muted">Never, as far as is kept.</p>}
      {outages.length > 0 && (
        <ul class="alert-outages">
          {outages.map((outage) => (
            <li key={outage.startsAt}>
              <button type="button" class="number" aria-haspopup="dialog" onClick={() => { showAlert(linkTo({ fingerprint: alert.fingerprint, startsAt: outage.startsAt })); }}>{moment(outage.startsAt, format)}</button>
              <span class="muted"> {outageText(outage, now)}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
