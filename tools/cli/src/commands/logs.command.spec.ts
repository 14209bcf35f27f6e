import { describe, expect, it } from '@jest/globals';
import { renderLine } from './logs.command.js';

describe('renderLine', () => {
  it.each([
    { of: 'pino', line: '{"level":30,"time":1795224070178,"name":"ruler","msg":"ready"}', is: '01:21:10.178 info  ruler        ready' },
    { of: 'a service', line: '{"level":50,"time":"2026-11-21T01:21:10.178Z","service":"ruler","msg":"no","err":{"message":"gone"}}', is: '01:21:10.178 error ruler        no (gone)' },
    { of: 'the supervisor', line: '{"time":"2026-11-21T01:21:10.178Z","level":"error","name":"kafka","msg":"no"}', is: '01:21:10.178 error kafka        no' },
    { of: 'nobody we know', line: 'plain', is: 'plain' },
    { of: 'a broken line', line: '{"time":"never","msg":"x"}', is: '{"time":"never","msg":"x"}' },
  ])('shows a line of $of', ({ line, is }) => {
    expect(renderLine(line)).toBe(is);
  });
});
