import type { VNode } from 'preact';
import type { AlertDetailDto, CatalogueDto } from '../wire.dto.js';
import { itemOf, measured, metricOf, moment, orderOf } from './alert.text.js';
import { breakable } from './breakable.js';
import { Explained } from './explained.number.js';
import { spanOf } from './explanation.js';
import { OffsetsTable } from './offsets.table.js';
import { useShopContext } from './shop.context.js';

type WholeAlert = AlertDetailDto['alert'];
type Evidence = WholeAlert['evidence'][number];

/** Windows shown at once; the others open below. */
const SHOWN = 3;

interface EvidenceProps {
  readonly alert: WholeAlert;
  readonly metrics: CatalogueDto['metrics'];
}

/** The windows that an alert rests on, the one that decided first, each down to the records it was counted from. */
export function AlertEvidence({ alert, metrics }: EvidenceProps): VNode {
  const windows = [...alert.evidence].reverse();
  const rest = windows.slice(SHOWN);
  const list = (some: readonly Evidence[]): VNode => (
    <ol class="alert-evidence">{some.map((evidence) => <EvidenceWindow key={`${evidence.metricKey} ${evidence.windowStart}`} evidence={evidence} alert={alert} metrics={metrics} />)}</ol>
  );
  return (
    <>
      <h3>What it rests on</h3>
      {windows.length === 0 && <p>{alert.decided ? 'It names nothing.' : 'It was told from elsewhere: its sender decided it, and nothing that is counted here is behind it.'}</p>}
      {windows.length > 0 && <p>{introOf(windows)}, from Kafka records that lie between these offsets, both included.</p>}
      {windows.length > 0 && list(windows.slice(0, SHOWN))}
      {rest.length > 0 && <details><summary>{restOf(rest)}</summary>{list(rest)}</details>}
    </>
  );
}

function EvidenceWindow({ evidence, alert, metrics }: EvidenceProps & { readonly evidence: Evidence }): VNode {
  const { format } = useShopContext();
  const metric = metricOf(evidence.metricKey, metrics);
  const item = itemOf(alert, evidence.metricKey);
  const title = metric?.title ?? evidence.metricKey;
  const order = orderOf(evidence);
  const value = measured(evidence.value, alert, metric, format);
  return (
    <li>
      {order === null ? (
        <p>
          <strong><Explained of={metric === undefined ? undefined : evidence} title={`${title}, ${spanOf(evidence, format)}`} {...(item === undefined ? {} : { item })}>{value}</Explained></strong>{' '}
          {spanOf(evidence, format)} <span class="muted"><code>{evidence.metricKey}</code> {evidence.window}, revision {format.count(evidence.revision)}</span>
        </p>
      ) : (
        <p><strong>{value}</strong> is the score of order {breakable(order)}, {moment(evidence.windowStart, format)} <span class="muted">revision {format.count(evidence.revision)}</span></p>
      )}
      {evidence.sourceOffsets.length === 0 ? <p class="muted">It names no records.</p> : <OffsetsTable ranges={evidence.sourceOffsets} />}
    </li>
  );
}

function introOf(evidence: readonly Evidence[]): string {
  const ofOrders = evidence.every((one) => orderOf(one) !== null);
  if (evidence.length === 1) return ofOrders ? 'This score' : 'This window';
  return ofOrders ? 'These scores, the newest first' : 'These windows, the one that decided first';
}

function restOf(evidence: readonly Evidence[]): string {
  const name = evidence.every((one) => orderOf(one) !== null) ? 'score' : 'window';
  return evidence.length === 1 ? `The ${name} before` : `The ${String(evidence.length)} ${name}s before`;
}
