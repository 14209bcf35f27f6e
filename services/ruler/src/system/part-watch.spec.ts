import { expect, test } from '@jest/globals';
import { PartWatch } from './part-watch.js';

test('tells once that a part is silent, and once that it speaks again', async () => {
  const told: unknown[] = [];
  const watch = new PartWatch((part, error) => told.push([part, error]));
  const silent = (): Promise<number> => Promise.reject(new TypeError('no'));
  expect([await watch.ask('a', silent), await watch.ask('a', silent), await watch.ask('b', () => Promise.resolve(1))]).toEqual([null, null, 1]);
  expect([await watch.ask('a', () => Promise.resolve(2)), await watch.ask('a', () => Promise.resolve(3))]).toEqual([2, 3]);
  expect(told).toEqual([['a', new TypeError('no')], ['a', null]]);
});
