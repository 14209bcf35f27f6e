import { expect, test } from '@jest/globals';
import { parseReceivers, ReceiverFileError } from './receiver-file.js';
import { wants } from './delivery/receiver.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const sources = {
  env: { OPS_SECRET: SECRET, SLACK_URL: 'https://hooks.slack.com/services/T0/B0/CANARY', BAD: 'short', ELSEWHERE: 'https://evil.example.com/x' },
  readSecret: (path: string): string => {
    if (path !== '/run/secret') throw new RangeError('no such file');
    return `${SECRET}\n`;
  },
  ownPort: 8104,
};

function problemsOf(yaml: string): readonly string[] {
  try {
    parseReceivers('receivers.yaml', yaml, sources);
  } catch (error) {
    if (error instanceof ReceiverFileError) return error.problems;
    throw error;
  }
  return [];
}

test('reads receivers and resolves their secrets', () => {
  const [log, ops, slack] = parseReceivers('receivers.yaml', `
version: 1
receivers:
  - { name: log, type: log }
  - name: ops
    type: webhook
    url: https://ops.example.com/hook
    secrets: [{ env: OPS_SECRET }, { file: /run/secret }]
    match: { severity: [critical, warning], team: shop }
    sendResolved: false
  - { name: channel, type: slack, url: { env: SLACK_URL } }
`, sources);
  expect(log).toMatchObject({ type: 'log', sendResolved: true });
  expect(ops).toMatchObject({ type: 'webhook', secrets: [SECRET, SECRET], privateAllowed: false });
  expect(slack).toMatchObject({ type: 'slack', concurrency: 1, paceMs: 1_000 });
});

test('names every problem at once, and no secret', () => {
  const problems = problemsOf(`
version: 1
receivers:
  - { name: a, type: webhook, url: "http://127.0.0.1/x", secrets: [{ env: MISSING }, { env: BAD }, { file: /nowhere }] }
  - { name: b, type: slack, url: "https://hooks.slack.com/services/T0/B0/CANARY" }
  - { name: c, type: slack, url: { env: ELSEWHERE } }
  - { name: c, type: log, colour: red }
  - { name: d, type: pigeon }
  - { name: log, type: log }
  - { name: log, type: log }
`);
  expect(problems).toEqual([
    expect.stringMatching(/^receivers\.yaml: receiver "a": url: 127\.0\.0\.1 is not allowed/),
    expect.stringMatching(/receiver "a": secrets\.0: the environment variable MISSING is not set/),
    expect.stringMatching(/receiver "a": secrets\.1: must be 24 to 64 bytes/),
    expect.stringMatching(/receiver "a": secrets\.2: the file \/nowhere cannot be read/),
    expect.stringMatching(/receiver "b": url: must be a reference/),
    expect.stringMatching(/receiver "c": url: its host is not hooks\.slack\.com/),
    expect.stringMatching(/receiver "c": .*colour/),
    expect.stringMatching(/receiver "d": type: /),
    expect.stringMatching(/receiver "log": name: another receiver has this name/),
  ]);
  expect(problems.join('\n')).not.toContain('CANARY');
  expect(problems.join('\n')).not.toContain('short');
});

test('reads an e-mail receiver, and refuses a server in a private place that is not allowed', () => {
  const mail = (change: string): string => `version: 1\nreceivers: [{ name: m, type: email, to: [ops@example.org], from: shop@example.org, host: mail.example.org${change} }]`;
  expect(parseReceivers('r.yaml', mail(''), sources)).toMatchObject([{ type: 'email', port: 587, tls: 'starttls', username: null, password: null, privateAllowed: false }]);
  expect(parseReceivers('r.yaml', mail(', username: u, password: { file: /run/secret }'), sources)).toMatchObject([{ username: 'u', password: SECRET }]);
  expect(problemsOf(mail(', username: u'))).toEqual(['receivers.yaml: receiver "m": password: username and password go together']);
  expect(problemsOf(mail(', port: 0'))).toHaveLength(1);
  expect(problemsOf(mail('').replace('mail.example.org', '10.1.2.3'))).toEqual(['receivers.yaml: receiver "m": host: 10.1.2.3 is not allowed: it is not a public address']);
  expect(problemsOf(mail(', allowPrivate: true').replace('mail.example.org', '10.1.2.3'))).toEqual([]);
  expect(problemsOf(mail('').replace('ops@example.org', '"ops@example.org\\r\\nBcc: x@y.zz"'))).toHaveLength(1);
});

test.each([
  ['no receivers', 'version: 1\nreceivers: []'],
  ['another version', 'version: 2\nreceivers: [{ name: log, type: log }]'],
  ['broken YAML', 'receivers: ['],
])('refuses %s', (_, yaml) => {
  expect(problemsOf(yaml)).not.toEqual([]);
});

test.each([
  ['everything matches', 'FIRING', { severity: 'critical', team: 'shop' }, true],
  ['another value', 'FIRING', { severity: 'info', team: 'shop' }, false],
  ['a missing label', 'FIRING', { severity: 'critical' }, false],
  ['resolved, unwanted', 'RESOLVED', { severity: 'critical', team: 'shop' }, false],
])('routing: %s', (_, status, labels, expected) => {
  const [ops] = parseReceivers('receivers.yaml', 'version: 1\nreceivers: [{ name: ops, type: log, sendResolved: false, match: { severity: [critical, warning], team: shop } }]', sources);
  expect(ops !== undefined && wants(ops, { status, labels })).toBe(expected);
});
