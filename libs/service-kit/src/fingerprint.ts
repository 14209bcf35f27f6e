const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const MASK = 0xffffffffffffffffn;
const SEPARATOR = Buffer.from([0xff]);

/**
 * Identity of a label set: FNV-1a (64 bit) over the UTF-8 of each name and value in name order, each followed by 0xff, as 16 hex digits.
 * The same as Prometheus's and Alertmanager's, so that an alert is the same alert there.
 */
export function fingerprint(labels: Readonly<Record<string, string>>): string {
  const names = Object.keys(labels).sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  const bytes = Buffer.concat(names.flatMap((name) => [Buffer.from(name), SEPARATOR, Buffer.from(labels[name] ?? ''), SEPARATOR]));
  let hash = OFFSET;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * PRIME) & MASK;
  return hash.toString(16).padStart(16, '0');
}
