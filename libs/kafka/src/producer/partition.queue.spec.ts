import { describe, expect, it } from '@jest/globals';
import type { Message } from 'kafkajs';
import { PublishError } from '../errors.js';
import { MemoryGate } from './memory.gate.js';
import { PartitionQueue, type SendBatch } from './partition.queue.js';
import { BatchTooLargeError } from './partition.sender.js';
import { CountReceipt, PositionReceipt } from './receipts.js';

const LIMITS = { maxBatchRecords: 100, maxBatchBytes: 10_000, lingerMs: 0 };
const message = (value: string): Message => ({ value });
const soon = (): number => performance.now() + 60_000;
const valuesOf = (batch: readonly Message[]): string[] => batch.map(({ value }) => String(value));

/** A sender that answers when told to, and minds that it is asked once at a time. */
function broker(): { readonly send: SendBatch; readonly log: string[]; readonly batches: number[]; readonly answer: (error?: Error) => void; readonly asked: () => Promise<void>; most: number } {
  const waiting: ((error?: Error) => void)[] = [];
  let ask: (() => void) | undefined;
  const state = {
    log: [] as string[],
    batches: [] as number[],
    most: 0,
    send: async (batch: readonly Message[]): Promise<number> => {
      const answered = new Promise<void>((resolve, reject) => waiting.push((error) => { if (error === undefined) resolve(); else reject(error); }));
      state.most = Math.max(state.most, waiting.length);
      ask?.();
      await answered;
      const offset = state.log.length;
      state.log.push(...valuesOf(batch));
      state.batches.push(batch.length);
      return offset;
    },
    answer: (error?: Error): void => { waiting.shift()?.(error); },
    asked: (): Promise<void> => (waiting.length > 0 ? Promise.resolve() : new Promise((resolve) => { ask = resolve; })),
  };
  return state;
}

describe('a partition queue', () => {
  it('has one batch under way; what comes meanwhile is the next one, in order', async () => {
    const kafka = broker();
    const queue = new PartitionQueue('t', 3, LIMITS, kafka.send, () => undefined);
    const receipt = new PositionReceipt(Array.from({ length: 6 }, () => 't'));
    for (let index = 0; index < 2; index++) queue.add(message(String(index)), 10, soon(), receipt, index);
    await kafka.asked();
    for (let index = 2; index < 6; index++) queue.add(message(String(index)), 10, soon(), receipt, index);
    kafka.answer();
    await kafka.asked();
    kafka.answer();
    expect((await receipt.done).map(({ offset, partition }) => [partition, offset])).toEqual([0, 1, 2, 3, 4, 5].map((offset) => [3, offset]));
    expect(kafka.batches).toEqual([2, 4]);
    expect(kafka.most).toBe(1);
    await queue.drained();
  });

  it('keeps batches within their limits, and sends a larger record alone', async () => {
    const batches: number[] = [];
    const queue = new PartitionQueue('t', 0, { ...LIMITS, maxBatchRecords: 3 }, (batch) => { batches.push(batch.length); return Promise.resolve(0); }, () => undefined);
    const receipt = new CountReceipt(6);
    for (const bytes of [6_000, 6_000, 50_000, 10, 10, 10]) queue.add(message('x'), bytes, soon(), receipt, 0);
    await receipt.done;
    expect(batches).toEqual([1, 1, 1, 3]);
  });

  it('splits what is too large as a whole, and fails only the record that is too large alone', async () => {
    const log: string[] = [];
    const released: number[] = [];
    const send: SendBatch = (batch) => {
      if (batch.length > 2 || valuesOf(batch).includes('giant')) return Promise.reject(new BatchTooLargeError('too-large', 't', 'too large'));
      log.push(...valuesOf(batch));
      return Promise.resolve(log.length - batch.length);
    };
    const queue = new PartitionQueue('t', 0, LIMITS, send, (bytes) => released.push(bytes));
    const receipts = ['a', 'b', 'giant', 'c', 'd'].map((value) => {
      const receipt = new CountReceipt(1);
      queue.add(message(value), 10, soon(), receipt, 0);
      return receipt.done;
    });
    const results = await Promise.allSettled(receipts);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(log).toEqual(['a', 'b', 'c', 'd']);
    await queue.drained();
    expect(released.reduce((sum, bytes) => sum + bytes, 0)).toBe(50);
  });

  it('goes on after a failure, and never sends what has waited too long', async () => {
    const kafka = broker();
    const queue = new PartitionQueue('t', 0, LIMITS, kafka.send, () => undefined);
    const [first, second, third] = [new CountReceipt(1), new CountReceipt(1), new CountReceipt(1)];
    queue.add(message('first'), 10, soon(), first, 0);
    await kafka.asked();
    queue.add(message('late'), 10, performance.now(), second, 0);
    kafka.answer(new PublishError('deadline', 't', 'gone'));
    await expect(first.done).rejects.toMatchObject({ reason: 'deadline' });
    await expect(second.done).rejects.toMatchObject({ reason: 'deadline', maybeWritten: false });
    queue.add(message('third'), 10, soon(), third, 0);
    await kafka.asked();
    kafka.answer();
    await third.done;
    expect(kafka.log).toEqual(['third']);
  });
});

describe('the memory gate', () => {
  it('lets callers wait while it is full, and all of them in once half is free', async () => {
    const gate = new MemoryGate(100);
    await gate.room();
    gate.add(100);
    expect(gate.isOpen).toBe(false);
    const order: number[] = [];
    const waiting = [1, 2].map((caller) => gate.room().then(() => order.push(caller)));
    gate.release(40);
    expect(gate.isOpen).toBe(false);
    gate.release(20);
    await Promise.all(waiting);
    expect(order).toEqual([1, 2]);
    expect(gate.isOpen).toBe(true);
  });
});
