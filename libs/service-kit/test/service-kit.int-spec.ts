import 'reflect-metadata';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:net';
import { Controller, Get, Inject, Module } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { commonSettings, ConfigError, CONFIG, LIFECYCLE, Metrics, startService, type CommonConfig, type Lifecycle, type RunningService } from '../src/index.js';

const doors = new EventEmitter();
const released: string[] = [];
let reason: string | null = null;

@Controller()
class SlowController {
  constructor(
    @Inject(CONFIG) private readonly config: CommonConfig,
    @Inject(LIFECYCLE) private readonly lifecycle: Lifecycle,
    @Inject(Metrics) metrics: Metrics,
  ) {
    metrics.counter('visits_total', 'Visits.', ['door']).add({ door: 'front' });
    lifecycle.onRelease('pool', () => { released.push('pool'); });
    lifecycle.onRelease('consumer', () => { released.push('consumer'); });
    lifecycle.addCheck('store', () => reason);
  }

  @Get('slow')
  async slow(): Promise<{ lane: string; released: number }> {
    doors.emit('entered');
    await once(doors, 'open');
    return { lane: this.config.lane, released: released.length };
  }

  @Get('broken')
  broken(): never {
    throw new RangeError('password=hunter2');
  }
}

@Module({ controllers: [SlowController] })
class SlowModule {}

const definition = { name: 'slow-service', settings: commonSettings(0), module: SlowModule };
const env = { MILLRACE_LANE: 'kit', MILLRACE_LOG_LEVEL: 'fatal' };

describe('startService', () => {
  const services: RunningService[] = [];
  const start = async (more: Record<string, string> = {}): Promise<RunningService> => {
    const service = await startService(definition, { ...env, ...more });
    services.push(service);
    return service;
  };
  afterEach(async () => {
    reason = null;
    for (const service of services.splice(0)) await service.stop();
    released.splice(0);
  });

  it('serves health and metrics; readiness follows the checks', async () => {
    const { url } = await start();
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    reason = 'no connection';
    const down = await fetch(`${url}/health/ready`);
    expect([down.status, await down.json()]).toEqual([503, { status: 'down', failures: { store: 'no connection' } }]);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    const metrics = await fetch(`${url}/metrics`);
    expect(metrics.headers.get('content-type')).toContain('version=0.0.4');
    expect(await metrics.text()).toContain('millrace_slow_service_visits_total{door="front",lane="kit",service="slow-service"} 1');
  });

  it('answers the request in hand before anything is released, then releases last in, first out', async () => {
    const service = await start();
    const entered = once(doors, 'entered');
    const answer = fetch(`${service.url}/slow`);
    await entered;
    const stopped = service.stop();
    expect(service.lifecycle.failures()).toEqual({ lifecycle: 'draining' });
    doors.emit('open');
    const response = await answer;
    expect([response.status, await response.json()]).toEqual([200, { lane: 'kit', released: 0 }]);
    await stopped;
    expect(released).toEqual(['consumer', 'pool']);
    await expect(fetch(`${service.url}/health/live`)).rejects.toThrow();
  });

  it('tells a client nothing of an unexpected error', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/broken`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('hunter2');
  });

  it('refuses a bad environment before it acquires anything', async () => {
    await expect(startService(definition, { MILLRACE_LANE: '?', MILLRACE_HTTP_PORT: 'x' })).rejects.toMatchObject({ problems: [expect.anything(), expect.anything()] });
    await expect(startService(definition, { MILLRACE_LANE: '?' })).rejects.toBeInstanceOf(ConfigError);
    expect(released).toEqual([]);
  });

  it('gives back what it acquired when its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(startService(definition, { ...env, MILLRACE_HTTP_PORT: String(port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(released).toEqual(['consumer', 'pool']);
    other.close();
  });
});
