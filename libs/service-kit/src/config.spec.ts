import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { commonSettings, ConfigError, envBoolean, readConfig, setting } from './config.js';

const settings = {
  ...commonSettings(8123),
  every: setting('MILLRACE_X_EVERY_MS', 'How often, ms.', z.coerce.number().int().min(1).default(5)),
  loud: setting('MILLRACE_X_LOUD', 'Whether.', envBoolean(false)),
  needed: setting('MILLRACE_X_NEEDED', 'No default.', z.string().min(1)),
  token: setting('MILLRACE_X_TOKEN', 'Secret.', z.string().min(10).default('a long default'), { sensitive: true }),
} as const;

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(settings, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('readConfig', () => {
  it('takes defaults, and an empty variable for none', () => {
    const config = readConfig(settings, { MILLRACE_X_NEEDED: 'yes', MILLRACE_X_EVERY_MS: '' });
    expect(config).toMatchObject({ lane: 'live', httpPort: 8123, every: 5, loud: false, brokers: ['127.0.0.1:19092'], shopTimeZone: 'UTC' });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('parses what it reads', () => {
    const env = { MILLRACE_X_NEEDED: 'x', MILLRACE_KAFKA_BROKERS: 'a:1, b:2,', MILLRACE_X_LOUD: 'yes', MILLRACE_HTTP_PORT: '0', MILLRACE_SHOP_TIME_ZONE: 'Europe/Berlin' };
    expect(readConfig(settings, env)).toMatchObject({ brokers: ['a:1', 'b:2'], loud: true, httpPort: 0, shopTimeZone: 'Europe/Berlin' });
    expect(readConfig(settings, { MILLRACE_X_NEEDED: 'x', MILLRACE_X_LOUD: 'false' }).loud).toBe(false);
  });

  it('tells all problems at once, each by its variable', () => {
    const problems = problemsOf({
      MILLRACE_LANE: 'Shop', MILLRACE_REGISTRY_URL: 'nowhere', MILLRACE_HTTP_PORT: '70000', MILLRACE_LOG_LEVEL: 'loud', MILLRACE_X_EVERY_MS: 'soon',
      MILLRACE_X_LOUD: 'maybe', MILLRACE_SHOP_TIME_ZONE: 'Europe/Atlantis',
    });
    const variables = problems.map((problem) => /^\w+/.exec(problem)?.[0]);
    expect(variables.sort()).toEqual([
      'MILLRACE_HTTP_PORT', 'MILLRACE_LANE', 'MILLRACE_LOG_LEVEL', 'MILLRACE_REGISTRY_URL', 'MILLRACE_SHOP_TIME_ZONE', 'MILLRACE_X_EVERY_MS',
      'MILLRACE_X_LOUD', 'MILLRACE_X_NEEDED',
    ]);
    expect(problems.find((problem) => problem.startsWith('MILLRACE_SHOP_TIME_ZONE'))).toBe('MILLRACE_SHOP_TIME_ZONE="Europe/Atlantis": is no IANA time zone');
  });

  it.each(['shop', 'Live', 'a.b', ''.padStart(40, 'a')])('refuses the lane %s', (lane) => {
    expect(problemsOf({ MILLRACE_X_NEEDED: 'x', MILLRACE_LANE: lane })).toHaveLength(1);
  });

  it('never prints a secret', () => {
    const [problem] = problemsOf({ MILLRACE_X_NEEDED: 'x', MILLRACE_X_TOKEN: 'hunter2' });
    expect(problem).toContain('MILLRACE_X_TOKEN');
    expect(problem).not.toContain('hunter2');
  });
});
