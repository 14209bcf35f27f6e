import { StandardSchemaValidationPipe } from '@nestjs/common';
import { QueryError } from './query.errors.js';

/** What an answer repeats of a hostile name at most. */
const LONGEST_ECHO = 200;

/** Checks parameters against the schema of their decorator: 400 with every mistake. */
export class StrictValidationPipe extends StandardSchemaValidationPipe {
  constructor() {
    super({
      exceptionFactory: (issues) =>
        new QueryError(
          400,
          'The request has parameters that are wrong or unknown.',
          issues.slice(0, 20).map((issue) => ({
            path: (issue.path ?? []).map((segment) => String(typeof segment === 'object' ? segment.key : segment)).join('.').slice(0, LONGEST_ECHO),
            message: issue.message.slice(0, LONGEST_ECHO),
          })),
        ),
    });
  }

  /** Nest would drop `__proto__` and its like unseen; left in, the strict schemas refuse them by name. */
  protected override stripProtoKeys(): void {
    return;
  }
}
