import { describe, expect, it } from '@jest/globals';
import { alertEvent, fraudScore, metricWindow, orderEvent, clickEvent, type EventContract } from '@millrace/contracts';
import { makeAlert, makeClick, makeFraudScore, makeMetricWindow, makeOrder } from '@millrace/testing';
import type { Schema } from 'avsc';
import { ContentError } from '../errors.js';
import { compileScan } from './avro-scan.js';
import { parseType } from './event.decoder.js';

/** For each of the five samples. */
const FLIPS = 2_000;

function scanned(schema: unknown, bytes: readonly number[]): string {
  try {
    compileScan(schema as Schema)(Buffer.from(bytes), 0);
    return 'good';
  } catch (error) {
    if (error instanceof ContentError) return error.reason;
    throw error;
  }
}

/** Numbers that only the seed decides. */
function* seeded(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state;
  }
}

const samples: readonly (readonly [string, EventContract<unknown>, unknown])[] = [
  ['order', orderEvent, makeOrder({ reason: 'größe 🙂' })],
  ['click', clickEvent, makeClick()],
  ['metric window', metricWindow, makeMetricWindow({ items: [{ key: 'a', value: 1 }], sourceOffsets: [{ topic: 't', partition: 0, firstOffset: 1, lastOffset: 2 ** 40 }] })],
  ['fraud score', fraudScore, makeFraudScore({ contributions: { a: 0.5, b: -0.1 }, features: { x: null, y: 3 }, rulesHit: ['r'] })],
  ['alert', alertEvent, makeAlert({ annotations: { summary: 's' } })],
];

describe.each(samples)('bytes of a valid %s', (_name, contract, event) => {
  const type = parseType(contract.schema);
  const bytes = type.toBuffer(event);
  const scan = compileScan(JSON.parse(contract.schema) as Schema);

  it('pass whole, and in no prefix', () => {
    expect(() => { scan(bytes, 0); }).not.toThrow();
    for (let length = 0; length < bytes.length; length++) {
      expect(() => { scan(bytes.subarray(0, length), 0); }).toThrow(expect.objectContaining({ name: 'ContentError', reason: expect.stringMatching(/^(undecodable|decode-limit)$/) }));
    }
    expect(() => { scan(Buffer.concat([bytes, Buffer.alloc(1)]), 0); }).toThrow('1 bytes behind the record');
  });

  it('with a flipped bit either are refused, or decode to an event that says the same again', () => {
    const random = seeded(20_261_120);
    let passed = 0;
    for (let flip = 0; flip < FLIPS; flip++) {
      const broken = Buffer.from(bytes);
      const bit = random.next().value % (bytes.length * 8);
      broken[bit >> 3] = (broken[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      try {
        scan(broken, 0);
      } catch (error) {
        if (!(error instanceof ContentError)) throw error;
        continue;
      }
      passed++;
      const decoded: unknown = type.fromBuffer(broken);
      expect(type.fromBuffer(type.toBuffer(decoded))).toEqual(decoded);
    }
    expect(passed).toBeGreaterThan(0);
    expect(passed).toBeLessThan(FLIPS);
  });
});

describe('F13: what a body claims and cannot hold', () => {
  const list = (items: unknown): unknown => ({ type: 'array', items });
  const recursive = { type: 'record', name: 'Node', fields: [{ name: 'next', type: ['null', 'Node'] }] };
  it.each([
    ['an array of 1e6', list('long'), [0x80, 0x89, 0x7a]],
    ['an array of 1e8', list('long'), [0x80, 0x84, 0xaf, 0x5f]],
    ['an array of 2^31', list('long'), [0x80, 0x80, 0x80, 0x80, 0x10]],
    ['an array of 2^62', list('long'), [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
    ['an array of -2^63', list('long'), [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
    ['1e7 nulls', list('null'), [0x80, 0xda, 0xc4, 0x09, 0]],
    ['nulls in many small blocks', list('null'), [...Array.from({ length: 40 }, () => 40), 0]],
    ['nulls in many arrays', list(list('null')), [40, ...Array.from({ length: 20 }, () => [40, 0]).flat(), 0]],
    ['a map of 3e7', { type: 'map', values: 'long' }, [0x80, 0xcf, 0xcd, 0x1c]],
    ['a string of 2^31', 'string', [0x80, 0x80, 0x80, 0x80, 0x10]],
    ['a string of -5', 'string', [9]],
    ['bytes of 2^40', 'bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x40]],
    ['a depth of 10000', recursive, [...Array.from({ length: 10_000 }, () => 2), 0]],
  ])('%s', (_name, schema, bytes) => {
    const before = process.memoryUsage().rss;
    expect(scanned(schema, bytes)).toBe('decode-limit');
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1024 * 1024);
  });
});

describe('what avsc would let pass', () => {
  it.each([
    ['a string that is not UTF-8', 'string', [2, 0xff]],
    ['a surrogate', 'string', [6, 0xed, 0xa0, 0x80]],
    ['a block whose size is wrong', { type: 'array', items: 'long' }, [1, 6, 2, 0]],
    ['a map key "__proto__"', { type: 'map', values: 'long' }, [2, 18, ...Buffer.from('__proto__'), 2, 0]],
    ['a boolean of 2', 'boolean', [2]],
    ['an int of 33 bits', 'int', [0x80, 0x80, 0x80, 0x80, 0x20]],
    ['a long beyond 2^53', 'long', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]],
    ['a number of eleven bytes', 'long', [...Array.from({ length: 10 }, () => 0x80), 1]],
    ['an enum index too far', { type: 'enum', name: 'E', symbols: ['A', 'B'] }, [4]],
    ['a negative enum index', { type: 'enum', name: 'E', symbols: ['A', 'B'] }, [1]],
    ['a union index too far', ['null', 'long'], [4]],
    ['a float cut short', 'float', [0, 0, 0]],
  ])('%s is undecodable', (_name, schema, bytes) => {
    expect(scanned(schema, bytes)).toBe('undecodable');
  });

  it.each([
    ['the largest safe long', 'long', [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]],
    ['a block with its size', { type: 'array', items: 'long' }, [1, 2, 2, 0]],
    ['a few nulls', { type: 'array', items: 'null' }, [2, 0]],
    ['fixed bytes', { type: 'fixed', name: 'F', size: 2 }, [1, 2]],
    ['a number padded with zeros', 'long', [0x82, 0x00]],
    ['a list by name', { type: 'record', name: 'n.L', fields: [{ name: 'v', type: 'long' }, { name: 'next', type: ['null', 'n.L'] }] }, [2, 2, 4, 0]],
  ])('%s is good', (_name, schema, bytes) => {
    expect(scanned(schema, bytes)).toBe('good');
  });
});
