import { describe, expect, it } from '@jest/globals';
import { RowError, SpecError } from './import.errors.js';
import { TimeZone } from './time-zone.js';
import { compileTimestamp } from './timestamp.format.js';

const FORMAT = 'YYYY-MM-DD HH:mm:ss';
const iso = (zone: TimeZone, text: string, format = FORMAT): string => new Date(compileTimestamp(format, zone)(text)).toISOString();

describe('local times', () => {
  const london = new TimeZone('Europe/London');

  it.each([
    ['2010-12-01 08:26:00', '2010-12-01T08:26:00.000Z'],
    ['2011-07-01 08:26:00', '2011-07-01T07:26:00.000Z'],
    ['2011-03-27 00:59:59', '2011-03-27T00:59:59.000Z'],
    ['2011-03-27 02:00:00', '2011-03-27T01:00:00.000Z'],
    ['2011-10-30 02:00:00', '2011-10-30T02:00:00.000Z'],
  ])('%s in London is %s', (local, utc) => {
    expect(iso(london, local)).toBe(utc);
  });

  it('moves a time that the clock change leaves out forward, or rejects it', () => {
    expect(iso(london, '2011-03-27 01:30:00')).toBe('2011-03-27T01:30:00.000Z');
    const strict = new TimeZone('Europe/London', { gap: 'reject', overlap: 'earlier' });
    expect(() => iso(strict, '2011-03-27 01:30:00')).toThrow(new RowError('no such local time in Europe/London', '2011-03-27T01:30:00'));
  });

  it('takes the earlier of two, or the later, or rejects it', () => {
    const text = '2011-10-30 01:30:00';
    expect(iso(london, text)).toBe('2011-10-30T00:30:00.000Z');
    expect(iso(new TimeZone('Europe/London', { gap: 'forward', overlap: 'later' }), text)).toBe('2011-10-30T01:30:00.000Z');
    expect(() => iso(new TimeZone('Europe/London', { gap: 'forward', overlap: 'reject' }), text)).toThrow(RowError);
  });

  it('knows zones whose midnight is left out, and whose change is half an hour', () => {
    expect(iso(new TimeZone('America/Sao_Paulo'), '2017-10-15 00:00:00')).toBe('2017-10-15T03:00:00.000Z');
    // Lord Howe puts the clock from 02:00 to 02:30.
    const howe = new TimeZone('Australia/Lord_Howe');
    expect(iso(howe, '2023-10-01 01:59:00')).toBe('2023-09-30T15:29:00.000Z');
    expect(iso(howe, '2023-10-01 02:30:00')).toBe('2023-09-30T15:30:00.000Z');
  });

  it('refuses a name that is no zone', () => {
    expect(() => new TimeZone('Europe/Lundon')).toThrow(SpecError);
  });
});

describe('timestamp formats', () => {
  const utc = new TimeZone('UTC');

  it.each([
    ['12/1/10 8:26', 'M/D/YY H:mm', '2010-12-01T08:26:00.000Z'],
    ['01-Feb-2019 12:05 AM', 'DD-MMM-YYYY hh:mm A', '2019-02-01T00:05:00.000Z'],
    ['2019-10-01 00:00:00 UTC', 'YYYY-MM-DD HH:mm:ss [UTC]', '2019-10-01T00:00:00.000Z'],
    ['20240229T235959.987+0530', 'YYYYMMDD[T]HHmmss.SSSZ', '2024-02-29T18:29:59.987Z'],
    ['1546301165', 'epoch-s', '2019-01-01T00:06:05.000Z'],
    ['1546301165.25', 'epoch-s', '2019-01-01T00:06:05.250Z'],
    ['1546301165250', 'epoch-ms', '2019-01-01T00:06:05.250Z'],
    ['2019-01-01', 'iso', '2019-01-01T00:00:00.000Z'],
    ['2019-01-01 10:00:00.1239', 'iso', '2019-01-01T10:00:00.123Z'],
    ['2019-01-01T10:00Z', 'iso', '2019-01-01T10:00:00.000Z'],
    ['2019-01-01T10:00:00.5-02:00', 'iso', '2019-01-01T12:00:00.500Z'],
  ])('reads %s as %s', (text, format, expected) => {
    expect(iso(utc, text, format)).toBe(expected);
  });

  it.each([
    ['2023-02-29 00:00:00', FORMAT],
    ['2023-13-01 00:00:00', FORMAT],
    ['2023-01-01 24:00:00', FORMAT],
    ['2023-01-01 10:00', FORMAT],
    ['2023-01-01 10:00:00 ', FORMAT],
    ['1/2/2023', FORMAT],
    ['13:00 PM 2023-01-01', 'hh:mm A YYYY-MM-DD'],
    ['yesterday', 'iso'],
    ['99999999999999999', 'epoch-ms'],
  ])('rejects %s as %s', (text, format) => {
    expect(() => iso(utc, text, format)).toThrow(RowError);
  });

  it('refuses a format that cannot tell the day', () => {
    expect(() => compileTimestamp('HH:mm', utc)).toThrow(SpecError);
  });
});
