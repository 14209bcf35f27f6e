import type { Logger } from 'pino';

type Release = () => Promise<void> | void;
type FailureListener = (error: Error) => void;

/** What a service acquired, released in reverse order; whether it is ready; and whether it can go on at all. */
export class Lifecycle {
  readonly #releases: { readonly name: string; readonly release: Release }[] = [];
  readonly #checks = new Map<string, () => string | null>();
  readonly #failureListeners = new Set<FailureListener>();
  #draining = false;
  #failure: Error | null = null;
  #released: Promise<void> | null = null;

  constructor(private readonly logger: Logger) {}

  /** Registers how to give back what was just acquired. Runs last in, first out, once; HTTP requests have been answered by then. */
  onRelease(name: string, release: Release): void {
    this.#releases.push({ name, release });
  }

  /** Registers a readiness check: null when fine, else the reason. Must be cheap; it is polled. */
  addCheck(name: string, check: () => string | null): void {
    this.#checks.set(name, check);
  }

  /** Reasons why the service is not ready, by check; empty when it is. */
  failures(): Readonly<Record<string, string>> {
    const failing: Record<string, string> = {};
    if (this.#draining) failing['lifecycle'] = 'draining';
    if (this.#failure !== null) failing['lifecycle'] = `failed: ${this.#failure.message}`;
    for (const [name, check] of this.#checks) {
      const reason = check();
      if (reason !== null) failing[name] = reason;
    }
    return failing;
  }

  /** Says that the service is going: not ready from now on. */
  beginDrain(): void {
    this.#draining = true;
  }

  /** Says that the process cannot go on: it ends with code 1 and its supervisor starts it anew. The first error counts. */
  fail(error: Error): void {
    if (this.#failure !== null || this.#draining) return;
    this.#failure = error;
    for (const listener of this.#failureListeners) listener(error);
  }

  /** Calls `listener` when the process cannot go on, also where that was said before. */
  onFailure(listener: FailureListener): void {
    this.#failureListeners.add(listener);
    if (this.#failure !== null) listener(this.#failure);
  }

  /** Releases everything; callers share one run. The first error is thrown after all releases were tried. */
  release(): Promise<void> {
    this.beginDrain();
    this.#released ??= this.#releaseAll();
    return this.#released;
  }

  async #releaseAll(): Promise<void> {
    const errors: unknown[] = [];
    for (const { name, release } of this.#releases.reverse()) {
      try {
        await release();
        this.logger.debug({ resource: name }, 'released');
      } catch (error) {
        this.logger.error({ err: error, resource: name }, 'release failed');
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
