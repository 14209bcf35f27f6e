import { describe, expect, it } from '@jest/globals';
import { EventLog, frame } from './event-log.js';

const LIMITS = { events: 3, bytes: 10_000 };
const ids = (events: readonly { id: string }[] | null) => events?.map(({ id }) => id) ?? null;

describe('EventLog', () => {
  it('gives a reader what it missed, and nothing where it missed nothing', () => {
    const log = new EventLog('e1', LIMITS);
    expect(log.since(log.lastId)).toEqual([]);
    for (let at = 0; at < 3; at += 1) log.append('update', { at });
    expect(ids(log.since('e1-1'))).toEqual(['e1-2', 'e1-3']);
    expect(ids(log.since('e1-3'))).toEqual([]);
  });

  it('cannot tell what it has forgotten, what another process said, or what was never said', () => {
    const log = new EventLog('e1', LIMITS);
    for (let at = 0; at < 5; at += 1) log.append('update', { at });
    expect(ids(log.since('e1-2'))).toEqual(['e1-3', 'e1-4', 'e1-5']);
    for (const id of ['e1-1', 'e0-4', 'e1-6', '', 'e1-', 'e1--1', 'e1-1e3', '__proto__-1', `e1-${'9'.repeat(20)}`]) expect(log.since(id)).toBeNull();
  });

  it('keeps no more bytes than it may, but always the last event', () => {
    const log = new EventLog('e1', { events: 100, bytes: 150 });
    for (let at = 0; at < 4; at += 1) log.append('update', { at, text: 'x'.repeat(40) });
    expect(log.since('e1-1')).toBeNull();
    expect(ids(log.since('e1-3'))).toEqual(['e1-4']);
    log.append('update', 'y'.repeat(1_000));
    expect(ids(log.since('e1-4'))).toEqual(['e1-5']);
  });
});

describe('frame', () => {
  it('keeps a label with line breaks in its line: nobody can forge an event', () => {
    const text = frame('update', { label: 'a\n\nevent: snapshot\ndata: {}\u2028' }, 'e1-1').toString();
    expect(text.split('\n')).toHaveLength(5);
    expect(text.startsWith('event: update\nid: e1-1\ndata: {')).toBe(true);
  });
});
