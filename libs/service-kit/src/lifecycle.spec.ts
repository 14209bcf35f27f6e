import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { Lifecycle } from './lifecycle.js';

const quiet = pino({ level: 'silent' });

describe('Lifecycle', () => {
  it('releases last in, first out, once, however often it is asked', async () => {
    const lifecycle = new Lifecycle(quiet);
    const order: string[] = [];
    for (const name of ['pool', 'cache', 'consumer']) lifecycle.onRelease(name, async () => { await Promise.resolve(); order.push(name); });
    await Promise.all([lifecycle.release(), lifecycle.release()]);
    await lifecycle.release();
    expect(order).toEqual(['consumer', 'cache', 'pool']);
  });

  it('releases the rest when one release fails, and tells the first failure, whatever was thrown', async () => {
    const lifecycle = new Lifecycle(quiet);
    const released: string[] = [];
    lifecycle.onRelease('first', () => { released.push('first'); });
    lifecycle.onRelease('bad', () => { throw new RangeError('no'); });
    lifecycle.onRelease('last', () => { released.push('last'); });
    await expect(lifecycle.release()).rejects.toBeInstanceOf(RangeError);
    expect(released).toEqual(['last', 'first']);
  });

  it('is ready while no check has a reason, and not once it drains', async () => {
    const lifecycle = new Lifecycle(quiet);
    let reason: string | null = 'no connection';
    lifecycle.addCheck('redis', () => reason);
    expect(lifecycle.failures()).toEqual({ redis: 'no connection' });
    reason = null;
    expect(lifecycle.failures()).toEqual({});
    await lifecycle.release();
    expect(lifecycle.failures()).toEqual({ lifecycle: 'draining' });
  });

  it('tells of a failure once, also to those who ask later', () => {
    const lifecycle = new Lifecycle(quiet);
    const heard: string[] = [];
    lifecycle.onFailure((error) => heard.push(`early ${error.message}`));
    lifecycle.fail(new Error('crashed'));
    lifecycle.fail(new Error('again'));
    lifecycle.onFailure((error) => heard.push(`late ${error.message}`));
    expect(heard).toEqual(['early crashed', 'late crashed']);
    expect(lifecycle.failures()).toEqual({ lifecycle: 'failed: crashed' });
  });

  it('takes no failure for one while it drains', () => {
    const lifecycle = new Lifecycle(quiet);
    const heard: Error[] = [];
    lifecycle.onFailure((error) => heard.push(error));
    lifecycle.beginDrain();
    lifecycle.fail(new Error('connection closed'));
    expect(heard).toEqual([]);
  });
});
