import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FileError } from '@millrace/service-kit/yaml-file';
import { parseAlertmanagerConfig } from '../routing/alertmanager-config.js';
import { compileReceivers } from './compile-receivers.js';
import type { Receiver } from './receiver.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const SLACK = 'https://hooks.slack.com/services/T0/B0/CANARY';
const env = { OPS_SECRET: SECRET, SLACK_URL: SLACK, BAD: 'short' };

describe('receivers', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'receivers-'));
    writeFileSync(join(folder, 'secret'), `${SECRET}\n`);
    writeFileSync(join(folder, 'slack'), SLACK);
  });
  afterAll(() => { rmSync(folder, { recursive: true }); });

  const compile = (receivers: string, global = ''): readonly Receiver[] =>
    compileReceivers(parseAlertmanagerConfig(join(folder, 'a.yml'), `global: {${global}}\nroute: { receiver: a }\nreceivers:\n${receivers}`), { env, ownPort: 8104, timeoutMs: 15_000 });
  const problemsOf = (receivers: string, global = ''): readonly string[] => {
    try {
      compile(receivers, global);
    } catch (error) {
      if (error instanceof FileError) return error.problems.map((problem) => problem.replace(`${folder}/`, ''));
      throw error;
    }
    return [];
  };

  it('each integration has its id, and its secrets from where the file says', () => {
    const [ops, first, second, log] = compile(`
  - name: a
    webhook_configs:
      - url: https://ops.example.com/hook
        max_alerts: 5
        timeout: 3s
        millrace: { signing_secrets: [{ env: OPS_SECRET }, { file: ${folder}/secret }], retry: [0, 1], concurrency: 2 }
    slack_configs: [{ api_url_file: slack, channel: '#ops' }, { millrace: { api_url: { env: SLACK_URL } } }]
    millrace: { log_configs: [{}] }
`);
    expect(ops).toMatchObject({ id: 'a/webhook/0', name: 'a', type: 'webhook', secrets: [SECRET, SECRET], maxAlerts: 5, timeoutMs: 3_000, schedule: [0, 1], concurrency: 2, privateAllowed: false });
    expect(first).toMatchObject({ id: 'a/slack/0', type: 'slack', channel: '#ops', concurrency: 1, rate: { perSecond: 1, burst: 1 } });
    expect(first?.type === 'slack' && first.url.href).toBe(SLACK);
    expect(second).toMatchObject({ id: 'a/slack/1', channel: null });
    expect(log).toMatchObject({ id: 'a/log/0', type: 'log' });
  });

  it('an e-mail takes from `global` what it does not say', () => {
    const global = "smtp_smarthost: 'mail.example.org:587', smtp_from: shop@example.org, smtp_hello: shop.example.org";
    expect(compile("  - { name: a, email_configs: [{ to: 'ops@example.org, shop@example.org' }] }", global)).toMatchObject([
      { type: 'email', to: ['ops@example.org', 'shop@example.org'], from: 'shop@example.org', host: 'mail.example.org', port: 587, tls: 'starttls', hello: 'shop.example.org', username: null, password: null },
    ]);
    expect(compile("  - { name: a, email_configs: [{ to: o@example.org, smarthost: 'm.example.org:465' }] }", global)).toMatchObject([{ tls: 'implicit' }]);
    expect(compile(`  - { name: a, email_configs: [{ to: o@example.org, require_tls: false, auth_username: u, millrace: { auth_password: { file: ${folder}/secret } } }] }`, global)).toMatchObject([{ tls: 'none', username: 'u', password: SECRET }]);
  });

  it("Slack is spoken to by an incoming webhook or as an app, whose messages may be edited; the receiver's own word goes before the file's", () => {
    const app = { type: 'slack', url: new URL('https://slack.com/api/chat.postMessage'), token: SLACK, channel: '#ops' };
    expect(compile("  - { name: a, slack_configs: [{ app_token_file: slack, channel: '#ops' }, { millrace: { app_token: { env: SLACK_URL } }, channel: '#ops', message_strategy: update }] }", 'slack_api_url_file: slack')).toMatchObject([
      { ...app, edits: false }, { ...app, edits: true },
    ]);
    expect(compile("  - { name: a, slack_configs: [{ channel: '#ops', update_message: true, app_url: 'https://slack-gov.com/api/chat.postMessage' }] }", 'slack_app_token_file: slack')).toMatchObject([
      { ...app, url: new URL('https://slack-gov.com/api/chat.postMessage'), edits: true },
    ]);
    expect(problemsOf("  - { name: a, slack_configs: [{ api_url_file: slack, app_token_file: slack }, { app_token_file: slack, app_url: 'https://x.example/api' }, { api_url_file: slack, message_strategy: update }] }")).toEqual([
      expect.stringMatching(/slack_configs\.0: has both/), expect.stringMatching(/slack_configs\.1\.app_url: must end with/), expect.stringMatching(/slack_configs\.1: needs a channel/), expect.stringMatching(/slack_configs\.2: only an app can edit/),
    ]);
  });

  it('each integration may have a rate of its own', () => {
    const all = compile("  - { name: a, webhook_configs: [{ url: 'https://a.example', millrace: { rate: { per_second: 5, burst: 10 } } }, { url: 'https://b.example' }], slack_configs: [{ api_url_file: slack, millrace: { rate: { per_second: 0.5 } } }] }");
    expect(all.map(({ rate }) => rate)).toEqual([{ perSecond: 5, burst: 10 }, null, { perSecond: 0.5, burst: 1 }]);
    expect(problemsOf("  - { name: a, webhook_configs: [{ url: 'https://a.example', millrace: { rate: { per_second: 0 } } }] }")).toEqual([expect.stringContaining('millrace.rate.per_second')]);
  });

  it('names every problem at once with its line, and no secret', () => {
    const problems = problemsOf(`
  - name: a
    webhook_configs:
      - { url: "http://127.0.0.1/x", millrace: { signing_secrets: [{ env: MISSING }, { env: BAD }, { file: nowhere }] } }
      - { url: "https://ops.example.com", timeout: 1h }
    slack_configs: [{}]
    email_configs:
      - { to: "not an address", smarthost: "mail.example.org", auth_username: u }
      - { to: o@example.org, from: s@example.org, smarthost: "10.1.2.3:25" }
      - { to: "o@example.org\\r\\nBcc: x@y.zz", from: s@example.org, smarthost: "mail.example.org:25" }
`);
    expect(problems).toEqual([
      expect.stringMatching(/^a\.yml:7: receivers\.0\.webhook_configs\.0\.millrace\.signing_secrets\.0: the environment variable MISSING is not set$/),
      expect.stringMatching(/signing_secrets\.1: must be 24 to 64 bytes/),
      expect.stringMatching(/signing_secrets\.2: the file nowhere cannot be read/),
      expect.stringMatching(/webhook_configs\.0\.url: 127\.0\.0\.1 is not allowed: it is not a public address; a private address is allowed by listing its URL under millrace/),
      expect.stringMatching(/webhook_configs\.1\.timeout: must be at most the 15000 ms/),
      expect.stringMatching(/slack_configs\.0: needs api_url_file, or app_token_file/),
      expect.stringMatching(/email_configs\.0\.to: "not an address" is no e-mail address/),
      expect.stringMatching(/email_configs\.0\.from: needs from, or global\.smtp_from/),
      expect.stringMatching(/email_configs\.0\.smarthost: "mail\.example\.org" is no server with its port/),
      expect.stringMatching(/email_configs\.0: auth_username and a password/),
      expect.stringMatching(/email_configs\.1\.smarthost: 10\.1\.2\.3 is not allowed/),
      expect.stringMatching(/email_configs\.2\.to: /),
    ]);
    expect(problems.join('\n')).not.toMatch(/CANARY|short/);
  });
});
