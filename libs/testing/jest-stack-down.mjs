/** Stops what jest-stack.mjs started. */
export default async function stopStack() {
  const stack = globalThis.millraceTestStack;
  globalThis.millraceTestStack = undefined;
  await stack?.stop();
}
