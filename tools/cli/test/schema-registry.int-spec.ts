import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { contracts, subjectOf } from '@millrace/contracts';
import { address } from '@millrace/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { EXIT } from '../src/cli-errors.js';
import { checkSchemas, registerSchemas } from '../src/stack/schema-registry.js';

describe('the schemas of the contracts', () => {
  let server: http.Server | null = null;

  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    server = null;
  });

  /** A registry that answers everything the same. */
  const registryThatSays = async (status: number, body: object): Promise<string> => {
    server = http.createServer((_request, response) => { response.writeHead(status).end(JSON.stringify(body)); });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  };

  it('are registered once, and only looked up in read-only mode', async () => {
    const url = address('MILLRACE_REGISTRY_URL');
    const registered = await registerSchemas(url, 'register');
    expect(registered.map(({ subject }) => subject)).toEqual(contracts.map(({ topic }) => subjectOf(topic)));
    expect(await registerSchemas(url, 'read-only')).toEqual(registered);
    for (const { subject } of registered) {
      expect(await (await fetch(`${url}/config/${subject}`)).json()).toEqual({ compatibilityLevel: 'FULL_TRANSITIVE' });
    }
  });

  it('fit what is registered', async () => {
    expect(await checkSchemas(address('MILLRACE_REGISTRY_URL'))).toEqual(contracts.map(({ topic }) => ({ subject: subjectOf(topic), compatible: true, reason: '' })));
  });

  it('that are missing are named in read-only mode, with the command that registers them', async () => {
    const url = await registryThatSays(404, { error_code: 40401, message: 'no such subject' });
    await expect(registerSchemas(url, 'read-only')).rejects.toMatchObject({ message: expect.stringMatching(/no such schema under .+-value: register it with "millrace schema register"$/), exitCode: EXIT.data });
    expect((await checkSchemas(url)).every(({ compatible }) => compatible)).toBe(true);
  });

  it('that are refused are named with the reason', async () => {
    const url = await registryThatSays(409, { error_code: 409, message: 'breaks version 1' });
    await expect(registerSchemas(url, 'register')).rejects.toMatchObject({ message: expect.stringContaining('breaks version 1'), remedy: expect.stringContaining('millrace schema check'), exitCode: EXIT.data });
    expect((await checkSchemas(url))[0]).toMatchObject({ compatible: false, reason: 'breaks version 1' });
  });

  it('are tried again where the registry does not answer', async () => {
    await expect(registerSchemas(await registryThatSays(503, {}), 'register')).rejects.toMatchObject({ name: 'InfrastructureError' });
  });
});
