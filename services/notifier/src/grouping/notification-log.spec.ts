import { describe, expect, it } from '@jest/globals';
import { needsUpdate } from './notification-log.js';

const MINUTE = 60_000;
const NOW = 100 * MINUTE;
const set = (text: string): ReadonlySet<string> => new Set(text.split('').filter((one) => one !== ' '));

describe('needsUpdate', () => {
  /** Alertmanager's own table: entry (firing, resolved, minutes ago; null: none), what is there now, send_resolved, and the answer. */
  it.each([
    ['nothing was told, some fire', null, '1', '', true, true],
    ['nothing was told, some are resolved', null, '', '1', true, false],
    ['another one fires', ['123', '', 0], '234', '', true, true],
    ['never told at a time', ['123', '', Infinity], '123', '', true, true],
    ['the same, 9 of 10 minutes', ['123', '', 9], '123', '', true, false],
    ['the same, 11 of 10 minutes', ['123', '', 11], '123', '', true, true],
    ['other resolved ones, not wanted, 11 of 10 minutes', ['1', '2', 11], '1', '23', false, true],
    ['another is resolved, not wanted', ['12', '3', 0], '1', '23', false, false],
    ['another is resolved', ['12', '3', 0], '1', '23', true, true],
    ['all are resolved, not wanted', ['1', '23', 0], '', '123', false, true],
    ['all are resolved', ['1', '23', 0], '', '123', true, true],
    ['all were resolved before', ['', '123', 0], '', '123', true, false],
    ['what fired and ended in between', ['', '1', 0], '', '2', true, false],
  ] as const)('%s', (_name, entry, firing, resolved, sendResolved, expected) => {
    const logged = entry === null ? undefined : { firing: set(entry[0]), resolved: set(entry[1]), at: NOW - entry[2] * MINUTE };
    expect(needsUpdate(logged, { firing: set(firing), resolved: set(resolved), sendResolved, repeatIntervalMs: 10 * MINUTE, now: NOW })).toBe(expected);
  });
});
