import type { ReceivedPost } from './http-receiver.js';
import { verified } from './http-receiver.js';

/** What each alert was told as, in order, by a receiver that takes each webhook-id once. */
export function statusesTold(posts: readonly ReceivedPost[], secret: string): ReadonlyMap<string, readonly string[]> {
  const seen = new Set<string>();
  const told = new Map<string, string[]>();
  for (const post of posts) {
    const id = String(post.headers['webhook-id']);
    if (seen.has(id)) continue;
    seen.add(id);
    for (const { fingerprint, status } of verified(post, secret).alerts) told.set(fingerprint, [...(told.get(fingerprint) ?? []), status]);
  }
  return told;
}

/** Alerts that were told otherwise than `expected`, a line each: lost, twice, in another order, or unheard of. */
export function toldWrong(posts: readonly ReceivedPost[], secret: string, expected: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const told = statusesTold(posts, secret);
  return [...new Set([...expected.keys(), ...told.keys()])]
    .filter((fingerprint) => (told.get(fingerprint) ?? []).join() !== (expected.get(fingerprint) ?? []).join())
    .map((fingerprint) => `${fingerprint}: told ${(told.get(fingerprint) ?? []).join(', ')}; expected ${(expected.get(fingerprint) ?? []).join(', ')}`);
}
