import { describe, expect, it } from '@jest/globals';
import { ChecksumError } from '../cli-errors.js';
import { checksumsOf, parseChecksums } from './checksum-list.js';
import { explain } from './downloads.js';

const A = 'a'.repeat(128);
const B = 'b'.repeat(128);

describe('parseChecksums', () => {
  it('reads what sha512sum writes', () => {
    expect(parseChecksums(`${A}  kafka/a.jar\n${B} *registry/b.tar.gz\n`, 'list')).toEqual(new Map([['kafka/a.jar', A], ['registry/b.tar.gz', B]]));
  });

  it.each([`${'a'.repeat(127)}  kafka/a.jar`, A, 'kafka/a.jar'])('refuses a line that is none', (line) => {
    expect(() => parseChecksums(`${B}  kafka/b.jar\n${line}\n`, 'list')).toThrow(ChecksumError);
  });
});

describe('checksumsOf', () => {
  const list = new Map([['kafka/a.jar', A], ['kafka-extra/a.jar', B], ['registry/b', B]]);

  it('takes the files of one set only', () => {
    expect(checksumsOf(list, 'kafka').files).toEqual(new Map([['a.jar', A]]));
  });

  it('gives another version when a file changes, and the same when only the order does', () => {
    const changed = new Map([['kafka/a.jar', B]]);
    const two = new Map([['kafka/a.jar', A], ['kafka/b.jar', B]]);
    const reversed = new Map([...two].toReversed());
    expect(checksumsOf(changed, 'kafka').version).not.toBe(checksumsOf(list, 'kafka').version);
    expect(checksumsOf(reversed, 'kafka').version).toBe(checksumsOf(two, 'kafka').version);
  });
});

describe('explain', () => {
  it.each([
    { of: 'a full disk', output: 'java.io.IOException: No space left on device', code: 73 },
    { of: 'an unknown host', output: '\tHost somewhere.example not found. url=https://somewhere.example/a.jar', code: 75 },
    { of: 'a closed network', output: 'Server access error at url: java.net.ConnectException: refused', code: 75 },
    { of: 'a missing artifact', output: ':: UNRESOLVED DEPENDENCY: a#b;1: not found', code: 69 },
  ])('tells $of by its exit code', ({ output, code }) => {
    expect(explain(output, '/cache').exitCode).toBe(code);
  });
});
