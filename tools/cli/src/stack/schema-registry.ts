import { contracts, subjectOf } from '@millrace/contracts';
import { z } from 'zod';
import { CliError, EXIT } from '../cli-errors.js';

const JSON_TYPE = 'application/vnd.schemaregistry.v1+json';
const COMPATIBILITY = 'FULL_TRANSITIVE';
const TIMEOUT_MS = 15_000;

export interface RegisteredSchema {
  readonly subject: string;
  readonly id: number;
}

export interface SchemaVerdict {
  readonly subject: string;
  readonly compatible: boolean;
  /** What the registry has against it. */
  readonly messages: readonly string[];
}

/** Registers every contract under `<topic>-value`, each subject FULL_TRANSITIVE from its first version on. Throws {@link CliError} at one that breaks it. */
export async function registerSchemas(registryUrl: string): Promise<RegisteredSchema[]> {
  return Promise.all(
    contracts.map(async ({ topic, schema }) => {
      const subject = subjectOf(topic);
      await ask(registryUrl, 'PUT', `/config/${subject}`, { compatibility: COMPATIBILITY }, z.unknown());
      const { id } = await ask(registryUrl, 'POST', `/subjects/${subject}/versions`, { schema }, z.object({ id: z.number() }));
      return { subject, id };
    }),
  );
}

/** Asks the registry, without registering anything, whether every contract fits all versions it has. A new subject fits. */
export async function checkSchemas(registryUrl: string): Promise<SchemaVerdict[]> {
  const known = await ask(registryUrl, 'GET', '/subjects', null, z.array(z.string()));
  return Promise.all(
    contracts.map(async ({ topic, schema }) => {
      const subject = subjectOf(topic);
      if (!known.includes(subject)) return { subject, compatible: true, messages: [] };
      const verdict = z.object({ is_compatible: z.boolean(), messages: z.array(z.string()).optional() });
      const path = `/compatibility/subjects/${subject}/versions?verbose=true`;
      const { is_compatible: compatible, messages = [] } = await ask(registryUrl, 'POST', path, { schema }, verdict);
      return { subject, compatible, messages };
    }),
  );
}

async function ask<T>(registryUrl: string, method: string, path: string, body: object | null, answer: z.ZodType<T>): Promise<T> {
  const url = new URL(`${registryUrl}${path}`);
  const authorization = url.username === '' ? {} : { authorization: `Basic ${btoa(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`)}` };
  url.username = '';
  url.password = '';
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method,
      headers: { 'content-type': JSON_TYPE, ...authorization },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await response.text();
  } catch (error) {
    throw new RegistryUnavailableError(`the schema registry at ${url.origin} does not answer`, { cause: error });
  }
  if (response.status >= 500) throw new RegistryUnavailableError(`the schema registry answers ${String(response.status)}: ${text.slice(0, 200)}`);
  if (!response.ok) {
    throw new CliError(
      `The schema registry refuses ${path}: ${text.slice(0, 300)}`,
      'See what changed with: millrace schema check. A change must be readable both ways by every earlier version.',
      EXIT.data,
    );
  }
  return answer.parse(JSON.parse(text));
}

/** No answer, or one that says it is the server's trouble: worth another try. */
export class RegistryUnavailableError extends Error {
  override readonly name = 'RegistryUnavailableError';
}
