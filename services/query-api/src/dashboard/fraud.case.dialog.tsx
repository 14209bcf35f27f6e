import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { breakable } from './breakable.js';
import { useAsked } from './asked.client.js';
import { RingDialog } from './fraud.ring.dialog.js';
import { decisionText, featureText, labelText } from './fraud.text.js';
import type { CaseDetail, WholeScore } from './fraud.types.js';
import { FraudVerdict } from './fraud.verdict.js';
import { sentence } from './format.js';
import { ModalDialog } from './modal.dialog.js';
import { OffsetsTable } from './offsets.table.js';
import { useShopContext } from './shop.context.js';

interface CaseDialogProps {
  readonly orderId: string;
  /** Whether what the order really was is shown. */
  readonly truth: boolean;
  readonly onDecided: () => void;
  readonly onClose: () => void;
}

/** One case: why it was flagged, what it is linked with, and the verdict. */
export function CaseDialog({ orderId, truth, onDecided, onClose }: CaseDialogProps): VNode {
  const path = `/api/fraud/cases/${encodeURIComponent(orderId)}${truth ? '?truth=true' : ''}`;
  const { value, state, again } = useAsked<CaseDetail>(path);
  const decided = (): void => { again(); onDecided(); };
  return (
    <ModalDialog title={`Order ${orderId}`} wide onClose={onClose}>
      {value === null && state === 'asking' && <p class="muted" role="status">Reading the score.</p>}
      {state === 'failed' && <p role="status">The server cannot show this case now. <button type="button" class="button" onClick={again}>Ask again</button></p>}
      {value !== null && <Detail detail={value} path={path} onDecided={decided} />}
    </ModalDialog>
  );
}

function Detail({ detail, path, onDecided }: { readonly detail: CaseDetail; readonly path: string; readonly onDecided: () => void }): VNode {
  const { case: one, score, scoreMissing } = detail;
  return (
    <>
      <Summary detail={detail} />
      <FraudVerdict orderId={one.orderId} onDecided={onDecided} />
      <Labels detail={detail} />
      {score === null && <p class="newer" role="status">{scoreMissing === 'expired' ? 'Kafka has deleted the record of this score, as its retention says: reasons, features and evidence are gone. What is above is kept.' : 'Kafka does not answer now: reasons, features and evidence cannot be shown.'}</p>}
      {score !== null && <Reasons score={score} />}
      {score !== null && <Contributions score={score} />}
      {score !== null && <Linked score={score} />}
      <Origin detail={detail} />
      <p><a href={path} target="_blank" rel="noreferrer">The same as JSON</a></p>
    </>
  );
}

function Summary({ detail: { case: one, ring } }: { readonly detail: CaseDetail }): VNode {
  const { format } = useShopContext();
  const [opened, setOpened] = useState(false);
  const at = Date.parse(one.occurredAt);
  return (
    <>
      <p class="case-headline">
        <span class="figure">{format.percent(one.score)}</span>
        <span class={`pill pill-${one.decision === 'DECLINE' ? 'bad' : one.decision === 'REVIEW' ? 'warn' : 'good'}`}>{decisionText(one.decision)}</span>
        {one.degraded && <span class="pill pill-warn" title="A part was missing when it was scored; the score rests on the rest.">degraded</span>}
        {one.truth !== undefined && <span class="lane"><span class="muted">truth</span> {one.truth === null ? 'unknown' : one.truth.fraud ? sentence(one.truth.scenario ?? 'fraud') : 'honest'}</span>}
      </p>
      <dl class="explain-facts">
        <div><dt>Costs</dt><dd>{one.totalMinor === null || one.currency === null ? 'not known' : format.exact(one.totalMinor, 'minor', one.currency)}</dd></div>
        <div><dt>Customer</dt><dd>{one.customerId}</dd></div>
        {ring !== null && <div><dt>Ring</dt><dd>one of {format.count(ring.customers)} connected customers; {format.count(ring.frauds)} of their {format.count(ring.orders)} orders are labelled fraud <button type="button" class="button" aria-haspopup="dialog" onClick={() => { setOpened(true); }}>Show ring {ring.rank}</button></dd></div>}
        <div><dt>Placed</dt><dd>{format.day(at)}, {format.second(at)}; scored {format.decimal(Math.max(0, (Date.parse(one.scoredAt) - at) / 1_000))} s later</dd></div>
        {one.modelScore !== null && <div><dt>Model alone</dt><dd>{format.percent(one.modelScore)}</dd></div>}
      </dl>
      {opened && ring !== null && <RingDialog id={ring.id} onClose={() => { setOpened(false); }} />}
    </>
  );
}

function Labels({ detail: { labels } }: { readonly detail: CaseDetail }): VNode | null {
  const { format } = useShopContext();
  if (labels.length === 0) return null;
  return (
    <>
      <h3>What has been said of it</h3>
      <ul class="case-labels">
        {labels.map(({ eventId, kind, fraud, occurredAt, decidedBy, note }) => (
          <li key={eventId}>
            <span class={fraud ? 'pill pill-bad' : 'pill pill-good'}>{fraud ? 'Fraud' : 'Honest'}</span> {labelText(kind)}{decidedBy !== null && ` by ${decidedBy}`}
            <span class="muted"> {format.day(Date.parse(occurredAt))}, {format.minute(Date.parse(occurredAt))}</span>
            {note !== null && <p class="muted">{note}</p>}
          </li>
        ))}
      </ul>
    </>
  );
}

function Reasons({ score: { reasons } }: { readonly score: WholeScore }): VNode {
  return (
    <>
      <h3>Why it was flagged</h3>
      {reasons.length === 0 ? <p class="muted">The score names no reasons.</p> : (
        <ul class="case-reasons">
          {reasons.map(({ kind, name, text, value }) => (
            <li key={`${kind} ${name}`}><span class="lane">{kind}</span><span><strong>{text}</strong> <span class="muted">{name}{value !== null && ` = ${featureText(value)}`}</span></span></li>
          ))}
        </ul>
      )}
    </>
  );
}

const BARS = 12;

function Contributions({ score: { contributions, features } }: { readonly score: WholeScore }): VNode | null {
  const rows = Object.entries(contributions).flatMap(([name, weight]) => (weight === null ? [] : [{ name, weight }])).sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  const most = Math.abs(rows[0]?.weight ?? 0);
  return (
    <>
      {rows.length > 0 && <h3>What moved the model <span class="muted">log-odds: right raises the score, left lowers it</span></h3>}
      {rows.length > 0 && (
        <table class="contributions">
          <thead class="sr-only"><tr><th scope="col">Feature</th><th scope="col">Contribution</th></tr></thead>
          <tbody>
            {rows.slice(0, BARS).map(({ name, weight }) => (
              <tr key={name}>
                <th scope="row" title={name}>{breakable(name)}<span class="muted"> {featureText(features[name] ?? null)}</span></th>
                <td><span class="contribution" aria-hidden="true"><span class={weight < 0 ? 'lowers' : 'raises'} style={{ width: `${((Math.abs(weight) / (most || 1)) * 50).toFixed(1)}%` }} /></span></td>
                <td class="contribution-value">{weight > 0 ? '+' : ''}{weight.toFixed(2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {Object.keys(features).length > 0 && (
        <details>
          <summary>All {String(Object.keys(features).length)} features</summary>
          <dl class="case-features">{Object.entries(features).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => <div key={name}><dt>{breakable(name)}</dt><dd class={value === null ? 'muted' : ''}>{featureText(value)}</dd></div>)}</dl>
        </details>
      )}
    </>
  );
}

function Linked({ score: { linked } }: { readonly score: WholeScore }): VNode | null {
  if (linked.length === 0) return null;
  return (
    <>
      <h3>What it shares with other orders <span class="muted">last 30 days</span></h3>
      <table class="offsets">
        <thead><tr><th scope="col">What</th><th scope="col">Orders</th><th scope="col">Customers</th><th scope="col">Fraud</th></tr></thead>
        <tbody>
          {linked.map(({ kind, id, orders, customers, frauds }) => (
            <tr key={`${kind} ${id}`}><th scope="row"><span class="muted">{kind}</span> {id}</th><td>{orders}</td><td>{customers}</td><td class={frauds > 0 ? 'out' : ''}>{frauds}</td></tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Origin({ detail: { case: one, record, score } }: { readonly detail: CaseDetail }): VNode {
  return (
    <>
      <h3>Where it comes from</h3>
      {score !== null && score.evidence.length > 0 && <OffsetsTable ranges={score.evidence} />}
      <dl class="explain-facts">
        <div><dt>Score record</dt><dd><code>{breakable(record.topic)}/{record.partition}@{record.offset}</code>, revision {one.revision}</dd></div>
        <div><dt>Rules hit</dt><dd>{one.rulesHit.length === 0 ? 'none' : one.rulesHit.join(', ')}</dd></div>
        <div><dt>Versions</dt><dd>{Object.entries(one.versions).map(([name, version]) => `${name} ${version}`).join(', ') || 'not named'}</dd></div>
        {score?.shadows.map(({ name, version, score: other, decision }) => <div key={name}><dt>On trial</dt><dd>{name} {version} would say {(other * 100).toFixed(1)} %, {decisionText(decision).toLowerCase()}</dd></div>)}
      </dl>
    </>
  );
}
