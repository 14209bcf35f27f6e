import { expect, test } from '@jest/globals';
import { CircuitBreaker } from './circuit-breaker.js';

function failing(times: number, at = 0): CircuitBreaker {
  const breaker = new CircuitBreaker(1_000);
  for (let time = 0; time < times; time += 1) breaker.record(false, at);
  return breaker;
}

test('opens after ten failures in a row, not after nine', () => {
  expect(failing(9).state(0)).toBe('closed');
  expect(failing(10).state(0)).toBe('open');
});

test('counts failures in a row only', () => {
  const breaker = failing(9);
  breaker.record(true, 0);
  for (let time = 0; time < 9; time += 1) breaker.record(false, 0);
  expect(breaker.state(0)).toBe('closed');
});

test('asks again after its time, and stays away for as long once more where that fails', () => {
  const breaker = failing(10, 500);
  expect([breaker.state(1_499), breaker.openFor(1_400), breaker.state(1_500), breaker.openFor(1_500)]).toEqual(['open', 100, 'probe', 0]);
  expect(breaker.record(false, 1_600)).toBe(false);
  expect([breaker.state(2_599), breaker.state(2_600)]).toEqual(['open', 'probe']);
});

test('is not kept open for longer by what had been on its way', () => {
  const breaker = failing(10, 0);
  breaker.record(false, 900);
  expect(breaker.state(1_000)).toBe('probe');
});

test('closes at the first success, and says so once', () => {
  const breaker = failing(12);
  expect(breaker.record(true, 2_000)).toBe(true);
  expect(breaker.state(2_000)).toBe('closed');
  expect(breaker.record(true, 2_000)).toBe(false);
});
