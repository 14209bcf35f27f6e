const POLYNOMIAL = 0x82f63b78;
const LANES = 4;

/** Tables for four bytes at a time: table n continues a byte over n more bytes of zeros. */
const TABLES = buildTables();

/** CRC-32C (Castagnoli) of a part of a buffer, as Kafka's record batches carry it. */
export function crc32c(buffer: Buffer, start: number, end: number): number {
  const [t0, t1, t2, t3] = TABLES;
  let crc = -1;
  let index = start;
  for (const whole = end - ((end - start) % LANES); index < whole; index += LANES) {
    crc ^= byte(buffer, index) | (byte(buffer, index + 1) << 8) | (byte(buffer, index + 2) << 16) | (byte(buffer, index + 3) << 24);
    crc = entry(t3, crc) ^ entry(t2, crc >>> 8) ^ entry(t1, crc >>> 16) ^ entry(t0, crc >>> 24);
  }
  for (; index < end; index++) crc = entry(t0, crc ^ byte(buffer, index)) ^ (crc >>> 8);
  return (crc ^ -1) >>> 0;
}

function entry(table: Int32Array, index: number): number {
  return table[index & 0xff] ?? 0;
}

function byte(buffer: Buffer, index: number): number {
  return buffer[index] ?? 0;
}

function buildTables(): readonly [Int32Array, Int32Array, Int32Array, Int32Array] {
  const first = Int32Array.from({ length: 256 }, (_, index) => {
    let crc = index;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    return crc;
  });
  const next = (table: Int32Array): Int32Array => table.map((crc) => (crc >>> 8) ^ entry(first, crc));
  const second = next(first);
  const third = next(second);
  return [first, second, third, next(third)];
}
