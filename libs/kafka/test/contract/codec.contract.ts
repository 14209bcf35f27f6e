import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { KAFKA_API, TcpProxy, testKafkaSettings, until } from '@millrace/testing';
import type { CreateKafka } from './connect.js';
import { Stage } from './stage.js';

/** Both timestamps of a batch of one record: the bytes by which the proxy finds it. */
const AT_MS = 0x0123_4567;
const TIMES = Buffer.concat([AT_MS, AT_MS].map((ms) => { const bytes = Buffer.alloc(8); bytes.writeBigInt64BE(BigInt(ms)); return bytes; }));
/** The low byte of a batch's attributes, whose last three bits name the codec, lies so far before the timestamps. */
const ATTRIBUTES_BEFORE = 5;

/** F18: a batch that this client cannot read. No broker takes one with an unknown codec, so a proxy makes it so on the way. */
export function codecContract(createKafka: CreateKafka): void {
  let stage: Stage;
  let proxy: TcpProxy;
  beforeEach(async () => {
    stage = new Stage(createKafka);
    proxy = await TcpProxy.start(testKafkaSettings(stage.lane).brokers[0] ?? '');
  });
  afterEach(async () => {
    proxy.heal();
    await stage.end();
    await proxy.close();
  });

  it.each([
    ['no client knows', 7, /codec 7/],
    ['is gzip, which its bytes are not', 1, /gzip/],
    ['is zstd, which its bytes are not', 4, /zstd/],
  ])('F18: a batch whose codec %s is told, and neither handled, nor set aside, nor passed over', async (_name, codec, words) => {
    await stage.createTopic(1);
    await stage.publishRaw([{ topic: stage.topic, key: null, value: Buffer.from('x'), timestamp: AT_MS }]);
    proxy.alterResponses(KAFKA_API.fetch, (frame) => {
      const at = frame.indexOf(TIMES);
      if (at < 0) return false;
      frame[at - ATTRIBUTES_BEFORE] = ((frame[at - ATTRIBUTES_BEFORE] ?? 0) & ~7) | codec;
      return true;
    });
    const { consumer, of } = await stage.listen(() => Promise.resolve(), {}, stage.connect({ route: () => proxy.address }));
    const [crash] = await until('the consumer to say so', () => { const crashed = of('crashed'); return crashed.length > 0 ? crashed : undefined; }, 20_000);
    expect(crash?.error.message).toMatch(words);
    expect(proxy.bites.altered).toBeGreaterThan(0);
    expect(consumer.isHealthy()).toBe(false);
    expect([of('dead-letter'), await stage.readLetters()]).toEqual([[], []]);
    expect((await consumer.lag()).map(({ lag }) => lag)).toEqual([1]);
  });
}
