import { expect, it } from '@jest/globals';
import { CLEAN, judge, type LoopRecord } from './closed-loop.js';

const record = (key: string, sequence: number): LoopRecord => ({ id: `${key}${String(sequence)}`, key, sequence });
const sent = [record('a', 0), record('b', 0), record('a', 1), record('b', 1)];
const acked = sent.map(({ id }) => id);

it('is clean where all is there once and in order of its key', () => {
  expect(judge({ attempted: sent, acked, arrived: sent })).toEqual(CLEAN);
  expect(judge({ attempted: sent, acked, arrived: [record('b', 0), record('a', 0), record('b', 1), record('a', 1)] })).toEqual(CLEAN);
});

it.each([
  ['one row dropped', sent.slice(1), { ...CLEAN, lost: ['a0'] }],
  ['one row added', [...sent, record('c', 0)], { ...CLEAN, phantom: ['c0'] }],
  ['one row twice', [...sent, record('b', 1)], { ...CLEAN, duplicated: ['b1'] }],
  ['two rows swapped', [record('a', 1), record('b', 0), record('a', 0), record('b', 1)], { ...CLEAN, reordered: ['a0'] }],
  ['nothing there', [], { ...CLEAN, lost: acked }],
])('is red for %s', (_name, arrived, verdict) => {
  expect(judge({ attempted: sent, acked, arrived })).toEqual(verdict);
});

it('takes what the ledger names as accounted for, and what was never confirmed as no loss', () => {
  expect(judge({ attempted: sent, acked, arrived: sent.slice(1), ledger: ['a0'] })).toEqual(CLEAN);
  expect(judge({ attempted: sent, acked: acked.slice(1), arrived: sent.slice(1) })).toEqual(CLEAN);
});
