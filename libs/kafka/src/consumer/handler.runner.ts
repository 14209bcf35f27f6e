import { inspect } from 'node:util';
import { HandlerTimeoutError } from '../errors.js';
import type { BatchHandler, RetryPauses } from '../port.js';
import { pause } from '../timing.js';
import type { DeadLetter } from './dead-letter.js';
import { LaneClosedError } from './lane-closed.error.js';
import type { Membership } from './membership.js';
import type { ReadEvent } from './record.reader.js';
import { retrying } from './retrying.js';

export interface HandlerRules {
  readonly timeoutMs: number;
  readonly attempts: number;
  readonly retry: RetryPauses;
}

/** A whole batch is tried so often before the search for the bad record begins. */
const BATCH_ATTEMPTS = 2;

/** The handler's failure, with what it threw. */
class HandlerFailure {
  constructor(readonly error: unknown) {}
}

/** Calls a handler until every record has its effect or is known to be one that the handler cannot take. */
export class HandlerRunner<E> {
  constructor(
    private readonly handle: BatchHandler<E>,
    private readonly topic: string,
    private readonly partition: number,
    private readonly rules: HandlerRules,
    private readonly membership: Membership,
    private readonly signal: AbortSignal,
    private readonly blocked: (error: Error, attempt: number) => void,
  ) {}

  /** Resolves with the records to set aside. Throws {@link LaneClosedError} where the partition is lost meanwhile. */
  async run(events: readonly ReadEvent<E>[]): Promise<DeadLetter[]> {
    if (events.length === 0) return [];
    let failure: unknown;
    for (let attempt = 1; attempt <= (events.length === 1 ? this.rules.attempts : BATCH_ATTEMPTS); attempt++) {
      if (attempt > 1) await pause(this.rules.retry.initialMs, this.signal);
      const outcome = await this.#callUntilAnswered(events);
      if (!(outcome instanceof HandlerFailure)) return outcome;
      failure = outcome.error;
      if (events.length > 1 && failure instanceof HandlerTimeoutError) break;
    }
    return events.length === 1 ? this.#condemn(events, failure) : this.#search(events);
  }

  /** Halves a failing batch until the bad record is alone; the good ones on the way have their effect in order. */
  async #search(events: readonly ReadEvent<E>[]): Promise<DeadLetter[]> {
    const half = events.length >> 1;
    const letters: DeadLetter[] = [];
    for (const part of [events.slice(0, half), events.slice(half)]) {
      if (part.length === 1) {
        letters.push(...(await this.run(part)));
        continue;
      }
      const outcome = await this.#callUntilAnswered(part);
      letters.push(...(outcome instanceof HandlerFailure ? await this.#search(part) : outcome));
    }
    return letters;
  }

  #condemn(events: readonly ReadEvent<E>[], failure: unknown): DeadLetter[] {
    return events.map(({ message }) => ({ message, reason: 'handler', detail: describe(failure), attempts: this.rules.attempts }));
  }

  /** Calls the handler; while it reports that something it needs is away, for ever. */
  #callUntilAnswered(events: readonly ReadEvent<E>[]): Promise<DeadLetter[] | HandlerFailure> {
    return retrying(
      async () => {
        await this.membership.fresh(this.signal);
        this.#mustBeOurs();
        try {
          return await this.#call(events);
        } catch (error) {
          this.#mustBeOurs();
          if (isRetriable(error)) throw error;
          return new HandlerFailure(error);
        }
      },
      this.rules.retry,
      this.signal,
      this.blocked,
    );
  }

  #mustBeOurs(): void {
    if (this.signal.aborted) throw new LaneClosedError();
  }

  async #call(events: readonly ReadEvent<E>[]): Promise<DeadLetter[]> {
    const rejected = new Map<number, string>();
    const expiry = new AbortController();
    const context = {
      topic: this.topic,
      partition: this.partition,
      signal: AbortSignal.any([this.signal, expiry.signal]),
      reject: (event: { readonly offset: number }, detail: string): void => {
        rejected.set(event.offset, detail);
      },
    };
    const work = invoke(this.handle, events, context);
    const timer = setTimeout(() => {
      expiry.abort(new HandlerTimeoutError(this.rules.timeoutMs));
    }, this.rules.timeoutMs);
    try {
      await Promise.race([work, aborted(context.signal)]);
    } finally {
      clearTimeout(timer);
    }
    return events.flatMap(({ message, offset }): DeadLetter[] => {
      const detail = rejected.get(offset);
      return detail === undefined ? [] : [{ message, reason: 'invalid', detail, attempts: 1 }];
    });
  }
}

/** A handler written without `async` may throw at once: that is a rejection too. */
async function invoke<E>(handle: BatchHandler<E>, events: readonly ReadEvent<E>[], context: Parameters<BatchHandler<E>>[1]): Promise<void> {
  await handle(events, context);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => {
      reject(signal.reason instanceof Error ? signal.reason : new LaneClosedError());
    };
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

function isRetriable(error: unknown): boolean {
  return typeof error === 'object' && error !== null && Reflect.get(error, 'retriable') === true;
}

function describe(error: unknown): string {
  if (error instanceof Error) return `${error.name}: ${error.message}`;
  return `rejected with ${inspect(error, { depth: 1, breakLength: Infinity })}`;
}
