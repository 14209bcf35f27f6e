import { describe, expect, it } from '@jest/globals';
import { parseAlertmanagerConfig } from './alertmanager-config.js';
import { contains } from './time-interval.js';

function holds(yaml: string, at: string): boolean {
  const config = parseAlertmanagerConfig('t.yml', `route: {receiver: a}\nreceivers: [{name: a}]\ntime_intervals: [{name: t, time_intervals: [${yaml}]}]`);
  return (config.timeIntervals.get('t') ?? []).some((interval) => contains(interval, Date.parse(at)));
}

describe('time intervals', () => {
  it.each([
    ['{}', '2026-11-21T00:00:00Z', true],
    ["{times: [{start_time: '09:00', end_time: '17:00'}]}", '2026-11-21T09:00:00Z', true],
    ["{times: [{start_time: '09:00', end_time: '17:00'}]}", '2026-11-21T16:59:59Z', true],
    ["{times: [{start_time: '09:00', end_time: '17:00'}]}", '2026-11-21T17:00:00Z', false],
    ["{times: [{start_time: '22:00', end_time: '24:00'}]}", '2026-11-21T23:59:59Z', true],
    ["{weekdays: ['monday:friday']}", '2026-11-20T12:00:00Z', true],
    ["{weekdays: ['monday:friday']}", '2026-11-21T12:00:00Z', false],
    ["{weekdays: ['Saturday']}", '2026-11-21T12:00:00Z', true],
    ["{days_of_month: ['1:5']}", '2026-11-05T12:00:00Z', true],
    ["{days_of_month: ['-3:-1']}", '2026-02-26T12:00:00Z', true],
    ["{days_of_month: ['-3:-1']}", '2026-02-25T12:00:00Z', false],
    ["{days_of_month: ['31']}", '2026-11-30T12:00:00Z', false],
    ["{days_of_month: ['29:31']}", '2026-11-30T12:00:00Z', true],
    ["{days_of_month: ['5:-7']}", '2026-11-24T12:00:00Z', true],
    ["{months: ['november']}", '2026-11-24T12:00:00Z', true],
    ["{months: ['1:3', '12']}", '2026-12-24T12:00:00Z', true],
    ["{months: ['1:3']}", '2026-12-24T12:00:00Z', false],
    ["{years: ['2024:2025']}", '2026-12-24T12:00:00Z', false],
    ["{years: [2026]}", '2026-12-24T12:00:00Z', true],
    // Berlin has summer time until the last Sunday of October.
    ["{location: Europe/Berlin, times: [{start_time: '09:00', end_time: '10:00'}]}", '2026-10-24T07:30:00Z', true],
    ["{location: Europe/Berlin, times: [{start_time: '09:00', end_time: '10:00'}]}", '2026-10-26T07:30:00Z', false],
    ["{location: Europe/Berlin, times: [{start_time: '09:00', end_time: '10:00'}]}", '2026-10-26T08:30:00Z', true],
    ["{location: Asia/Tokyo, weekdays: [sunday]}", '2026-11-21T15:00:00Z', true],
  ] as const)('%s at %s: %s', (yaml, at, expected) => {
    expect(holds(yaml, at)).toBe(expected);
  });

  it.each([
    ["{times: [{start_time: '25:00', end_time: '26:00'}]}", /"25:00" is no time of the day/],
    ["{times: [{start_time: '17:00', end_time: '09:00'}]}", /must end after it starts/],
    ["{weekdays: ['friday:monday']}", /is no weekday, and no range/],
    ["{days_of_month: ['0']}", /no range of days of a month/],
    ["{days_of_month: ['-1:5']}", /no range of days of a month/],
    ["{months: ['smarch']}", /is no month/],
    ["{location: Mars/Base}", /is no time zone/],
    ["{weekday: [monday]}", /weekday: is not supported/],
  ] as const)('refuses %s', (yaml, reason) => {
    expect(() => holds(yaml, '2026-11-21T00:00:00Z')).toThrow(reason);
  });
});
