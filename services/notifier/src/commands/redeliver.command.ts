import { parseArgs } from 'node:util';
import { EXIT, type Output } from './output.js';

const PORT = 8104;

interface Answer {
  readonly dryRun: boolean;
  readonly deliveries: readonly { readonly id: number; readonly integration: string; readonly groupKey: string; readonly status: string; readonly state: string }[];
  readonly switchedOff: readonly string[];
  readonly more: boolean;
}

interface Problem {
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

/** Has a running notifier send ended deliveries again. Returns the exit code. */
export async function redeliver(parameters: readonly string[], write: Output, env: Readonly<Record<string, string | undefined>> = process.env): Promise<number> {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      id: { type: 'string', multiple: true },
      receiver: { type: 'string' },
      state: { type: 'string', multiple: true },
      from: { type: 'string' },
      to: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      url: { type: 'string', default: env['MILLRACE_NOTIFIER_URL'] ?? `http://127.0.0.1:${env['MILLRACE_NOTIFIER_PORT'] ?? String(PORT)}` },
      json: { type: 'boolean', default: false },
    },
  });
  const body = { ids: values.id?.map(Number), receiver: values.receiver, states: values.state, from: values.from, to: values.to, dryRun: values['dry-run'] };
  let response: Response;
  try {
    response = await fetch(new URL('/deliveries/redeliver', values.url), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  } catch {
    write.error(`the notifier does not answer at ${values.url}: start Millrace, or say --url`);
    return EXIT.unavailable;
  }
  const answer: unknown = await response.json();
  if (!response.ok) {
    const problem = answer as Problem;
    write.error(problem.detail ?? problem.title ?? `the notifier answered ${String(response.status)}`);
    for (const { path, message } of problem.errors ?? []) write.error(`  ${path}: ${message}`);
    return response.status < 500 ? EXIT.badCall : EXIT.unavailable;
  }
  tell(answer as Answer, values.json, write);
  return 0;
}

function tell(answer: Answer, asJson: boolean, write: Output): void {
  if (asJson) {
    write.out(JSON.stringify(answer, null, 2));
    return;
  }
  for (const { id, integration, groupKey, status, state } of answer.deliveries) write.out(`${String(id)}  ${integration}  ${groupKey}  ${status}  was ${state}`);
  const count = answer.deliveries.length;
  write.out(answer.dryRun ? `${String(count)} would be sent again` : `${String(count)} are sent again`);
  if (answer.more) write.out('There are more: run it again.');
  for (const id of answer.switchedOff) write.out(`${id} is switched off: POST /receivers/${id.split('/', 1)[0] ?? ''}/enable first`);
}
