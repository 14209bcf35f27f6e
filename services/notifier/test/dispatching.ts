/** Whether a notifier dispatches its lane. */
export async function isDispatching({ url }: { readonly url: string }): Promise<boolean> {
  return /millrace_notifier_dispatching\{[^}]*\} 1$/m.test(await (await fetch(`${url}/metrics`)).text());
}
