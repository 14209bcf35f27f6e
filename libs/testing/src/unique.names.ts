import { randomBytes } from 'node:crypto';

/** A name that no other test uses: `prefix` and ten letters and digits. */
export function uniqueName(prefix: string): string {
  return `${prefix}${randomBytes(5).toString('hex')}`;
}

/** A lane of its own for one test. */
export function uniqueLane(): string {
  return uniqueName('t');
}

/** A topic of its own for one test, as it is on the broker. */
export function uniqueTopic(): string {
  return `${uniqueLane()}.test.v1`;
}
