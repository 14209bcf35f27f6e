import type { lookup } from 'node:dns';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { guardedAgent } from '../src/delivery/guarded-agent.js';
import { post } from '../src/delivery/http-sender.js';

describe('guarded agent', () => {
  const sockets: Socket[] = [];
  let server: Server;
  let port: number;

  beforeEach(async () => {
    server = createServer((socket) => {
      sockets.push(socket);
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  /** A resolver that always gives this answer. */
  function resolver(address: string): { readonly lookup: typeof lookup; readonly asked: () => number } {
    let asked = 0;
    const answer = (_name: string, _options: unknown, done: (error: null, found: { address: string; family: number }[]) => void): void => {
      asked += 1;
      done(null, [{ address, family: 4 }]);
    };
    return { lookup: answer as typeof lookup, asked: () => asked };
  }

  const send = async (url: string, options: Partial<Parameters<typeof guardedAgent>[0]> = {}): ReturnType<typeof post> => {
    const agent = guardedAgent({ privateAllowed: false, ownPort: 1, connections: 2, timeoutMs: 2_000, ...options });
    try {
      return await post(agent, { url: new URL(url), headers: {}, body: '{}' }, 2_000, new AbortController().signal);
    } finally {
      await agent.destroy();
    }
  };

  it.each([
    ['http', '127.0.0.1'],
    ['https', '127.0.0.1'],
    ['http', '[::ffff:127.0.0.1]'],
    ['https', '[::ffff:7f00:1]'],
    ['http', '2130706433'],
  ])('connects to no private literal: %s://%s', async (scheme, host) => {
    const result = await send(`${scheme}://${host}:${port}/`);
    expect(result).toMatchObject({ outcome: 'failed', error: expect.stringContaining('is not allowed') });
    expect(sockets).toEqual([]);
  });

  it.each(['http', 'https'])('connects to no private address that a name leads to: %s', async (scheme) => {
    const { lookup: fake, asked } = resolver('127.0.0.1');
    const result = await send(`${scheme}://shop.example.com:${port}/`, { lookup: fake });
    expect(result.error).toBe('shop.example.com is not allowed: it leads to 127.0.0.1, which is not public');
    expect(asked()).toBe(1);
    expect(sockets).toEqual([]);
  });

  it('never reaches the notifier itself, even where private addresses are allowed', async () => {
    const result = await send(`http://127.0.0.1:${port}/`, { privateAllowed: true, ownPort: port });
    expect(result.error).toContain('that is the notifier itself');
    expect(sockets).toEqual([]);
  });
});
