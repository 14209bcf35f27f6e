/** Root of what this library throws. `retriable`: the same call may succeed later. */
export abstract class KafkaError extends Error {
  abstract readonly retriable: boolean;
}

/** Something the program depends on does not answer: wait and try again, never dead-letter. Handlers throw it too. */
export class InfrastructureError extends KafkaError {
  override readonly name = 'InfrastructureError';
  readonly retriable = true;
}

/** Why a record was set aside; docs/architecture.md says when each applies. */
export type DeadLetterReason = 'undecodable' | 'unknown-schema' | 'decode-limit' | 'too-large' | 'invalid' | 'event-time' | 'handler';

/** The record itself is bad: trying again cannot help, so it becomes a dead letter. */
export class ContentError extends KafkaError {
  override readonly name = 'ContentError';
  readonly retriable = false;
  constructor(
    readonly reason: DeadLetterReason,
    readonly detail: string,
  ) {
    super(`${reason}: ${detail}`);
  }
}

/** `deadline`: not confirmed in time; `refused`: the broker said no; `closed`: the publisher is shut; the others concern the event itself. */
export type PublishFailure = 'invalid' | 'unencodable' | 'too-large' | 'deadline' | 'refused' | 'closed';

/** A record was not confirmed to be in the log. */
export class PublishError extends KafkaError {
  override readonly name = 'PublishError';
  constructor(
    readonly reason: PublishFailure,
    readonly topic: string,
    detail: string,
    /** True where the record may be in the log all the same: its confirmation was lost. */
    readonly maybeWritten: boolean = false,
    cause?: unknown,
  ) {
    super(`${topic}: ${detail}`, { cause });
  }
  get retriable(): boolean {
    return this.reason === 'deadline';
  }
}

/** A handler did not settle in time and was given up. */
export class HandlerTimeoutError extends KafkaError {
  override readonly name = 'HandlerTimeoutError';
  readonly retriable = false;
  constructor(readonly timeoutMs: number) {
    super(`the handler did not settle within ${String(timeoutMs)} ms`);
  }
}

/** The registry has no such schema under the subject, and this process only looks schemas up: the same call works once it is registered. */
export class SchemaUnregisteredError extends KafkaError {
  override readonly name = 'SchemaUnregisteredError';
  readonly retriable = true;
  constructor(readonly subject: string) {
    super(`the registry has no such schema under ${subject}: register it with "millrace schema register"`);
  }
}

/** The schema of a contract was refused by the registry: it would break readers. */
export class SchemaRefusedError extends KafkaError {
  override readonly name = 'SchemaRefusedError';
  readonly retriable = false;
  constructor(
    readonly subject: string,
    detail: string,
  ) {
    super(`the registry refuses the schema of ${subject}: ${detail}`);
  }
}

/** The broker refuses what was asked, and would refuse it again. */
export class BrokerRefusedError extends KafkaError {
  override readonly name = 'BrokerRefusedError';
  readonly retriable = false;
  constructor(
    /** The broker's name for it, such as `INVALID_CONFIG`. */
    readonly type: string,
    detail: string,
    cause: unknown,
  ) {
    super(`${type}: ${detail}`, { cause });
  }
}
