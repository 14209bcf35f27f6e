import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ProblemDto } from '../src/wire.dto.js';
import { QueryApiRig } from './query-api-rig.js';

jest.setTimeout(60_000);

const cursorOf = (content: unknown): string => Buffer.from(JSON.stringify(content)).toString('base64url');
/** None was ever the "next" of a page. */
const CURSORS = [
  'x', '%00', '', 'e30', ...[null, [], ['2026-11-20T12:00:00Z', 1], ['2026-11-20T12:00:00.000000Z'], ['2026-11-20T12:00:00.000000Z', 1.5], ['2026-11-20T12:00:00.000000Z', 2 ** 53], ['2026-11-20T12:00:00.000000Z', '1; drop table alerts'],
    ['0000-01-01T00:00:00.000000Z', 1], ['2026-02-30T12:00:00.000000Z', 1], ['2026-11-20T12:00:00.000000+99:00', 1]].map(cursorOf),
];

describe('hostile requests', () => {
  let rig: QueryApiRig;
  beforeAll(async () => {
    rig = await QueryApiRig.open();
  });
  afterAll(async () => {
    await rig.close();
  });

  /** As it stands: fetch would tidy the path up. */
  const raw = (path: string, method = 'GET'): Promise<{ status: number; type: string; body: string }> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(rig.service.url);
      const sent = request({ hostname, port, path, method }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => { body += chunk; });
        response.on('end', () => { resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', body }); });
      });
      sent.on('error', reject).end();
    });

  it.each([
    '/api/metrics/orders/latest?window=1m&window=1d',
    '/api/metrics/orders/latest?window[]=1m',
    '/api/metrics/orders/latest?window=2m',
    '/api/metrics/orders/latest?window=constructor',
    '/api/metrics/orders/latest?window=1h',
    '/api/metrics/orders/latest?window=',
    '/api/metrics/orders/latest?__proto__[x]=1',
    '/api/metrics/orders/latest?__proto__=1',
    '/api/metrics/orders/latest?constructor.prototype.x=1',
    '/api/metrics/orders/latest?constructor=1',
    '/api/metrics/orders/latest?country=%00',
    '/api/metrics/orders/latest?country=DE%0d%0aSet-Cookie:%20a=b',
    '/api/metrics/orders/latest?country=%ED%A0%80',
    '/api/metrics/orders/latest?country=%E0%A4%A',
    '/api/metrics/orders/latest?country=DE&country=FR',
    `/api/metrics/orders/latest?country=${'x'.repeat(513)}`,
    '/api/metrics/orders/latest?currency=EUR',
    '/api/metrics/orders/latest?by=currency',
    '/api/metrics/orders/latest?by=country,,',
    '/api/metrics/orders/series?from=1e309',
    '/api/metrics/orders/series?from=-0',
    '/api/metrics/orders/series?from=NaN',
    '/api/metrics/orders/series?from=20&to=10',
    '/api/metrics/orders/series?to=99999999999999999999',
    '/api/metrics/orders/series?limit=0',
    '/api/metrics/orders/series?limit=10001',
    '/api/metrics/orders/series?limit=1e3',
    '/api/metrics/orders/series?limit=1&limit=9',
    '/api/metrics/orders%00/latest',
    '/api/metrics/__proto__/latest',
    '/api/metrics/%E0%A4%A/latest',
    '/api/windows/orders%00/1m/0',
    '/api/windows/orders%7B%7D/1y/0',
    '/api/windows/orders%7B%7D/1m/1e309',
    '/api/windows/orders%7B%7D/1m/0?x=1',
    '/api/alerts?status=FIRING',
    '/api/alerts?limit=501',
    '/api/alerts/00000000000000zz',
    '/api/alerts/ABCDEF0123456789',
    '/api/alerts/0123456789abcde',
    '/api/alerts/0123456789abcdef0',
    '/api/alerts/0123456789abcdef%00',
    '/api/alerts/0123456789abcdef%0a',
    '/api/alerts/__proto__',
    '/api/alerts/%E0%A4%A',
    "/api/alerts/'%20or%201=1--",
    '/api/alerts/0123456789abcdef?startsAt=',
    '/api/alerts/0123456789abcdef?startsAt=-1',
    '/api/alerts/0123456789abcdef?startsAt=1e309',
    '/api/alerts/0123456789abcdef?startsAt=NaN',
    '/api/alerts/0123456789abcdef?startsAt=999999999999999',
    '/api/alerts/0123456789abcdef?startsAt=1&startsAt=2',
    '/api/alerts/0123456789abcdef?startsAt[$gt]=1',
    '/api/alerts/0123456789abcdef?limit=1',
    '/api/alerts/0123456789abcdef?__proto__[x]=1',
    '/api/deliveries?state[$ne]=x',
    '/api/deliveries?state=REPLACED',
    '/api/deliveries?fingerprint=',
    '/api/deliveries?fingerprint=%7Bx%7D',
    '/api/deliveries?fingerprint[]=0123456789abcdef',
    '/api/deliveries?fingerprint=0123456789abcdef&fingerprint=0123456789abcdef',
    '/api/alerts?match=product',
    '/api/alerts?match=product=~%22.*%22',
    '/api/alerts?match=product=%22p1',
    '/api/alerts?match[]=a=b',
    '/api/alerts?told=yes',
    '/api/alerts?acknowledged=1',
    '/api/alerts?from=2&to=1',
    '/api/alerts?from=2026-02-30T00:00:00Z',
    '/api/alerts?q=%00',
    '/api/alerts?severity=a&severity=b',
    `/api/alerts?q=${'x'.repeat(513)}`,
    '/api/alerts?offset=10',
    ...CURSORS.map((cursor) => `/api/alerts?cursor=${cursor}`),
    ...CURSORS.map((cursor) => `/api/silences?cursor=${cursor}`),
    `/api/alerts?cursor=${cursorOf(['2026-11-20T12:00:00.000000Z', '3f1c0a52-6f0e-4b7e-9a59-0d5f3a1b2c4d'])}`,
    `/api/silences?cursor=${cursorOf(['2026-11-20T12:00:00.000000Z', 1])}`,
    '/api/deliveries?receiver=%ED%A0%80',
    '/api/deliveries?startsAt=1',
    '/api/silences?state=FIRING',
    '/api/silences?from=1',
    '/api/silences?limit=0',
    '/api/actions?action=forgotten',
    '/api/actions?fingerprint=x',
    '/api/actions?__proto__=1',
    '/api/freshness?x=1',
    '/api/status?__proto__=1',
    '/api/stream?lastEventId=1',
    '/api/metrics?x=1',
  ])('400: %s', async (path) => {
    const answer = await raw(path);
    expect([answer.status, answer.type]).toEqual([400, 'application/problem+json; charset=utf-8']);
    const problem = JSON.parse(answer.body) as ProblemDto;
    expect(problem).toMatchObject({ status: 400, title: 'Bad Request' });
    expect(problem.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.body).not.toMatch(/\.ts|\.js|node_modules|at \w+ \(/);
    expect('x' in {}).toBe(false);
  });

  it.each([
    "/api/metrics/orders/latest?country=';drop%20table%20alerts;--", '/api/metrics/orders/latest?country=%25', '/api/metrics/orders/latest?country=*',
    "/api/windows/'%20or%201=1/1m/0", '/api/metrics/orders/series?country=%7D&by=country', '/api/metrics/hasOwnProperty/latest', '/api/metrics/none/series', '/api/nothing', '/..%2f..%2fpackage.json',
    '/assets/../../package.json', '/%00',
    "/api/alerts?q=';drop%20table%20alerts;--", '/api/alerts?q=%25_%5C', '/api/alerts?match=%22%5Cu0000%22=%22%5Cud800%22', '/api/alerts?match=__proto__=%22constructor%22', "/api/alerts?rule=x'%20or%20'1'='1",
    '/api/alerts?to=253402300799999', '/api/deliveries?q=%5C', "/api/silences?author='--", '/api/actions?q=%F0%9F%A6%86', `/api/actions?cursor=${cursorOf(['9999-12-31T23:59:59.999999Z', Number.MAX_SAFE_INTEGER])}`,
    '/api/alerts/0123456789abcdef?startsAt=253402300799999', '/api/alerts/0123456789abcdef/x', '/api/alerts/', '/?alert=%00&startsAt=%ED%A0%80',
  ])('never 500: %s', async (path) => {
    expect([200, 400, 404]).toContain((await raw(path)).status);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'])('405: %s', async (method) => {
    expect((await raw('/api/metrics', method)).status).toBe(405);
  });

  it('sends the headers that keep a page safe, and none that opens the API to other sites', async () => {
    for (const path of ['/', '/api/metrics', '/nothing', '/health/live']) {
      const { headers } = await rig.get(path, { headers: { Origin: 'https://evil.example' } });
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('x-powered-by')).toBeNull();
    }
  });

  it('says 503 as problem+json with Retry-After while PostgreSQL has no tables, and nothing of why', async () => {
    await rig.pool.execute('alter table alerts rename to alerts_gone');
    const response = await rig.get('/api/alerts');
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await response.text()).not.toContain('alerts_gone');
    await rig.pool.execute('alter table alerts_gone rename to alerts');
    expect((await rig.get('/api/alerts')).status).toBe(200);
  });
});
