/** The test environment names no address of a part of the stack. */
export class NoStackError extends Error {
  override readonly name = 'NoStackError';
  constructor(readonly variable: string) {
    super(`${variable} is not set: run the specs through Jest's integration project, which starts the stack`);
  }
}

type StackVariable = 'MILLRACE_KAFKA_BROKERS' | 'MILLRACE_REGISTRY_URL' | 'MILLRACE_REDIS_URL' | 'MILLRACE_POSTGRES_URL';

export function address(variable: StackVariable): string {
  const value = process.env[variable];
  if (value === undefined || value === '') throw new NoStackError(variable);
  return value;
}
