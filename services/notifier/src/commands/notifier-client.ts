import { EXIT, type Output } from './output.js';

const PORT = 8104;

interface Problem {
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

/** Where the notifier is, unless `--url` says otherwise. */
export function notifierUrl(env: Readonly<Record<string, string | undefined>>): string {
  return env['MILLRACE_NOTIFIER_URL'] ?? `http://127.0.0.1:${env['MILLRACE_NOTIFIER_PORT'] ?? String(PORT)}`;
}

type Asked = { readonly answer: unknown } | { readonly code: number };

/** Asks a running notifier to do something. Returns its answer, or the exit code, with what was wrong written. */
export function askNotifier(url: string, path: string, body: unknown, write: Output): Promise<Asked> {
  return asked(url, path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }, write);
}

/** As {@link askNotifier}, of what it knows. */
export function getFromNotifier(url: string, path: string, write: Output): Promise<Asked> {
  return asked(url, path, {}, write);
}

async function asked(url: string, path: string, request: RequestInit, write: Output): Promise<Asked> {
  let response: Response;
  try {
    response = await fetch(new URL(path, url), request);
  } catch {
    write.error(`the notifier does not answer at ${url}: start Millrace, or say --url`);
    return { code: EXIT.unavailable };
  }
  const answer: unknown = await response.json();
  if (response.ok) return { answer };
  const problem = answer as Problem;
  write.error(problem.detail ?? problem.title ?? `the notifier answered ${String(response.status)}`);
  for (const { path: place, message } of problem.errors ?? []) write.error(`  ${place}: ${message}`);
  return { code: response.status < 500 ? EXIT.badCall : EXIT.unavailable };
}
