import type { VNode } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { kindText, RING_KINDS } from './fraud.text.js';
import { drawRing, type RingNode } from './fraud.ring.layout.js';
import type { Ring } from './fraud.types.js';
import { useMedia } from './use-media.js';

const WIDE = { width: 640, height: 380 };
const NARROW = { width: 340, height: 340 };
const RADIUS = 9;

/** Customers as dots, what they share as letters. A press on one shows its name and neighbours; the tables beneath say all of it in words. */
export function RingGraph({ ring }: { readonly ring: Ring }): VNode {
  const { width, height } = useMedia('(max-width: 45rem)') ? NARROW : WIDE;
  const drawing = useMemo(() => drawRing(ring, width, height), [ring, width, height]);
  const [chosen, setChosen] = useState<string | null>(null);
  const near = new Set(drawing.links.flatMap(({ from, to }) => (from === chosen || to === chosen ? [from, to] : [])));
  const shows = (key: string): boolean => chosen === null || key === chosen || near.has(key);
  const at = new Map(drawing.nodes.map((node) => [node.key, node]));
  const told = chosen === null ? undefined : at.get(chosen);
  return (
    <figure class="ring-figure">
      <svg class="ring-graph" viewBox={`0 0 ${String(width)} ${String(height)}`} role="img" aria-label={`${String(ring.customers.count)} customers and what they share; the tables below say the same`}>
        {drawing.links.map(({ from, to, orders }) => {
          const [a, b] = [at.get(from), at.get(to)];
          return a === undefined || b === undefined ? null : (
            <line key={`${from} ${to}`} class={chosen === null || from === chosen || to === chosen ? 'ring-link' : 'ring-link faded'} x1={a.x} y1={a.y} x2={b.x} y2={b.y} stroke-width={Math.min(4, 1 + Math.log2(orders))} />
          );
        })}
        {drawing.nodes.map((node) => <Node key={node.key} of={node} faded={!shows(node.key)} onPress={() => { setChosen(chosen === node.key ? null : node.key); }} />)}
      </svg>
      <figcaption class="muted ring-key">
        {told === undefined ? (
          <>
            <span><i class="ring-dot" /> customer</span><span><i class="ring-dot is-fraud" /> with labelled fraud</span>
            {RING_KINDS.map((kind) => <span key={kind}><strong>{kind.charAt(0).toUpperCase()}</strong> {kind}</span>)}
            {drawing.left > 0 && <span>{drawing.left} more are not drawn</span>}
          </>
        ) : <span role="status" class="ring-told">{kindText(told.kind)} <strong>{told.id}</strong>: {told.orders} {told.orders === 1 ? 'order' : 'orders'}{told.kind === 'customer' && told.frauds > 0 && `, ${String(told.frauds)} labelled fraud`}</span>}
      </figcaption>
    </figure>
  );
}

function Node({ of, faded, onPress }: { readonly of: RingNode; readonly faded: boolean; readonly onPress: () => void }): VNode {
  const { kind, id, frauds, x, y } = of;
  return (
    <g class={`ring-node is-${kind}${frauds > 0 ? ' is-fraud' : ''}${faded ? ' faded' : ''}`} onClick={onPress}>
      <title>{kindText(kind)} {id}</title>
      {kind === 'customer' ? <circle cx={x} cy={y} r={RADIUS - 1} /> : <rect x={x - RADIUS} y={y - RADIUS} width={2 * RADIUS} height={2 * RADIUS} rx={4} />}
      {kind !== 'customer' && <text x={x} y={y} text-anchor="middle" dominant-baseline="central">{kind.charAt(0).toUpperCase()}</text>}
    </g>
  );
}
