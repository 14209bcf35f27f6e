import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { type CsvFormat, readCsv } from './csv.reader.js';
import { readJson } from './json.reader.js';
import { type BrokenRow, type PlacedRow, isBroken } from './row.types.js';

const CSV: CsvFormat = { delimiter: ',', quote: '"', encoding: 'utf-8', header: true, columns: null, trim: false, nulls: new Set(['']) };

async function all(batches: AsyncIterable<readonly (PlacedRow | BrokenRow)[]>): Promise<(PlacedRow | BrokenRow)[]> {
  const items: (PlacedRow | BrokenRow)[] = [];
  for await (const batch of batches) items.push(...batch);
  return items;
}

async function csv(text: string | Buffer, format: Partial<CsvFormat> = {}, needed: string[] = []): Promise<unknown[]> {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  // Byte by byte: a chunk may end anywhere, also within a character.
  const stream = Readable.from([...bytes].map((byte) => Buffer.from([byte])));
  const items = await all(readCsv(stream, 'f.csv', { ...CSV, ...format }, new Set(needed)));
  return items.map((item) => (isBroken(item) ? [item.line, item.reason] : [item.line, item.row.content()]));
}

async function json(text: string, layout: 'json' | 'jsonl'): Promise<unknown[]> {
  const stream = Readable.from(Array.from(text, (character) => Buffer.from(character)));
  const items = await all(readJson(stream, 'f.json', { layout, encoding: 'utf-8', nulls: new Set() }));
  return items.map((item) => (isBroken(item) ? [item.line, item.reason] : [item.line, item.row.content()]));
}

describe('CSV', () => {
  it('gives each row the physical line it begins at, across embedded line breaks, blank lines and CRLF', async () => {
    expect(await csv('\uFEFFa,b\r\n1,"x\r\ny"\r\n\r\n2,z\r\n"3",w')).toEqual([
      [2, { a: '1', b: 'x\r\ny' }],
      [5, { a: '2', b: 'z' }],
      [6, { a: '3', b: 'w' }],
    ]);
  });

  it('reports rows with too many or too few columns, and goes on', async () => {
    expect(await csv('a,b\n1\n1,2,3\n1,2\n')).toEqual([
      [2, 'wrong number of columns'],
      [3, 'wrong number of columns'],
      [4, { a: '1', b: '2' }],
    ]);
  });

  it('takes a quote within a value for a character', async () => {
    expect(await csv('a,b\n5" disc,"x"y\n1,"a ""b"""\n')).toEqual([
      [2, { a: '5" disc', b: '"x"y' }],
      [3, { a: '1', b: 'a "b"' }],
    ]);
  });

  it('reports a quote that is never closed instead of losing what follows in silence', async () => {
    const rows = await csv('a,b\n1,2\n"x,3\n4,5\n');
    expect(rows).toEqual(expect.arrayContaining([[2, { a: '1', b: '2' }], [3, 'not CSV']]));
    expect(rows).toHaveLength(2);
  });

  it('reads other delimiters, no header, and other encodings', async () => {
    const latin = Buffer.from('caf\u00e9|\u00e0\n', 'latin1');
    expect(await csv(latin, { delimiter: '|', header: false, columns: ['x', 'y'], encoding: 'latin1' })).toEqual([[1, { x: 'café', y: 'à' }]]);
    expect(await csv(Buffer.from('a,b\nä,ö\n', 'utf16le'), { encoding: 'utf-16le' })).toEqual([[2, { a: 'ä', b: 'ö' }]]);
  });

  it('reports bytes that are not UTF-8', async () => {
    expect(await csv(Buffer.from('a,b\ncaf\u00e9,1\nok,2\n', 'latin1'))).toEqual([
      [2, 'not UTF-8'],
      [3, { a: 'ok', b: '2' }],
    ]);
  });

  it('names a column that the header lacks', async () => {
    await expect(csv('a,b\n1,2\n', {}, ['a', 'c'])).rejects.toThrow('f.csv: has no column "c"; it has a, b');
  });
});

describe('a file that ends too early', () => {
  const cut = (): Readable =>
    Readable.from(
      (async function* () {
        yield await Promise.resolve(Buffer.from('a,b\n1,2\n'));
        throw new RangeError('unexpected end of file');
      })(),
    );

  it('fails with its name, whatever the format', async () => {
    await expect(all(readCsv(cut(), 'f.csv', CSV, new Set()))).rejects.toThrow('f.csv: unexpected end of file');
    await expect(all(readCsv(cut(), 'f.csv', { ...CSV, encoding: 'latin1' }, new Set()))).rejects.toThrow('f.csv: unexpected end of file');
    await expect(all(readJson(cut(), 'f.json', { layout: 'jsonl', encoding: 'utf-8', nulls: new Set() }))).rejects.toThrow('f.json: unexpected end of file');
  });
});

describe('JSON', () => {
  it('reads an array, keeps numbers as they are written, and reports what is broken with its line', async () => {
    expect(await json('[\n {"a": 12345678901234567890, "b": {"c": 1.10}},\n {"a": "}\\"{"},\n oops,\n {"a": }\n]', 'json')).toEqual([
      [2, { a: '12345678901234567890', b: { c: '1.10' } }],
      [3, { a: '}"{' }],
      [4, 'not JSON'],
      [5, 'not JSON'],
    ]);
  });

  it('reads one object after another without an array', async () => {
    expect(await json('{"a":true}{"a":[{"b":null}]}\n', 'json')).toEqual([
      [1, { a: true }],
      [1, { a: [{ b: null }] }],
    ]);
  });

  it('reports an object that is cut off', async () => {
    expect(await json('[{"a":1},\n{"a":', 'json')).toEqual([[1, { a: '1' }], [2, 'not JSON']]);
  });

  it('reads lines, so that a broken one spoils no other', async () => {
    expect(await json('{"a":1}\n\n{"a":\n[1]\n{"a":2}', 'jsonl')).toEqual([
      [1, { a: '1' }],
      [3, 'not JSON'],
      [4, 'not a JSON object'],
      [5, { a: '2' }],
    ]);
  });
});
