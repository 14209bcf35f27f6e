import { describe, expect, it } from '@jest/globals';
import { CompileContext } from './compile.context.js';
import { compileCondition } from './condition.compiler.js';
import { compileExpression } from './expression.compiler.js';
import { RowError, SpecError } from './import.errors.js';
import { ObjectRow, type Row } from './row.types.js';
import { type Scope, type Value } from './scope.js';

const items: readonly Row[] = [
  { price: '10.10', sku: 'a' },
  { price: '0.905', sku: 'b' },
].map((item) => new ObjectRow(item, new Set()));

const context = new CompileContext({
  defaultZone: 'Europe/Berlin',
  policy: { gap: 'forward', overlap: 'earlier' },
  lookups: new Map([['country', new Map([['EIRE', 'IE']])]]),
  joins: new Map([['items', () => items]]),
  compileTest: compileCondition,
});

const scope: Scope = {
  row: new ObjectRow({ id: '17850.0', name: '  Ann ', quantity: '-6', price: '2.555', country: 'EIRE', empty: '', flag: true, nested: { city: 'Kiel', tags: [{ t: 'x' }] } }, new Set([''])),
  bound: {},
};

function evaluate(spec: unknown): Value {
  return compileExpression(spec, context, ['x'])(scope);
}

function test(spec: unknown): boolean {
  return compileCondition(spec, context, ['x'])(scope);
}

describe('expressions', () => {
  it.each<[unknown, unknown]>([
    ['GBP', 'GBP'],
    ['{country}', 'EIRE'],
    ['guest:{id}/{country}', 'guest:17850.0/EIRE'],
    ['guest:{empty}', null],
    ['{nested.city}', 'Kiel'],
    ['{nothing}', null],
    [{ literal: '{country}' }, '{country}'],
    [true, true],
    [{ first: ['{empty}', '{nothing}', 'none'] }, 'none'],
    [{ if: { value: '{country}', eq: 'EIRE' }, then: 'yes', else: 'no' }, 'yes'],
    [{ from: '{id}', do: [{ stripSuffix: '.0' }] }, '17850'],
    [{ from: '{name}', do: ['trim', 'upper', { truncate: 2 }] }, 'AN'],
    [{ from: '{country}', do: [{ lookup: 'country' }] }, 'IE'],
    [{ from: '{name}', do: [{ lookup: 'country' }] }, null],
    [{ from: '{name}', do: ['trim', { lookup: { table: 'country', missing: 'keep' } }] }, 'Ann'],
    [{ from: '{id}', do: [{ match: { pattern: '^(\\d+)\\.', group: 1 } }] }, '17850'],
    [{ from: '{country}', do: [{ match: '\\d' }] }, null],
    [{ from: '{quantity}', do: ['abs', 'int'] }, 6],
    [{ from: '{price}', do: [{ money: 'GBP' }] }, 256],
    [{ from: '{price}', do: [{ money: 'JPY' }] }, 3],
    [{ from: { multiply: ['{quantity}', '{price}'] }, do: ['negate', { money: 2 }] }, 1533],
    [{ from: '1.234,56', do: [{ decimal: { point: ',', group: '.' } }, { money: 2 }] }, 123456],
    [{ from: '250', do: [{ times: '0.001' }, { round: 1 }, 'text'] }, '0.3'],
    [{ from: 'Ja', do: [{ boolean: { true: ['ja'], false: ['nein'] } }] }, true],
    [{ from: 'n/a', do: [{ nullIf: ['n/a', '-'] }, { default: 'none' }] }, 'none'],
    [{ from: '2019-07-01 00:00', do: [{ time: 'YYYY-MM-DD HH:mm' }, { plus: '1h' }] }, Date.UTC(2019, 5, 30, 23)],
    [{ from: '2019-07-01 00:00', do: [{ time: { format: 'YYYY-MM-DD HH:mm', zone: 'UTC' } }] }, Date.UTC(2019, 6, 1)],
    [{ from: { sum: '{items.price}', each: 'items' }, do: [{ money: 2 }] }, 1101],
    [{ count: 'items' }, 2],
    [{ count: 'nested.tags' }, 1],
    ['{items.sku}', 'a'],
  ])('%j gives %j', (spec, expected) => {
    expect(evaluate(spec)).toEqual(expected);
  });

  it.each<[unknown, string]>([
    [{ from: '{country}', do: ['int'] }, 'not a number'],
    [{ from: '{price}', do: ['int'] }, 'not a whole number'],
    [{ from: '99999999999999999', do: ['int'] }, 'number too large'],
    [{ from: '{name}', do: [{ lookup: { table: 'country', missing: 'reject' } }] }, 'not in lookup country'],
    [{ from: '{country}', do: ['boolean'] }, 'not a boolean'],
  ])('%j rejects the row: %s', (spec, reason) => {
    expect(() => evaluate(spec)).toThrow(RowError);
    expect(() => evaluate(spec)).toThrow(`${reason}: `);
  });

  it.each<[unknown, string]>([
    [{ from: '{a}', do: ['trimm'] }, '"trimm" is no step'],
    [{ from: '{a}', doo: [] }, 'does not know "doo"'],
    [{ when: 1 }, 'is no expression'],
    [['a'], 'a list is no expression'],
    [{ from: '{a}', do: [{ lookup: 'contry' }] }, 'there is no lookup "contry"'],
    [{ from: '{a}', do: [{ money: 'XYZ' }] }, 'no ISO 4217 currency'],
    [{ from: '{a}', do: [{ time: { format: 'iso', zone: 'Mars/Base' } }] }, 'no time zone'],
    [{ from: '{a}', do: [{ plus: '7 days' }] }, 'no duration'],
    [{ from: '{a}', do: [{ match: '(a' }] }, 'no RE2 pattern'],
    [{ from: '{a}', do: [{ match: '(a)\\1' }] }, 'no RE2 pattern'],
    ['{}', 'names no column'],
  ])('%j does not compile: %s', (spec, reason) => {
    expect(() => compileExpression(spec, context, ['x'])).toThrow(SpecError);
    expect(() => compileExpression(spec, context, ['x'])).toThrow(reason);
  });

  it('is not stalled by a pattern that would take a backtracking engine for ever', () => {
    const evil = { from: `${'a'.repeat(4000)}!`, do: [{ match: '^(a+)+$' }] };
    expect(evaluate(evil)).toBeNull();
  });
});

describe('conditions', () => {
  it.each<[unknown, boolean]>([
    [{ value: '{country}', eq: 'EIRE' }, true],
    [{ value: '{quantity}', eq: -6 }, true],
    [{ value: '{id}', eq: '17850' }, false],
    [{ value: '{id}', eq: 17850 }, true],
    [{ value: '{quantity}', lt: 0 }, true],
    [{ value: '{quantity}', gte: 0 }, false],
    [{ value: '{price}', gt: '{quantity}' }, true],
    [{ value: '{price}', gt: 2, lte: '2.555' }, true],
    [{ value: '{country}', startsWith: 'EI' }, true],
    [{ value: '{country}', endsWith: 'EI' }, false],
    [{ value: '{name}', contains: 'nn' }, true],
    [{ value: '{country}', in: ['GB', 'EIRE'] }, true],
    [{ value: '{id}', matches: '^[0-9]+$' }, false],
    [{ value: '{empty}', empty: true }, true],
    [{ value: '{empty}', lt: 5 }, false],
    [{ value: '{empty}', ne: 'x' }, true],
    [{ not: { value: '{empty}', eq: 'x' } }, true],
    [{ all: [{ value: '{country}', eq: 'EIRE' }, { value: '{quantity}', gt: 0 }] }, false],
    [{ any: [{ value: '{country}', eq: 'EIRE' }, { value: '{quantity}', gt: 0 }] }, true],
  ])('%j is %s', (spec, expected) => {
    expect(test(spec)).toBe(expected);
  });

  it('rejects the row where a number is compared with a text that is none', () => {
    expect(() => test({ value: '{country}', gt: 1 })).toThrow(RowError);
  });

  it.each([[{ value: '{a}' }], [{ value: '{a}', equals: 1 }], [{ both: [] }], [{ all: {} }], ['a'], [{ all: [], any: [] }]])('%j does not compile', (spec) => {
    expect(() => compileCondition(spec, context, [])).toThrow(SpecError);
  });
});
