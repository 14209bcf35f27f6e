import { readFileSync } from 'node:fs';
import ipaddr from 'ipaddr.js';
import { parse } from 'yaml';
import { BlockedAddressError, checkUrl, mayBePrivate } from './delivery/address-guard.js';
import { refusalOf } from './delivery/guarded-socket.js';
import type { EmailReceiver, Receiver } from './delivery/receiver.js';
import { receiverFileSchema, receiverSchema, type ReceiverText, type SecretReference } from './receiver-schema.js';
import { STANDARD_SCHEDULE } from './delivery/retry.js';
import { canSign } from './delivery/signature.js';

/** A receivers file cannot be used. Each problem is one line: file, receiver, field, reason. */
export class ReceiverFileError extends Error {
  override readonly name = 'ReceiverFileError';
  constructor(
    readonly file: string,
    readonly problems: readonly string[],
  ) {
    super(problems.join('\n'));
  }
}

export interface ReceiverSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a file that holds a secret. */
  readonly readSecret: (path: string) => string;
  /** Our own HTTP port. */
  readonly ownPort: number;
}

const SLACK_HOST = 'hooks.slack.com';
/** Slack takes one message a second for a channel. */
const SLACK_PACE_MS = 1_000;
const CONCURRENCY = 8;

/** Reads the file at `path`. Throws {@link ReceiverFileError}. */
export function readReceivers(path: string, env: Readonly<Record<string, string | undefined>>, ownPort: number): readonly Receiver[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ReceiverFileError(path, [`${path}: cannot be read: ${message(error)}`]);
  }
  return parseReceivers(path, text, { env, ownPort, readSecret: (file) => readFileSync(file, 'utf8') });
}

/** Reads receivers from YAML text and resolves their secrets. Throws {@link ReceiverFileError} with all problems at once. */
export function parseReceivers(file: string, text: string, sources: ReceiverSources): readonly Receiver[] {
  let raw: unknown;
  try {
    raw = parse(text, { maxAliasCount: 50 });
  } catch (error) {
    throw new ReceiverFileError(file, [`${file}: ${message(error).split('\n')[0] ?? ''}`]);
  }
  const envelope = receiverFileSchema.safeParse(raw);
  if (!envelope.success) throw new ReceiverFileError(file, envelope.error.issues.map((issue) => `${file}: ${issue.path.map(String).join('.')}: ${issue.message}`));
  const problems: string[] = [];
  const receivers: Receiver[] = [];
  for (const [index, entry] of envelope.data.receivers.entries()) {
    const parsed = receiverSchema.safeParse(entry);
    const name = nameOf(entry) ?? `number ${index + 1}`;
    const report = (field: string, reason: string): void => {
      problems.push(`${file}: receiver ${name}: ${field}${field === '' ? '' : ': '}${reason}`);
    };
    if (!parsed.success) {
      for (const issue of parsed.error.issues) report(issue.path.map(String).join('.'), issue.message);
      continue;
    }
    if (receivers.some((other) => other.name === parsed.data.name)) report('name', 'another receiver has this name');
    const receiver = compile(parsed.data, sources, report);
    if (receiver !== null) receivers.push(receiver);
  }
  if (problems.length > 0) throw new ReceiverFileError(file, problems);
  return receivers;
}

type Report = (field: string, reason: string) => void;

function compile(text: ReceiverText, sources: ReceiverSources, report: Report): Receiver | null {
  const common = {
    name: text.name,
    match: new Map(Object.entries(text.match).map(([label, values]) => [label, new Set(Array.isArray(values) ? values : [values])] as const)),
    sendResolved: text.sendResolved,
    schedule: text.retry ?? STANDARD_SCHEDULE,
  };
  if (text.type === 'log') return { ...common, type: 'log', concurrency: CONCURRENCY, paceMs: 0 };
  if (text.type === 'email') return emailReceiver(text, common, sources, report);
  const address = typeof text.url === 'string' ? text.url : resolve(text.url, 'url', sources, report);
  const url = address === null ? null : urlOf(address, text.allowPrivate, sources, report);
  if (text.type === 'slack') {
    if (url !== null && url.hostname !== SLACK_HOST && !text.allowHosts.includes(url.hostname)) {
      report('url', `its host is not ${SLACK_HOST}; list it under allowHosts if that is meant`);
    }
    return url === null ? null : { ...common, ...outside(text, url), type: 'slack', concurrency: text.concurrency ?? 1, paceMs: SLACK_PACE_MS };
  }
  const secrets = text.secrets.map((reference, index) => secretOf(reference, `secrets.${index}`, sources, report));
  const known = secrets.filter((secret) => secret !== null);
  if (url === null || known.length < secrets.length) return null;
  return { ...common, ...outside(text, url), type: 'webhook', concurrency: text.concurrency ?? CONCURRENCY, paceMs: 0, secrets: known };
}

type EmailText = Extract<ReceiverText, { type: 'email' }>;

function emailReceiver(text: EmailText, common: Pick<EmailReceiver, 'name' | 'match' | 'sendResolved' | 'schedule'>, sources: ReceiverSources, report: Report): EmailReceiver | null {
  const password = text.password === undefined ? null : resolve(text.password, 'password', sources, report);
  if (text.password !== undefined && password === null) return null;
  if (ipaddr.isValid(text.host)) {
    const refusal = refusalOf(text.host, text.port, { privateAllowed: text.allowPrivate, ownPort: sources.ownPort });
    if (refusal !== null) report('host', refusal.message);
  }
  const { to, from, host, port, tls } = text;
  return { ...common, type: 'email', to, from, host, port, tls, username: text.username ?? null, password, privateAllowed: text.allowPrivate, concurrency: text.concurrency ?? 1, paceMs: 0 };
}

function outside(text: Exclude<ReceiverText, { type: 'log' | 'email' }>, url: URL): { readonly url: URL; readonly privateAllowed: boolean } {
  return { url, privateAllowed: mayBePrivate(url, text) };
}

function urlOf(text: string, allowPrivate: readonly string[], { ownPort }: ReceiverSources, report: Report): URL | null {
  try {
    return checkUrl(text, { allowPrivate, ownPort });
  } catch (error) {
    if (!(error instanceof BlockedAddressError)) throw error;
    report('url', error.message);
    return null;
  }
}

function secretOf(reference: SecretReference, field: string, sources: ReceiverSources, report: Report): string | null {
  const secret = resolve(reference, field, sources, report);
  if (secret === null || canSign(secret)) return secret;
  report(field, 'must be 24 to 64 bytes in base64, with or without "whsec_" before it');
  return null;
}

function resolve(reference: SecretReference, field: string, { env, readSecret }: ReceiverSources, report: Report): string | null {
  if ('env' in reference) {
    const value = env[reference.env]?.trim() ?? '';
    if (value === '') report(field, `the environment variable ${reference.env} is not set`);
    return value === '' ? null : value;
  }
  try {
    return readSecret(reference.file).trim();
  } catch (error) {
    report(field, `the file ${reference.file} cannot be read: ${message(error)}`);
    return null;
  }
}

function nameOf(entry: unknown): string | null {
  return typeof entry === 'object' && entry !== null && 'name' in entry && typeof entry.name === 'string' ? `"${entry.name}"` : null;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
