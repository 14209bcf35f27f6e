import { describe, expect, it } from '@jest/globals';
import { drawRing } from './fraud.ring.layout.js';
import type { Ring } from './fraud.types.js';

const WIDTH = 340;
const HEIGHT = 300;

/** Customers in a row, each sharing a card with the next. */
function chain(customers: number): Ring {
  const ids = Array.from({ length: customers }, (_, index) => ({ id: `c${String(index)}`, orders: 2, frauds: index === 0 ? 1 : 0 }));
  const none = { shared: 0, ids: [] };
  return {
    id: '0', rank: 1, orders: 2 * customers, frauds: 1, firstAt: 0, lastAt: 1, amounts: [], sharing: 2, customers: { count: customers, ids },
    things: { card: { shared: customers - 1, ids: ids.slice(1).map(({ id }) => ({ id: `k-${id}`, customers: 2, orders: 2 })) }, device: none, address: none },
    links: ids.slice(1).flatMap((_, card) => [card, card + 1].map((customer) => ({ customer, kind: 'card' as const, thing: card, orders: 1 }))),
  };
}

describe('the drawing of a ring', () => {
  it('has every customer and thing in the frame, apart from each other, and is the same each time', () => {
    const drawing = drawRing(chain(6), WIDTH, HEIGHT);
    expect(drawing.nodes.map(({ kind }) => kind).filter((kind) => kind === 'customer')).toHaveLength(6);
    expect([drawing.nodes.length, drawing.links.length, drawing.left]).toEqual([11, 10, 0]);
    for (const { x, y } of drawing.nodes) {
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(WIDTH);
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(HEIGHT);
    }
    for (const [index, a] of drawing.nodes.entries()) for (const b of drawing.nodes.slice(index + 1)) expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThan(10);
    expect(drawRing(chain(6), WIDTH, HEIGHT)).toEqual(drawing);
  });

  it('says how much found no room', () => {
    const drawing = drawRing(chain(100), WIDTH, HEIGHT);
    expect([drawing.nodes.length, drawing.left]).toEqual([80, 119]);
    const keys = new Set(drawing.nodes.map(({ key }) => key));
    expect(drawing.links.every(({ from, to }) => keys.has(from) && keys.has(to))).toBe(true);
  });

  it('draws nothing where there is nothing to draw', () => {
    expect(drawRing({ ...chain(3), links: [] }, WIDTH, HEIGHT)).toEqual({ nodes: [], links: [], left: 0 });
  });
});
