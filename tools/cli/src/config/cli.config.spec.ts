import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../cli-errors.js';
import { findRoot, loadConfig } from './cli.config.js';

const root = findRoot();

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    loadConfig(environment, root);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('loadConfig', () => {
  it('needs nothing in the environment', () => {
    const config = loadConfig({}, root);
    expect(config).toMatchObject({ home: `${root}/.millrace`, lane: 'live' });
    expect(config.env).toMatchObject({ MILLRACE_KAFKA_PORT: 19092, MILLRACE_QUERY_API_PORT: 8080 });
  });

  it('names every bad variable at once', () => {
    const problems = problemsOf({ MILLRACE_KAFKA_PORT: '70000', MILLRACE_REDIS_URL: 'nowhere', MILLRACE_KAFKA_HEAP: 'much' });
    expect(problems).toHaveLength(3);
    for (const variable of ['MILLRACE_KAFKA_PORT', 'MILLRACE_REDIS_URL', 'MILLRACE_KAFKA_HEAP']) expect(problems.join()).toContain(variable);
  });

  it('takes an empty variable for none', () => {
    expect(loadConfig({ MILLRACE_KAFKA_BROKERS: '' }, root).env.MILLRACE_KAFKA_BROKERS).toBeUndefined();
  });

  it('refuses a lane that begins like a topic', () => {
    expect(problemsOf({ MILLRACE_LANE: 'shop' })).toEqual([expect.stringContaining('MILLRACE_LANE')]);
  });
});
