import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { askNotifier, notifierUrl } from './notifier-client.js';
import { EXIT, type Output } from './output.js';

const DONE = { acknowledge: 'is acknowledged: it does not escalate, and is not repeated', unacknowledge: 'is acknowledged no more', comment: 'has a comment', snooze: 'is silenced', verdict: 'is judged' } as const;

/** `acknowledge`, `unacknowledge`, `comment`, `snooze` or `verdict`: has a running notifier record what somebody does about an alert. Returns the exit code. */
export function actCommand(kind: keyof typeof DONE) {
  return async (parameters: readonly string[], write: Output, env: Readonly<Record<string, string | undefined>> = process.env): Promise<number> => {
    const { values, positionals } = parseArgs({
      args: [...parameters],
      allowPositionals: true,
      options: { by: { type: 'string', default: userInfo().username }, comment: { type: 'string' }, for: { type: 'string' }, url: { type: 'string', default: notifierUrl(env) }, json: { type: 'boolean', default: false } },
    });
    const [fingerprint, verdict, ...others] = positionals;
    if (fingerprint === undefined || others.length > 0 || (kind === 'verdict') !== (verdict !== undefined)) {
      write.error(`one alert, by its fingerprint: millrace alerts ${kind} FINGERPRINT${kind === 'verdict' ? ' true|false|unsure' : ''}; millrace alerts --help says more`);
      return EXIT.badCall;
    }
    const body = { by: values.by, comment: values.comment, for: values.for, verdict };
    const asked = await askNotifier(values.url, `/alerts/${encodeURIComponent(fingerprint)}/${kind}`, body, write);
    if ('code' in asked) return asked.code;
    const { labels } = asked.answer as { readonly labels: Readonly<Record<string, string>> };
    write.out(values.json ? JSON.stringify(asked.answer, null, 2) : `${labels['alertname'] ?? fingerprint} ${DONE[kind]}`);
    return 0;
  };
}
