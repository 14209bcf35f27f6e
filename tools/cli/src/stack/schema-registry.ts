import { contracts, subjectOf } from '@millrace/contracts';
import { InfrastructureError, RegistryClient, SchemaRefusedError, SchemaUnregisteredError, type RegistryMode } from '@millrace/kafka';
import { CliError, EXIT } from '../cli-errors.js';

/** The registry's first registrations take seconds on a busy machine. */
const TIMEOUT_MS = 15_000;

export interface RegisteredSchema {
  readonly subject: string;
  readonly id: number;
}

export interface SchemaVerdict {
  readonly subject: string;
  readonly compatible: boolean;
  /** What the registry has against it; empty where it fits. */
  readonly reason: string;
}

/**
 * Registers every contract under `<topic>-value`, each subject FULL_TRANSITIVE from its first version on; in mode `read-only` looks them up.
 * Throws {@link CliError} at one that breaks its subject or is not registered, `InfrastructureError` where the registry does not answer.
 */
export async function registerSchemas(registryUrl: string, mode: RegistryMode): Promise<RegisteredSchema[]> {
  const registry = new RegistryClient(registryUrl, mode, { timeoutMs: TIMEOUT_MS });
  const idOf = (subject: string, schema: string): Promise<number> => (mode === 'register' ? registry.register(subject, schema) : registry.idOf(subject, schema));
  return Promise.all(
    contracts.map(async ({ topic, schema }) => {
      const subject = subjectOf(topic);
      return { subject, id: await idOf(subject, schema).catch(explain) };
    }),
  );
}

/** Asks the registry, without registering anything, whether every contract fits all versions it has. Throws `InfrastructureError`. */
export async function checkSchemas(registryUrl: string): Promise<SchemaVerdict[]> {
  const registry = new RegistryClient(registryUrl, 'read-only', { timeoutMs: TIMEOUT_MS });
  return Promise.all(
    contracts.map(async ({ topic, schema }) => {
      const subject = subjectOf(topic);
      const conflict = await registry.conflictOf(subject, schema);
      return { subject, compatible: conflict === null, reason: conflict ?? '' };
    }),
  );
}

/** For a person who asked: {@link CliError} in place of `InfrastructureError`. */
export async function orUnavailable<T>(asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    if (!(error instanceof InfrastructureError)) throw error;
    throw new CliError(error.message, 'Start it with millrace up, or correct MILLRACE_REGISTRY_URL.', EXIT.unavailable, { cause: error });
  }
}

function explain(error: unknown): never {
  if (error instanceof SchemaUnregisteredError) {
    throw new CliError(error.message, 'Or have it registered at the start: MILLRACE_REGISTRY_MODE=register.', EXIT.data, { cause: error });
  }
  if (!(error instanceof SchemaRefusedError)) throw error;
  const remedy = 'See what changed with: millrace schema check. A change must be readable both ways by every earlier version.';
  throw new CliError(error.message, remedy, EXIT.data, { cause: error });
}
