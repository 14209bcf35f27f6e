import { ContentError, InfrastructureError, SchemaRefusedError, SchemaUnregisteredError } from '../errors.js';
import type { RegistryMode } from '../port.js';

const REQUEST_TIMEOUT_MS = 5_000;
const UNKNOWN_FOR_MS = 60_000;
const MOST_UNKNOWN_IDS = 10_000;
const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';
const COMPATIBILITY = 'FULL_TRANSITIVE';

export interface RegistryOptions {
  /** Longest wait for an answer, ms. @default 5000 */
  readonly timeoutMs?: number;
  /** Milliseconds of a clock that never goes back. @default performance.now */
  readonly now?: () => number;
}

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
  readonly #unknown = new Map<string, { readonly until: number; readonly error: ContentError | SchemaUnregisteredError }>();
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #options: Required<RegistryOptions>;

  /** @param url may carry a user and a password */
  constructor(
    url: string,
    private readonly mode: RegistryMode,
    options: RegistryOptions = {},
  ) {
    const address = new URL(url);
    const { username, password } = address;
    const user = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
    this.#headers = { 'content-type': MEDIA_TYPE, accept: MEDIA_TYPE, ...(username === '' ? {} : { authorization: `Basic ${user}` }) };
    address.username = '';
    address.password = '';
    this.#url = address.href.replace(/\/+$/, '');
    this.#options = { timeoutMs: REQUEST_TIMEOUT_MS, now: () => performance.now(), ...options };
  }

  /**
   * Id of the schema under the subject; in mode `register` a new one is registered. Throws {@link SchemaUnregisteredError},
   * {@link SchemaRefusedError}, {@link InfrastructureError}.
   */
  idOf(subject: string, schema: string): Promise<number> {
    return this.#learn(this.#ids, `${subject}\n${schema}`, () => this.#find(subject, schema));
  }

  /**
   * Registers the schema, whatever the mode, with the subject FULL_TRANSITIVE from its first version on; one that is there keeps its id.
   * Throws {@link SchemaRefusedError} where it does not fit every version before it, {@link InfrastructureError}.
   */
  async register(subject: string, schema: string): Promise<number> {
    const config = await this.#ask('PUT', `/config/${encodeURIComponent(subject)}`, { compatibility: COMPATIBILITY });
    if (config.status !== 200) throw refused(subject, config);
    const made = await this.#ask('POST', `/subjects/${encodeURIComponent(subject)}/versions`, { schema });
    const id = numberIn(made, 'id');
    if (made.status !== 200 || id === undefined) throw refused(subject, made);
    return id;
  }

  /** Asks, without registering anything, whether the schema fits every version of the subject: null where it does, else what is against it. */
  async conflictOf(subject: string, schema: string): Promise<string | null> {
    const answer = await this.#ask('POST', `/compatibility/subjects/${encodeURIComponent(subject)}/versions?verbose=true`, { schema });
    // Nothing is against the first schema of a subject.
    if (answer.status === 404 || fieldOf(answer.body, 'is_compatible') === true) return null;
    const messages = fieldOf(answer.body, 'messages');
    return Array.isArray(messages) ? messages.join('; ') : (textIn(answer, 'reason') ?? textIn(answer, 'message') ?? 'no reason given');
  }

  /**
   * Schema text that an id of this subject stands for. Throws {@link ContentError} `unknown-schema` where the registry does not know the id
   * or knows it under other subjects only, {@link InfrastructureError} where it does not answer.
   */
  schemaOf(id: number, subject: string): Promise<string> {
    return this.#learn(this.#schemas, `${String(id)}\n${subject}`, () => this.#fetchSchema(id, subject));
  }

  async #learn<V>(known: Map<string, Promise<V>>, key: string, ask: () => Promise<V>): Promise<V> {
    const unknown = this.#unknown.get(key);
    if (unknown !== undefined) {
      if (this.#options.now() < unknown.until) throw unknown.error;
      this.#unknown.delete(key);
    }
    try {
      return await remember(known, key, ask);
    } catch (error) {
      if (error instanceof ContentError || error instanceof SchemaUnregisteredError) this.#rememberUnknown(key, error);
      throw error;
    }
  }

  #rememberUnknown(key: string, error: ContentError | SchemaUnregisteredError): void {
    const oldest = this.#unknown.keys().next();
    if (this.#unknown.size >= MOST_UNKNOWN_IDS && oldest.done !== true) this.#unknown.delete(oldest.value);
    this.#unknown.set(key, { until: this.#options.now() + UNKNOWN_FOR_MS, error });
  }

  async #find(subject: string, schema: string): Promise<number> {
    const found = await this.#ask('POST', `/subjects/${encodeURIComponent(subject)}`, { schema });
    const id = numberIn(found, 'id');
    if (found.status === 200 && id !== undefined) return id;
    if (this.mode === 'register') return this.register(subject, schema);
    throw found.status === 404 ? new SchemaUnregisteredError(subject) : refused(subject, found);
  }

  async #fetchSchema(id: number, subject: string): Promise<string> {
    // Deleted ones too: records outlive the version they were written with, and Apicurio names none once one of the subject is deleted.
    const uses = await this.#ask('GET', `/schemas/ids/${String(id)}/versions?deleted=true`);
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

  async #ask(method: string, path: string, body?: object): Promise<Answer> {
    const request = { method, headers: this.#headers, signal: AbortSignal.timeout(this.#options.timeoutMs) };
    let status: number;
    let text: string;
    try {
      const response = await fetch(`${this.#url}${path}`, body === undefined ? request : { ...request, body: JSON.stringify(body) });
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

function refused(subject: string, answer: Answer): SchemaRefusedError {
  return new SchemaRefusedError(subject, textIn(answer, 'message') ?? `status ${String(answer.status)}`);
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
