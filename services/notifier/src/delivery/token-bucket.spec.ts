import { describe, expect, test } from '@jest/globals';
import { TokenBucket } from './token-bucket.js';

describe('a token bucket', () => {
  test('gives its burst at once, and then the rate', () => {
    const bucket = new TokenBucket({ perSecond: 2, burst: 3 });
    expect([bucket.available(0), bucket.waitMs(0)]).toEqual([3, 0]);
    bucket.take(3);
    expect([bucket.available(0), bucket.waitMs(0)]).toEqual([0, 500]);
    expect([bucket.available(250), bucket.waitMs(250)]).toEqual([0, 250]);
    expect(bucket.available(500)).toBe(1);
    bucket.take(1);
    expect(bucket.waitMs(500)).toBe(500);
  });

  test('holds no more than its burst, however long nobody asks, and heeds no clock that goes back', () => {
    const bucket = new TokenBucket({ perSecond: 2, burst: 3 });
    bucket.take(3);
    expect(bucket.available(3_600_000)).toBe(3);
    bucket.take(3);
    expect(bucket.available(0)).toBe(0);
    expect(bucket.available(3_600_500)).toBe(1);
  });
});
