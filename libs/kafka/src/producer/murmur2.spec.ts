import { expect, it } from '@jest/globals';
import { murmur2, partitionOf } from './murmur2.js';

/** From Kafka 4.3.0's own `Utils.murmur2`. */
it.each([
  ['', 275_646_681],
  ['21', -973_932_308],
  ['foobar', -790_332_482],
  ['a-little-bit-long-string', -985_981_536],
  ['a-little-bit-longer-string', -1_486_304_829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
  ['größe🙂', 2_023_127_161],
])('hashes "%s" as Java does', (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash);
});

it('picks a partition that exists, also for negative hashes', () => {
  expect(partitionOf(Buffer.from('21'), 4)).toBe((-973_932_308 & 0x7fffffff) % 4);
  for (let key = 0; key < 1_000; key++) expect([0, 1, 2]).toContain(partitionOf(Buffer.from(String(key)), 3));
});
