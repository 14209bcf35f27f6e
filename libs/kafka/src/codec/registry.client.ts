import { ContentError, InfrastructureError, SchemaRefusedError } from '../errors.js';

const REQUEST_TIMEOUT_MS = 5_000;
const UNKNOWN_FOR_MS = 60_000;
const MOST_UNKNOWN_IDS = 10_000;
const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Asks a Confluent-compatible registry. What it knows it keeps for ever, since an id never changes its schema; what the registry does not
 * know it asks again after a minute at the earliest. A registry that does not answer is never taken for one that does not know.
 */
export class RegistryClient {
  readonly #ids = new Map<string, Promise<number>>();
  readonly #schemas = new Map<string, Promise<string>>();
  readonly #unknown = new Map<string, { readonly until: number; readonly error: ContentError }>();
  readonly #url: string;

  /** @param now milliseconds of a clock that never goes back */
  constructor(
    url: string,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#url = url.replace(/\/+$/, '');
  }

  /** Id of the schema under the subject; registers it where it is new. Throws {@link SchemaRefusedError}, {@link InfrastructureError}. */
  idOf(subject: string, schema: string): Promise<number> {
    return remember(this.#ids, `${subject}\n${schema}`, () => this.#register(subject, schema));
  }

  /**
   * Schema text that an id of this subject stands for. Throws {@link ContentError} `unknown-schema` where the registry does not know the id
   * or knows it under other subjects only, {@link InfrastructureError} where it does not answer.
   */
  async schemaOf(id: number, subject: string): Promise<string> {
    const key = `${String(id)}\n${subject}`;
    const unknown = this.#unknown.get(key);
    if (unknown !== undefined) {
      if (this.now() < unknown.until) throw unknown.error;
      this.#unknown.delete(key);
    }
    try {
      return await remember(this.#schemas, key, () => this.#fetchSchema(id, subject));
    } catch (error) {
      if (error instanceof ContentError) this.#rememberUnknown(key, error);
      throw error;
    }
  }

  #rememberUnknown(key: string, error: ContentError): void {
    const oldest = this.#unknown.keys().next();
    if (this.#unknown.size >= MOST_UNKNOWN_IDS && oldest.done !== true) this.#unknown.delete(oldest.value);
    this.#unknown.set(key, { until: this.now() + UNKNOWN_FOR_MS, error });
  }

  async #register(subject: string, schema: string): Promise<number> {
    const path = `/subjects/${encodeURIComponent(subject)}`;
    const body = JSON.stringify({ schema });
    const known = await this.#ask('POST', path, body);
    const id = numberIn(known, 'id');
    if (known.status === 200 && id !== undefined) return id;
    const made = await this.#ask('POST', `${path}/versions`, body);
    const madeId = numberIn(made, 'id');
    if (made.status === 200 && madeId !== undefined) return madeId;
    throw new SchemaRefusedError(subject, textIn(made, 'message') ?? `status ${String(made.status)}`);
  }

  async #fetchSchema(id: number, subject: string): Promise<string> {
    const uses = await this.#ask('GET', `/schemas/ids/${String(id)}/versions`);
    if (uses.status === 404) throw new ContentError('unknown-schema', `the registry knows no schema ${String(id)}`);
    const subjects = Array.isArray(uses.body) ? uses.body.map((use: unknown) => fieldOf(use, 'subject')) : [];
    if (!subjects.includes(subject)) {
      throw new ContentError('unknown-schema', `schema ${String(id)} is of ${subjects.join(', ') || 'no subject'}, not of ${subject}`);
    }
    const answer = await this.#ask('GET', `/schemas/ids/${String(id)}`);
    const schema = textIn(answer, 'schema');
    if (schema === undefined) throw new InfrastructureError(`the registry gave no schema for id ${String(id)} (status ${String(answer.status)})`);
    return schema;
  }

  async #ask(method: string, path: string, body?: string): Promise<Answer> {
    const request = { method, headers: { 'content-type': MEDIA_TYPE, accept: MEDIA_TYPE }, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) };
    let status: number;
    let text: string;
    try {
      const response = await fetch(`${this.#url}${path}`, body === undefined ? request : { ...request, body });
      status = response.status;
      text = await response.text();
    } catch (error) {
      throw new InfrastructureError(`the schema registry at ${this.#url} does not answer`, { cause: error });
    }
    // Only a 404 with the registry's own error code speaks of the schema; a proxy's 404, 429 or 5xx says nothing about it.
    const answer = { status, body: parse(text) };
    const known = status === 200 || (status === 404 && numberIn(answer, 'error_code') !== undefined) || status === 409 || status === 422;
    if (!known) throw new InfrastructureError(`the schema registry at ${this.#url} answers ${String(status)} to ${method} ${path}`);
    return answer;
  }
}

/** Runs `make` once per key; a failure is not kept. */
async function remember<V>(cache: Map<string, Promise<V>>, key: string, make: () => Promise<V>): Promise<V> {
  const held = cache.get(key);
  if (held !== undefined) return held;
  const made = make();
  cache.set(key, made);
  try {
    return await made;
  } catch (error) {
    cache.delete(key);
    throw error;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function numberIn(answer: Answer, name: string): number | undefined {
  const value = fieldOf(answer.body, name);
  return typeof value === 'number' ? value : undefined;
}

function textIn(answer: Answer, name: string): string | undefined {
  const value = fieldOf(answer.body, name);
  return typeof value === 'string' ? value : undefined;
}
