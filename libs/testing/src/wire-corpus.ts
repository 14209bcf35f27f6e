import { readFileSync } from 'node:fs';

/** What becomes of a value of `shop.orders.v1`: a reason of the dead-letter topic, or `good`. */
export interface WireCase {
  readonly name: string;
  readonly reason: string;
  readonly value: Buffer | null;
}

interface CorpusFile {
  readonly record: string;
  readonly cases: readonly { readonly name: string; readonly reason: string; readonly value: string | null; readonly zeros?: number }[];
  readonly flipSeed: number;
  readonly flippedVerdicts: readonly string[];
  readonly prefixVerdicts: string;
}

const VERDICTS: Readonly<Record<string, string>> = { g: 'good', u: 'undecodable', s: 'unknown-schema', l: 'decode-limit', i: 'invalid', t: 'event-time' };

/**
 * The hostile values of `corpus/orders.json`: the malformed cases, ten thousand records with flipped bits, every prefix of a record.
 * Spark's tests read the same file, so that both agree on each value.
 * @param ours schema id of the topic @param other schema id of another topic
 */
export function wireCorpus(ours: number, other: number): { readonly cases: readonly WireCase[]; readonly flipped: readonly WireCase[]; readonly prefixes: readonly WireCase[] } {
  const file = JSON.parse(readFileSync(new URL('../corpus/orders.json', import.meta.url), 'utf8')) as CorpusFile;
  const bytes = (text: string): Buffer => Buffer.from(text.replace('<id>', hexOf(ours)).replace('<other>', hexOf(other)), 'hex');
  const record = bytes(file.record);
  const random = seeded(file.flipSeed);
  return {
    cases: file.cases.map(({ name, reason, value, zeros = 0 }) => ({ name, reason, value: value === null ? null : Buffer.concat([bytes(value), Buffer.alloc(zeros)]) })),
    flipped: Array.from(file.flippedVerdicts.join(''), (letter, index) => ({ name: `flipped ${String(index)}`, reason: reasonOf(letter), value: flip(record, 1 + (index % 3), random) })),
    prefixes: Array.from(file.prefixVerdicts, (letter, length) => ({ name: `the first ${String(length)} bytes`, reason: reasonOf(letter), value: record.subarray(0, length) })),
  };
}

function flip(record: Buffer, times: number, random: Iterator<number, never>): Buffer {
  const flipped = Buffer.from(record);
  for (let time = 0; time < times; time++) {
    const bit = random.next().value % (record.length * 8);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  }
  return flipped;
}

/** Numbers that only the seed decides; Python computes the same ones. */
function* seeded(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state >>> 8;
  }
}

function hexOf(id: number): string {
  return (id >>> 0).toString(16).padStart(8, '0');
}

function reasonOf(letter: string): string {
  const reason = VERDICTS[letter];
  if (reason === undefined) throw new TypeError(`the corpus has no verdict "${letter}"`);
  return reason;
}
