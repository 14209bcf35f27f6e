import { describe, expect, it } from '@jest/globals';
import { likelyCause } from './process-log.js';

describe('likelyCause', () => {
  it.each([
    { of: 'a stack trace', lines: ['starting', 'java.net.BindException: Address already in use', '\tat sun.nio.Net.bind(Net.java:1)'], is: 'java.net.BindException: Address already in use' },
    { of: 'a JSON log', lines: ['{"level":50,"msg":"cannot start","err":{"message":"connect ECONNREFUSED"}}', '{"level":30,"msg":"bye"}'], is: 'cannot start: connect ECONNREFUSED' },
    { of: 'plain words', lines: ['one', 'two'], is: 'two' },
    { of: 'Node, whose version comes last', lines: ['Error: no such file', '    at Module._load', 'Node.js v24.21.0'], is: 'Error: no such file' },
    { of: 'silence', lines: [], is: 'it ended without a word' },
  ])('tells it from $of', ({ lines, is }) => {
    expect(likelyCause(lines)).toBe(is);
  });

  it('stays short', () => {
    expect(likelyCause([`error ${'x'.repeat(1000)}`])).toHaveLength(300);
  });
});
