const ADDRESSES = ['MILLRACE_KAFKA_BROKERS', 'MILLRACE_REGISTRY_URL', 'MILLRACE_REDIS_URL', 'MILLRACE_POSTGRES_URL'];

/** Starts one real stack for the whole Jest run, unless the environment names one that runs already. */
export default async function startStack() {
  if (ADDRESSES.every((name) => process.env[name] !== undefined)) return;
  const { startTestStack } = await import('../../tools/cli/dist/test-stack.js');
  const stack = await startTestStack();
  Object.assign(process.env, stack.env);
  globalThis.millraceTestStack = stack;
}
