import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { signedHeaders } from '../src/delivery/signature.js';

const PYTHON = process.env['MILLRACE_PYTHON'] ?? fileURLToPath(new URL('../../../.millrace/venv/bin/python', import.meta.url));
const SECRETS = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'];
const OTHER = 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

/** For each message, what Standard Webhooks' own library for Python says. */
const VERIFY = `
import json, sys
from standardwebhooks import Webhook, WebhookVerificationError
for secret, headers, body in json.load(sys.stdin):
    try:
        print(json.dumps(Webhook(secret).verify(body, headers)))
    except WebhookVerificationError as error:
        print(f"refused: {error}")
`;

function verify(...messages: readonly (readonly [secret: string, headers: Readonly<Record<string, string>>, body: string])[]): readonly string[] {
  if (!existsSync(PYTHON)) throw new Error(`${PYTHON} is missing: npm start makes the venv`);
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', VERIFY], { input: JSON.stringify(messages), encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.trimEnd().split('\n');
}

describe("Standard Webhooks' library for Python", () => {
  const body = JSON.stringify({ type: 'alerts.firing', text: 'Füße 🧦' });
  const now = new Date();
  const headers = signedHeaders(SECRETS, { id: 'msg_1', body, at: now });

  it('verifies what we sign, with either secret while they rotate', () => {
    expect(verify(...SECRETS.map((secret) => [secret, headers, body] as const)).map((line) => JSON.parse(line) as unknown)).toEqual([JSON.parse(body), JSON.parse(body)]);
  });

  it('refuses another secret, another body, another id, another time, and what is old', () => {
    const [secret = ''] = SECRETS;
    const old = signedHeaders(SECRETS, { id: 'msg_1', body, at: new Date(now.getTime() - 600_000) });
    const said = verify(
      [OTHER, headers, body], [secret, headers, `${body} `], [secret, { ...headers, 'webhook-id': 'msg_2' }, body],
      [secret, { ...headers, 'webhook-timestamp': String(Math.floor(now.getTime() / 1_000) - 1) }, body], [secret, old, body], [secret, signedHeaders([], { id: 'msg_1', body, at: now }), body],
    );
    expect(said).toEqual(Array.from({ length: 6 }, () => expect.stringMatching(/^refused: /)));
  });
});
