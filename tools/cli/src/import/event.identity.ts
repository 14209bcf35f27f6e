import { createHash } from 'node:crypto';

/** Namespace of the ids this importer makes (RFC 9562, version 5). Never to be changed: a second import would publish all again. */
const NAMESPACE = Buffer.from('6d1c7f52a0c45b8e9f3b2d4e8a71c690', 'hex');
const SEPARATOR = '\u001F';
const ABSENT = '\u0000';

/**
 * The id of an event out of what it is: the mapping, topic and type, and the natural key. The same row gives the same id in every run.
 * `occurrence` tells rows apart that are alike on purpose.
 */
export function eventIdOf(mapping: string, topic: string, type: string, key: readonly (string | null)[], occurrence = 1): string {
  const parts = [mapping, topic, type, ...key.map((part) => part ?? ABSENT)];
  if (occurrence > 1) parts.push(`#${String(occurrence)}`);
  const hash = createHash('sha1').update(NAMESPACE).update(parts.join(SEPARATOR)).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A 32-bit hash (FNV-1a, then mixed) of a text. */
export function hashOf(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A number from 0 to below 1, the same for the same id, seed and salt: delivery disturbs alike in every run. */
export function chanceOf(id: string, seed: number, salt: number): number {
  return hashOf(id, Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(salt + 1, 0xc2b2ae35)) / 2 ** 32;
}
