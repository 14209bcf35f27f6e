import { describe, expect, it } from '@jest/globals';
import { parseStat } from './process-info.js';

const REST = 'S 1 77 77 0 -1 4194560 1 0 0 0 5 3 0 0 20 0 11 0 289115 1000000 86000 18446744073709551615';

describe('parseStat', () => {
  it('reads group, start time and resident memory', () => {
    expect(parseStat(78, `78 (java) ${REST}`)).toEqual({ pid: 78, group: 77, startTime: '289115', rss: 86000 * 4096, name: 'java' });
  });

  it('is not misled by a name with brackets and blanks', () => {
    expect(parseStat(78, `78 (a) R (b) ${REST}`)).toMatchObject({ name: 'a) R (b', group: 77, startTime: '289115' });
  });

  it('takes a zombie for dead', () => {
    expect(parseStat(78, `78 (java) ${REST.replace('S', 'Z')}`)).toBeNull();
  });
});
