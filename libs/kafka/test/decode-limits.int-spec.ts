import { describe, expect, it, jest } from '@jest/globals';
import { orderEvent, type EventContract } from '@millrace/contracts';
import { wireCorpus } from '@millrace/testing';
import { EventDecoder } from '../src/codec/event.decoder.js';

const OURS = 1;
const OTHER = 2;
const LONGEST_BOMB_MS = 5;
const LONGEST_BLOCK_MS = 50;
const MOST_GROWTH_BYTES = 32 * 1024 * 1024;
/** The quickest of so many: what else the machine does is not the decoder's. */
const TRIES = 3;

type DecoderClass = typeof EventDecoder;

/** One value given to a decoder. */
interface Attempt {
  readonly name: string;
  /** Reason of the refusal, or `good`. */
  readonly reason: string;
  readonly ms: number;
  readonly grownBytes: number;
}

/** F13: which bombs were not refused before they were decoded, or cost time or memory. */
function wentOff(attempts: readonly Attempt[]): string[] {
  return attempts.flatMap(({ name, reason, ms, grownBytes }) => [
    ...(reason === 'decode-limit' ? [] : [`${name}: ${reason}`]),
    ...(ms <= LONGEST_BOMB_MS ? [] : [`${name}: took ${ms.toFixed(1)} ms`]),
    ...(grownBytes <= MOST_GROWTH_BYTES ? [] : [`${name}: took ${String(grownBytes >> 20)} MiB`]),
  ]);
}

/** F12: values that hold up the event loop for longer than anybody may. */
function blocking(attempts: readonly Attempt[]): string[] {
  return attempts.flatMap(({ name, ms }) => (ms <= LONGEST_BLOCK_MS ? [] : [`${name}: ${ms.toFixed(0)} ms`]));
}

async function decoderOf(Decoder: DecoderClass, contract: EventContract<unknown>): Promise<EventDecoder<unknown>> {
  const decoder = new Decoder(contract, { schemaOf: () => Promise.resolve(contract.schema) });
  await decoder.load(OURS);
  return decoder;
}

function attempt(decoder: EventDecoder<unknown>, name: string, value: Buffer | null): Attempt {
  const rss = process.memoryUsage.rss();
  const tries = Array.from({ length: TRIES }, () => tryOnce(decoder, value));
  return { name, reason: tries[0]?.reason ?? '', ms: Math.min(...tries.map(({ ms }) => ms)), grownBytes: process.memoryUsage.rss() - rss };
}

function tryOnce(decoder: EventDecoder<unknown>, value: Buffer | null): { readonly reason: string; readonly ms: number } {
  const began = performance.now();
  let reason = 'good';
  try {
    if (typeof decoder.decode(value, Date.now()) === 'number') reason = 'unknown-schema';
  } catch (error) {
    reason = String(Reflect.get(Object(error), 'reason') ?? error);
  }
  return { reason, ms: performance.now() - began };
}

const listOf = (items: unknown): unknown => ({ type: 'array', items });
const CHAIN = { type: 'record', name: 'Node', fields: [{ name: 'next', type: ['null', 'Node'] }] };
const bytes = (...given: number[]): number[] => given;

/** Type of the bomb's one field, and the bytes that claim more than there is. */
const BOMBS: readonly (readonly [string, unknown, readonly number[]])[] = [
  ['an array of 1e6', listOf('long'), bytes(0x80, 0x89, 0x7a)],
  ['an array of 1e8', listOf('long'), bytes(0x80, 0x84, 0xaf, 0x5f)],
  ['an array of 2^31', listOf('long'), bytes(0x80, 0x80, 0x80, 0x80, 0x10)],
  ['an array of 2^62', listOf('long'), bytes(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01)],
  ['an array of -2^63', listOf('long'), bytes(...Array.from({ length: 9 }, () => 0xff), 0x01)],
  ['2e7 nulls', listOf('null'), bytes(0x80, 0xb4, 0x89, 0x13, 0)],
  ['a map of 3e7', { type: 'map', values: 'long' }, bytes(0x80, 0xcf, 0xcd, 0x1c)],
  ['a string of 2^31', 'string', bytes(0x80, 0x80, 0x80, 0x80, 0x10)],
  ['bytes of 2^40', 'bytes', bytes(0x80, 0x80, 0x80, 0x80, 0x80, 0x40)],
  ['a depth of 10000', CHAIN, bytes(...Array.from({ length: 10_000 }, () => 2), 0)],
];

const bombs = async (Decoder: DecoderClass, names?: readonly string[]): Promise<Attempt[]> => {
  const attempts: Attempt[] = [];
  for (const [name, type, body] of BOMBS.filter(([known]) => names?.includes(known) ?? true)) {
    const contract = { ...orderEvent, rules: [], schema: JSON.stringify({ type: 'record', name: 'Bomb', fields: [{ name: 'charge', type }] }) };
    attempts.push(attempt(await decoderOf(Decoder, contract), name, Buffer.from([0, 0, 0, 0, OURS, ...body])));
  }
  return attempts;
};

/** The decoder with the walk before it switched off: avsc alone. */
async function unguarded(): Promise<DecoderClass> {
  jest.resetModules();
  jest.unstable_mockModule('../src/codec/avro-scan.js', () => ({ compileScan: () => () => undefined }));
  return ((await import('../src/codec/event.decoder.js')) as { readonly EventDecoder: DecoderClass }).EventDecoder;
}

describe('F13: Avro bombs', () => {
  it('are refused as decode-limit within 5 ms, and take no memory', async () => {
    expect(wentOff(await bombs(EventDecoder))).toEqual([]);
  });

  it('go off where the guard is switched off: the check goes red', async () => {
    const red = wentOff(await bombs(await unguarded(), ['2e7 nulls', 'a string of 2^31', 'a depth of 10000']));
    expect(red).toEqual(expect.arrayContaining(['2e7 nulls: good', expect.stringMatching(/^2e7 nulls: took \d+\.\d ms$/), expect.stringMatching(/^2e7 nulls: took \d+ MiB$/), 'a string of 2^31: good', 'a depth of 10000: undecodable']));
  });
});

describe('F12: hostile bytes', () => {
  const everything = (): readonly { readonly name: string; readonly value: Buffer | null }[] => Object.values(wireCorpus(OURS, OTHER)).flat();

  it('hold up the event loop for 50 ms at most', async () => {
    const decoder = await decoderOf(EventDecoder, orderEvent);
    const attempts = everything().map(({ name, value }) => attempt(decoder, name, value));
    expect(attempts.length).toBeGreaterThan(10_000);
    expect(blocking(attempts)).toEqual([]);
  });

  it('hold it up for longer where the guard is switched off: the check goes red', async () => {
    expect(blocking(await bombs(await unguarded(), ['2e7 nulls']))).toEqual([expect.stringMatching(/^2e7 nulls: \d+ ms$/)]);
  });
});
