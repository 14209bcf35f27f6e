import { describe, expect, it } from '@jest/globals';
import { hashOf, pathOf, searchOf } from './history.search.js';

describe('a search in the address', () => {
  it.each([
    ['#alerts', 'alerts', {}],
    ['#alerts?q=garden+hose&status=firing', 'alerts', { q: 'garden hose', status: 'firing' }],
    ['#alerts/messages?state=failed&receiver=on-call', 'messages', { state: 'failed', receiver: 'on-call' }],
    ['#alerts/rules', 'rules', {}],
  ] as const)('%s is read, and written as it was', (hash, list, filters) => {
    expect(searchOf(hash)).toEqual({ list, filters });
    expect(hashOf(searchOf(hash))).toBe(hash);
  });

  it('leaves out what the list does not have', () => {
    expect(searchOf('#alerts/nothing?q=%20&__proto__=1&limit=5&state=failed&status=firing')).toEqual({ list: 'alerts', filters: { status: 'firing' } });
    expect(hashOf({ list: 'silences', filters: { q: '', state: 'active', status: 'firing' } })).toBe('#alerts/silences?state=active');
  });

  it('asks for whole days of the shop', () => {
    const search = searchOf('#alerts?q=a%26b&from=2026-10-25&to=2026-10-25');
    const [from, to] = [Date.parse('2026-10-24T22:00:00Z'), Date.parse('2026-10-25T23:00:00Z')];
    expect(pathOf(search, 'Europe/Berlin')).toBe(`/api/alerts?limit=25&q=a%26b&from=${String(from)}&to=${String(to)}`);
  });

  it('passes a day that is none on, for the server to refuse', () => {
    expect(pathOf(searchOf('#alerts/actions?from=soon'), 'UTC')).toBe('/api/actions?limit=25&from=soon');
    expect(pathOf(searchOf('#alerts/actions?from=2026-13-45'), 'UTC')).toBe('/api/actions?limit=25&from=NaN');
  });
});
