import { createServer, request, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { until, within } from '@millrace/testing';
import { forward, notifier } from './forward.middleware.js';

describe('what is passed on', () => {
  const servers: Server[] = [];
  const listen = async (listener: RequestListener): Promise<string> => {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  };
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('who leaves before the answer breaks nothing, and is asked for no longer', async () => {
    let asked: () => void = () => undefined;
    let left: () => void = () => undefined;
    const [isAsked, isLeft] = [new Promise<void>((resolve) => { asked = resolve; }), new Promise<void>((resolve) => { left = resolve; })];
    const behind = await listen((incoming, response) => {
      if (incoming.url === '/rules?days=7') {
        response.end('[]');
        return;
      }
      response.once('close', left);
      asked();
    });
    const pass = forward(notifier(behind));
    const front = await listen((incoming, response) => { pass(incoming, response, () => { response.writeHead(404).end(); }); });
    const leaving = request(`${front}/api/alerting/rules`);
    leaving.on('error', () => undefined);
    leaving.end();
    await isAsked;
    leaving.destroy();
    await within('those behind hear that nobody waits', isLeft, 5_000);
    expect((await fetch(`${front}/api/alerting/rules?days=7`)).status).toBe(200);
  });

  it('answers that come when those who asked have left are dropped', async () => {
    const waiting: (() => void)[] = [];
    const behind = await listen((_, response) => { waiting.push(() => { response.end('[]'); }); });
    const pass = forward(notifier(behind));
    const gone: Promise<void>[] = [];
    const front = await listen((incoming, response) => {
      gone.push(new Promise((resolve) => { response.once('close', resolve); }));
      pass(incoming, response, () => { response.writeHead(404).end(); });
    });
    const leaving = Array.from({ length: 20 }, () => request(`${front}/api/alerting/rules`).on('error', () => undefined));
    for (const one of leaving) one.end();
    await until('all are asked', () => waiting.length === leaving.length);
    for (const one of leaving) one.destroy();
    await Promise.all(gone);
    for (const answer of waiting) answer();
    const last = fetch(`${front}/api/alerting/rules?days=7`);
    await until('the last is asked', () => waiting.length > leaving.length);
    waiting.at(-1)?.();
    expect((await last).status).toBe(200);
  });
});
