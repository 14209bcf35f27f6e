import { startTestStack } from '@millrace/cli';

const ADDRESSES = ['MILLRACE_KAFKA_BROKERS', 'MILLRACE_REGISTRY_URL', 'MILLRACE_REDIS_URL', 'MILLRACE_POSTGRES_URL'];

/** Runs the work on a stack of its own, or on the one that the environment names. */
export async function onStack<T>(work: () => Promise<T>): Promise<T> {
  if (ADDRESSES.every((name) => process.env[name] !== undefined)) return work();
  const stack = await startTestStack();
  Object.assign(process.env, stack.env);
  try {
    return await work();
  } finally {
    // The next bench must not take this one's stack for somebody's own.
    for (const name of Object.keys(stack.env)) Reflect.deleteProperty(process.env, name);
    await stack.stop();
  }
}
