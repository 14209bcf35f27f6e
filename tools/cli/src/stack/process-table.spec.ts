import { describe, expect, it } from '@jest/globals';
import { findRoot, loadConfig } from '../config/cli.config.js';
import { layoutOf } from '../config/layout.js';
import { addressesOf, withoutPassword } from './addresses.js';
import { brokerProperties } from './kafka.component.js';
import { LANE_PROCESSES, infraSpecs, processSpec } from './process-table.js';
import { javaMajor } from './toolchain.js';

const EXTERNAL = {
  MILLRACE_KAFKA_BROKERS: 'kafka-1:9092,kafka-2:9092',
  MILLRACE_REGISTRY_URL: 'https://registry.example/',
  MILLRACE_REDIS_URL: 'rediss://user:secret@redis.example:6380/1',
  MILLRACE_POSTGRES_URL: 'postgres://user:secret@postgres.example/millrace',
};
const config = loadConfig({ ...EXTERNAL, MILLRACE_PYTHON: process.execPath, MILLRACE_RULER_PORT: '9999' }, findRoot());

describe('infraSpecs', () => {
  it('starts nothing whose address is given', async () => {
    const specs = await infraSpecs(config, layoutOf(config.home));
    expect(specs.map(({ type, name }) => `${type} ${name}`)).toEqual([
      'external kafka', 'external registry', 'external redis', 'external postgres', 'task topics', 'task schemas',
    ]);
  });

  it('shows no password', async () => {
    expect(JSON.stringify((await infraSpecs(config, layoutOf(config.home))).map((spec) => ('address' in spec ? spec.address : '')))).not.toContain('secret');
  });
});

describe('processSpec', () => {
  it.each(LANE_PROCESSES)('gives %s the addresses, its lane and its port', (name) => {
    const { env, ports, name: shown } = processSpec(config, name, { lane: 'r1', port: 4321, env: { MILLRACE_SHOP_TIME_ZONE: 'Europe/Berlin' } });
    expect(shown).toBe(`r1.${name}`);
    expect(ports.map(({ port }) => port)).toEqual([4321]);
    expect(env).toMatchObject({ ...EXTERNAL, MILLRACE_REGISTRY_URL: 'https://registry.example', MILLRACE_LANE: 'r1', MILLRACE_HTTP_PORT: '4321', MILLRACE_SHOP_TIME_ZONE: 'Europe/Berlin' });
  });

  it.each([
    [{}, 'register'],
    [{ MILLRACE_REGISTRY_MODE: 'read-only' }, 'read-only'],
  ])('lets what it starts register schemas, unless told otherwise: %p', (given, mode) => {
    const { env } = processSpec(loadConfig({ ...EXTERNAL, ...given }, findRoot()), 'simulator', { lane: 'live', port: 1, env: {} });
    expect(env['MILLRACE_REGISTRY_MODE']).toBe(mode);
  });

  it('names the variable that moves a busy port', () => {
    expect(processSpec(config, 'ruler', { lane: 'live', port: 1, env: {} }).ports[0]?.variable).toBe('MILLRACE_RULER_PORT');
  });

  it.each([['FRAUD_DESK', '8999'], ['NOTIFIER', '8998']])('tells the dashboard of the live lane where its %s is', (name, port) => {
    const url = (lane: string) => processSpec(loadConfig({ ...EXTERNAL, [`MILLRACE_${name}_PORT`]: port }, findRoot()), 'query-api', { lane, port: 1, env: {} }).env[`MILLRACE_QUERY_API_${name}_URL`];
    expect([url('live'), url('r1')]).toEqual([`http://127.0.0.1:${port}`, undefined]);
  });

  it('tells the ruler of the live lane where the Spark jobs show their metrics', () => {
    const jobs = processSpec(loadConfig({ ...EXTERNAL, MILLRACE_SPARK_FRAUD_PORT: '8997' }, findRoot()), 'ruler', { lane: 'live', port: 1, env: {} }).env['MILLRACE_RULER_SPARK_JOBS'];
    expect(jobs).toBe('spark=http://127.0.0.1:8110/metrics,spark-fraud=http://127.0.0.1:8997/metrics');
  });

  it('starts nothing that reads topics before topics and schemas exist', () => {
    for (const name of LANE_PROCESSES.filter((one) => !['query-api', 'spark', 'spark-fraud'].includes(one))) {
      expect(processSpec(config, name, { lane: 'live', port: 1, env: {} }).dependsOn).toEqual(expect.arrayContaining(['topics', 'schemas']));
    }
  });

  it('starts Spark at once: it comes up slowly and waits by itself', () => {
    expect(processSpec(config, 'spark', { lane: 'live', port: 1, env: {} }).dependsOn).toEqual([]);
  });
});

describe('addresses', () => {
  it('are the local ports where none is given', () => {
    expect(addressesOf(loadConfig({ MILLRACE_REDIS_PORT: '7777' }, findRoot())).redisUrl).toBe('redis://127.0.0.1:7777/0');
  });

  it('lose their password when shown', () => {
    expect(withoutPassword('redis://:secret@host:1/0')).toBe('redis://:***@host:1/0');
    expect(withoutPassword('http://host/path')).toBe('http://host/path');
  });
});

describe('brokerProperties', () => {
  it('keeps a client from making a topic by a typing error', () => {
    expect(brokerProperties(1, 2, '/x')).toContain('auto.create.topics.enable=false\n');
  });

  it('listens on this machine only', () => {
    const listeners = /^listeners=(.*)$/m.exec(brokerProperties(1, 2, '/x'))?.[1]?.split(',') ?? [];
    expect(listeners).toEqual(['PLAINTEXT://127.0.0.1:1', 'CONTROLLER://127.0.0.1:2']);
  });
});

describe('javaMajor', () => {
  it.each([
    { text: 'openjdk version "17.0.15" 2025-04-15', major: 17 },
    { text: 'java version "1.8.0_402"', major: 8 },
    { text: 'openjdk version "25" 2025-09-16', major: 25 },
    { text: 'command not found', major: null },
  ])('reads $major from $text', ({ text, major }) => {
    expect(javaMajor(text)).toBe(major);
  });
});
