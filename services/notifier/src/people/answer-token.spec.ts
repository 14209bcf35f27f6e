import { describe, expect, test } from '@jest/globals';
import type { PostgresSession } from '@millrace/stores';
import { AnswerTokens, TokenError } from './answer-token.js';

const NOW = Date.UTC(2026, 0, 5, 12);
const OUTAGE = { fingerprint: '8f14a41207c8456c', startsAt: NOW - 60_000 };
const DAY_MS = 86_400_000;

function knowing(key: number): PostgresSession {
  return { query: () => Promise.resolve([{ key: Buffer.alloc(32, key) }]), execute: () => Promise.resolve(0) } as unknown as PostgresSession;
}

async function tokensOf(lane: string, key = 1): Promise<AnswerTokens> {
  const tokens = new AnswerTokens(knowing(key), lane);
  await tokens.open();
  return tokens;
}

describe('a token', () => {
  test('answers in the name of the receiver that it was made for', async () => {
    const tokens = await tokensOf('live');
    const token = tokens.sign(OUTAGE, 'täm.a', NOW) ?? '';
    expect(tokens.verify(token, OUTAGE, NOW + 13 * DAY_MS)).toBe('täm.a');
    expect(token).toMatch(/^[\w.-]+$/);
  });

  test('is none before the key is known', () => {
    const tokens = new AnswerTokens(knowing(1), 'live');
    expect(tokens.sign(OUTAGE, 'team', NOW)).toBeNull();
    expect(() => tokens.verify('a.b.c', OUTAGE, NOW)).toThrow(TokenError);
  });

  test('is good for one outage, one lane, one key, one receiver, and not for ever', async () => {
    const tokens = await tokensOf('live');
    const token = tokens.sign(OUTAGE, 'team', NOW) ?? '';
    const [expires = '', , mac = ''] = token.split('.');
    const others: readonly (readonly [AnswerTokens, string, typeof OUTAGE, number])[] = [
      [tokens, token, { ...OUTAGE, fingerprint: '0000000000000000' }, NOW],
      [tokens, token, { ...OUTAGE, startsAt: NOW }, NOW],
      [await tokensOf('replay'), token, OUTAGE, NOW],
      [await tokensOf('live', 2), token, OUTAGE, NOW],
      [tokens, [expires, Buffer.from('boss').toString('base64url'), mac].join('.'), OUTAGE, NOW],
      [tokens, [(Number.parseInt(expires, 36) + 1).toString(36), Buffer.from('team').toString('base64url'), mac].join('.'), OUTAGE, NOW],
      [tokens, `${token}.x`, OUTAGE, NOW],
      [tokens, token.slice(0, -2), OUTAGE, NOW],
      [tokens, '', OUTAGE, NOW],
      [tokens, token, OUTAGE, NOW + 14 * DAY_MS + 1],
    ];
    for (const [those, text, outage, now] of others) expect(() => those.verify(text, outage, now)).toThrow(TokenError);
  });
});
