import { describe, expect, it } from '@jest/globals';
import { hostAndPort } from './health-probe.js';

describe('hostAndPort', () => {
  it.each([
    { broker: '127.0.0.1:19092', host: '127.0.0.1', port: 19092 },
    { broker: ' kafka ', host: 'kafka', port: 9092 },
    { broker: '[::1]:9093', host: '::1', port: 9093 },
  ])('splits "$broker"', ({ broker, host, port }) => {
    expect(hostAndPort(broker)).toEqual({ host, port });
  });
});
