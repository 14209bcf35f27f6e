import { parseArgs } from 'node:util';
import { askNotifier, notifierUrl } from './notifier-client.js';
import type { Output } from './output.js';

interface Answer {
  readonly dryRun: boolean;
  readonly deliveries: readonly { readonly id: number; readonly integration: string; readonly groupKey: string; readonly status: string; readonly state: string }[];
  readonly switchedOff: readonly string[];
  readonly more: boolean;
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
      url: { type: 'string', default: notifierUrl(env) },
      json: { type: 'boolean', default: false },
    },
  });
  const body = { ids: values.id?.map(Number), receiver: values.receiver, states: values.state, from: values.from, to: values.to, dryRun: values['dry-run'] };
  const asked = await askNotifier(values.url, '/deliveries/redeliver', body, write);
  if ('code' in asked) return asked.code;
  tell(asked.answer as Answer, values.json, write);
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
