import { describe, expect, it } from '@jest/globals';
import Decoder from 'kafkajs/src/protocol/decoder.js';
import { ByteWriter } from './byte.writer.js';
import { readHeaders } from './header.decoder.js';

function encoded(headers: readonly (readonly [string, string | null])[]): Decoder {
  const writer = new ByteWriter(Buffer.alloc(1_000));
  writer.varint(headers.length);
  for (const [name, value] of headers) {
    writer.varint(Buffer.byteLength(name));
    writer.text(name);
    writer.varint(value === null ? -1 : Buffer.byteLength(value));
    if (value !== null) writer.text(value);
  }
  return new Decoder(writer.buffer);
}

describe('headers of a record', () => {
  it.each<[string, readonly (readonly [string, string | null])[], unknown]>([
    ['none', [], {}],
    ['some', [['a', '1'], ['größe', '']], { a: Buffer.from('1'), größe: Buffer.alloc(0) }],
    ['one without a value', [['a', null]], { a: null }],
    ['one that occurs three times', [['a', '1'], ['b', '2'], ['a', null], ['a', '3']], { a: [Buffer.from('1'), null, Buffer.from('3')], b: Buffer.from('2') }],
    ['the names of what every object has', [['constructor', 'c'], ['toString', 't']], { constructor: Buffer.from('c'), toString: Buffer.from('t') }],
  ])('%s', (_name, headers, expected) => {
    expect(readHeaders(encoded(headers))).toEqual(expected);
  });

  it('keeps a header named "__proto__" a header', () => {
    const headers = readHeaders(encoded([['__proto__', 'x'], ['a', '1']]));
    expect(Object.keys(headers)).toEqual(['__proto__', 'a']);
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
  });

  it('takes each name from its own record', () => {
    expect(Object.keys(readHeaders(encoded([['first', '1'], ['second', '2']])))).toEqual(['first', 'second']);
    expect(Object.keys(readHeaders(encoded([['second', '1'], ['first', '2']])))).toEqual(['second', 'first']);
  });
});
