import type { Ring } from './fraud.types.js';

/** A node of the drawing: a customer, or something that customers share. Places are in the drawing's own units. */
export interface RingNode {
  readonly key: string;
  readonly kind: 'customer' | 'card' | 'device' | 'address';
  readonly id: string;
  readonly orders: number;
  readonly frauds: number;
  readonly x: number;
  readonly y: number;
}

export interface RingDrawing {
  readonly nodes: readonly RingNode[];
  /** Pairs of keys. */
  readonly links: readonly { readonly from: string; readonly to: string; readonly orders: number }[];
  /** Customers and shared things that found no room. */
  readonly left: number;
}

/** More are a cloud that nobody can read. */
const MOST_NODES = 80;
const ROUNDS = 200;
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));
const MARGIN = 16;

type Placed = Omit<RingNode, 'x' | 'y'> & { x: number; y: number };

/** Customers and what they share, where springs pull together who used what and all push each other away. The same ring always looks the same. */
export function drawRing(ring: Ring, width: number, height: number): RingDrawing {
  const { nodes, links, left } = pick(ring);
  settle([...nodes.values()], links.map(({ from, to }) => [nodes.get(from), nodes.get(to)] as const));
  fit([...nodes.values()], width, height);
  return { nodes: [...nodes.values()], links, left };
}

function pick({ customers, things, links }: Ring): { nodes: Map<string, Placed>; links: RingDrawing['links'][number][]; left: number } {
  const nodes = new Map<string, Placed>();
  const drawn: RingDrawing['links'][number][] = [];
  const all = new Set<string>();
  for (const { customer, kind, thing, orders } of links) {
    const who = customers.ids[customer];
    const what = things[kind].ids[thing];
    if (who === undefined || what === undefined) continue;
    const [from, to] = [`customer ${who.id}`, `${kind} ${what.id}`];
    all.add(from).add(to);
    const fresh = Number(!nodes.has(from)) + Number(!nodes.has(to));
    if (nodes.size + fresh > MOST_NODES) continue;
    const at = { x: 0, y: 0 };
    if (!nodes.has(from)) nodes.set(from, { key: from, kind: 'customer', ...who, ...at });
    if (!nodes.has(to)) nodes.set(to, { key: to, kind, id: what.id, orders: what.orders, frauds: 0, ...at });
    drawn.push({ from, to, orders });
  }
  return { nodes, links: drawn, left: all.size - nodes.size };
}

/** Fruchterman and Reingold's springs, from a spiral on; one unit is the length of a spring at rest. */
function settle(nodes: Placed[], springs: readonly (readonly [Placed | undefined, Placed | undefined])[]): void {
  nodes.forEach((node, index) => {
    const radius = 0.7 * Math.sqrt(index + 0.5);
    node.x = radius * Math.cos(index * GOLDEN_ANGLE);
    node.y = radius * Math.sin(index * GOLDEN_ANGLE);
  });
  for (let round = 0; round < ROUNDS; round += 1) {
    const moves = new Map(nodes.map((node) => [node, { x: -0.02 * node.x, y: -0.02 * node.y }]));
    const push = (node: Placed, x: number, y: number): void => {
      const move = moves.get(node);
      if (move !== undefined) { move.x += x; move.y += y; }
    };
    nodes.forEach((a, index) => {
      for (const b of nodes.slice(index + 1)) {
        const [dx, dy] = [a.x - b.x, a.y - b.y];
        const force = 1 / Math.max(0.01, dx * dx + dy * dy);
        push(a, dx * force, dy * force);
        push(b, -dx * force, -dy * force);
      }
    });
    for (const [a, b] of springs) {
      if (a === undefined || b === undefined) continue;
      const [dx, dy] = [a.x - b.x, a.y - b.y];
      const force = Math.hypot(dx, dy);
      push(a, -dx * force, -dy * force);
      push(b, dx * force, dy * force);
    }
    const heat = 0.5 * (1 - round / ROUNDS);
    for (const [node, move] of moves) {
      const length = Math.max(1e-9, Math.hypot(move.x, move.y));
      node.x += (move.x / length) * Math.min(length, heat);
      node.y += (move.y / length) * Math.min(length, heat);
    }
  }
}

/** Into the frame: stretched in both directions by as much as there is room, so that a wide graph stays wide. */
function fit(nodes: Placed[], width: number, height: number): void {
  const stretch = (of: 'x' | 'y', room: number): void => {
    const least = Math.min(...nodes.map((node) => node[of]));
    const span = Math.max(...nodes.map((node) => node[of])) - least;
    for (const node of nodes) node[of] = span < 1e-6 ? room / 2 : MARGIN + ((node[of] - least) / span) * (room - 2 * MARGIN);
  };
  stretch('x', width);
  stretch('y', height);
}
