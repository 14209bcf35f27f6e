import { expect, test } from '@jest/globals';
import { isTimeZone, localTime } from './local-time.js';

test.each([
  ['UTC', '2026-07-01T12:34:56.789Z', '2026-07-01T12:34:56.789Z'],
  ['Europe/Berlin', '2026-01-05T23:30:00Z', '2026-01-06T00:30:00Z'],
  ['Europe/Berlin', '2026-07-01T12:34:56.789Z', '2026-07-01T14:34:56.789Z'],
  ['America/New_York', '2026-03-08T06:59:00Z', '2026-03-08T01:59:00Z'],
  ['America/New_York', '2026-03-08T07:00:00Z', '2026-03-08T03:00:00Z'],
  ['Asia/Kathmandu', '2026-01-01T00:00:00Z', '2026-01-01T05:45:00Z'],
])('the clocks of %s show %s as %s', (timeZone, at, shown) => {
  expect(new Date(localTime(timeZone, Date.parse(at))).toISOString()).toBe(new Date(shown).toISOString());
});

test.each([['UTC', true], ['Europe/Berlin', true], ['Europe/Atlantis', false], ['', false]])('a time zone, "%s": %s', (name, expected) => {
  expect(isTimeZone(name)).toBe(expected);
});
