import { readFileSync } from 'node:fs';
import { dirname, resolve as resolvePath } from 'node:path';
import { FileError } from '@millrace/service-kit/yaml-file';
import ipaddr from 'ipaddr.js';
import type { AlertmanagerConfig } from '../routing/alertmanager-config.js';
import type { EmailText, ReceiverText, SecretReference, SlackText, WebhookText } from '../routing/config-schema.js';
import { integrationId } from '../routing/integration.js';
import { BlockedAddressError, checkUrl, mayBePrivate } from './address-guard.js';
import { refusalOf } from './guarded-socket.js';
import type { EmailReceiver, LogReceiver, Receiver, SlackReceiver, WebhookReceiver } from './receiver.js';
import { STANDARD_SCHEDULE } from './retry.js';
import type { Rate } from './token-bucket.js';
import { canSign } from './signature.js';

export interface ReceiverSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Our own HTTP port: never a receiver. */
  readonly ownPort: number;
  /** Longest attempt, ms. */
  readonly timeoutMs: number;
}

type Path = readonly PropertyKey[];
/** What any integration may say. */
type Common = Partial<Pick<WebhookText['millrace'], 'retry' | 'concurrency' | 'rate'>>;

/** Slack takes one message a second for a channel. */
const SLACK_RATE: Rate = { perSecond: 1, burst: 1 };
const SLACK_APP_URL = 'https://slack.com/api/chat.postMessage';
const CONCURRENCY = 8;
const IMPLICIT_TLS_PORT = 465;
const EMAIL_ADDRESS = /^[^\s@<>,"]+@[^\s@<>,"]+$/;

/** The integrations of all receivers with their secrets. Throws {@link FileError} with all problems, each with its line. */
export function compileReceivers(config: AlertmanagerConfig, sources: ReceiverSources): readonly Receiver[] {
  const compiler = new Compiler(config, sources);
  const receivers = [...config.receivers.values()].flatMap((receiver, index) => compiler.receiver(receiver, ['receivers', index]));
  if (compiler.problems.length > 0) throw new FileError(config.file, compiler.problems);
  return receivers;
}

class Compiler {
  readonly problems: string[] = [];

  constructor(
    private readonly config: AlertmanagerConfig,
    private readonly sources: ReceiverSources,
  ) {}

  receiver(text: ReceiverText, path: Path): readonly Receiver[] {
    const all = [
      ...text.webhook_configs.map((one, place) => this.#webhook(one, this.#common(text.name, 'webhook', place, one.millrace), [...path, 'webhook_configs', place])),
      ...text.slack_configs.map((one, place) => this.#slack(one, this.#common(text.name, 'slack', place, one.millrace), [...path, 'slack_configs', place])),
      ...text.email_configs.map((one, place) => this.#email(one, this.#common(text.name, 'email', place, one.millrace), [...path, 'email_configs', place])),
      ...text.millrace.log_configs.map((_, place): LogReceiver => ({ ...this.#common(text.name, 'log', place, {}), type: 'log' })),
    ];
    return all.filter((one) => one !== null);
  }

  #common(name: string, type: Receiver['type'], place: number, { retry, concurrency, rate }: Common): Omit<LogReceiver, 'type'> {
    return { id: integrationId(name, type, place), name, schedule: retry ?? STANDARD_SCHEDULE, concurrency: concurrency ?? CONCURRENCY, rate: rate ?? null, timeoutMs: this.sources.timeoutMs };
  }

  #webhook(text: WebhookText, common: Omit<LogReceiver, 'type'>, path: Path): WebhookReceiver | null {
    const { signing_secrets: references, allow_private: allowPrivate } = text.millrace;
    const secrets = references.map((reference, place) => this.#signingSecret(reference, [...path, 'millrace', 'signing_secrets', place])).filter((secret) => secret !== null);
    const [address, field] = text.url === undefined ? [this.#file(text.url_file ?? '', [...path, 'url_file']), 'url_file'] : [text.url, 'url'];
    const url = address === null ? null : this.#url(address, allowPrivate, [...path, field]);
    const { timeoutMs } = this.sources;
    if (text.timeout !== undefined && text.timeout > timeoutMs) this.#report([...path, 'timeout'], `must be at most the ${String(timeoutMs)} ms of MILLRACE_NOTIFIER_TIMEOUT_MS`);
    if (url === null || secrets.length < references.length) return null;
    return { ...common, type: 'webhook', timeoutMs: text.timeout ?? timeoutMs, url, privateAllowed: mayBePrivate(url, { allowPrivate }), secrets, maxAlerts: text.max_alerts };
  }

  #slack(text: SlackText, common: Omit<LogReceiver, 'type'>, path: Path): SlackReceiver | null {
    const { global } = this.config;
    const webhook = this.#oneSecret(text.millrace.api_url, text.api_url_file, path, 'api_url');
    const token = this.#oneSecret(text.millrace.app_token, text.app_token_file, path, 'app_token');
    if (webhook !== undefined && token !== undefined) {
      this.#report(path, 'has both an incoming webhook (api_url) and an app token: leave one out');
      return null;
    }
    if (webhook !== undefined) return this.#slackWebhook(text, webhook, common, path);
    if (token !== undefined) return this.#slackBot(text, token, common, path);
    if (global.slack_api_url_file !== undefined) return this.#slackWebhook(text, this.#file(global.slack_api_url_file, [...path, 'api_url_file']), common, path);
    if (global.slack_app_token_file !== undefined) return this.#slackBot(text, this.#file(global.slack_app_token_file, [...path, 'app_token_file']), common, path);
    this.#report(path, 'needs api_url_file, or app_token_file (millrace.api_url, millrace.app_token)');
    return null;
  }

  #slackWebhook(text: SlackText, address: string | null, common: Omit<LogReceiver, 'type'>, path: Path): SlackReceiver | null {
    if (isEdited(text)) this.#report(path, 'only an app can edit its messages: use app_token_file in place of api_url_file');
    const { allow_private: allowPrivate, concurrency = 1 } = text.millrace;
    const url = address === null ? null : this.#url(address, allowPrivate, path);
    return url === null ? null : { ...common, type: 'slack', concurrency, rate: common.rate ?? SLACK_RATE, url, privateAllowed: mayBePrivate(url, { allowPrivate }), token: null, channel: text.channel ?? null };
  }

  #slackBot(text: SlackText, token: string | null, common: Omit<LogReceiver, 'type'>, path: Path): SlackReceiver | null {
    const { allow_private: allowPrivate, concurrency = 1 } = text.millrace;
    const url = this.#url(text.app_url ?? this.config.global.slack_app_url ?? SLACK_APP_URL, allowPrivate, [...path, 'app_url']);
    if (url !== null && !url.pathname.endsWith('/chat.postMessage')) this.#report([...path, 'app_url'], 'must end with /chat.postMessage');
    if (text.channel === undefined) this.#report(path, 'needs a channel: a token belongs to none');
    if (url === null || token === null || text.channel === undefined) return null;
    return { ...common, type: 'slack', concurrency, rate: common.rate ?? SLACK_RATE, url, privateAllowed: mayBePrivate(url, { allowPrivate }), token, channel: text.channel, edits: isEdited(text) };
  }

  /** Undefined: neither is said; null: it cannot be read. */
  #oneSecret(reference: SecretReference | undefined, file: string | undefined, path: Path, field: string): string | null | undefined {
    if (reference !== undefined) return this.#secret(reference, [...path, 'millrace', field]);
    return file === undefined ? undefined : this.#file(file, [...path, `${field}_file`]);
  }

  #email(text: EmailText, common: Omit<LogReceiver, 'type'>, path: Path): EmailReceiver | null {
    const { global } = this.config;
    const before = this.problems.length;
    const addresses = this.#addresses(text, path);
    const server = this.#server(text.smarthost ?? global.smtp_smarthost, text.millrace.allow_private, path);
    const username = text.auth_username ?? global.smtp_auth_username ?? null;
    const password = this.#password(text, path);
    if ((username === null) !== (password === null)) this.#report(path, 'auth_username and a password (auth_password_file, or millrace.auth_password) go together');
    if (server === null || this.problems.length > before) return null;
    const { concurrency, allow_private: privateAllowed } = text.millrace;
    return { ...common, type: 'email', concurrency: concurrency ?? 1, ...addresses, ...server, hello: text.hello ?? global.smtp_hello ?? null, tls: this.#tls(text, server.port), username, password, privateAllowed };
  }

  #addresses(text: EmailText, path: Path): { readonly to: readonly string[]; readonly from: string } {
    const from = text.from ?? this.config.global.smtp_from ?? '';
    const to = text.to.split(',').map((address) => address.trim());
    for (const address of to) if (!EMAIL_ADDRESS.test(address)) this.#report([...path, 'to'], `"${address}" is no e-mail address`);
    if (!EMAIL_ADDRESS.test(from)) this.#report([...path, 'from'], from === '' ? 'needs from, or global.smtp_from' : `"${from}" is no e-mail address`);
    return { to, from };
  }

  #tls(text: EmailText, port: number): EmailReceiver['tls'] {
    if (port === IMPLICIT_TLS_PORT) return 'implicit';
    return (text.require_tls ?? this.config.global.smtp_require_tls ?? true) ? 'starttls' : 'none';
  }

  #password(text: EmailText, path: Path): string | null {
    if (text.millrace.auth_password !== undefined) return this.#secret(text.millrace.auth_password, [...path, 'millrace', 'auth_password']);
    const file = text.auth_password_file ?? this.config.global.smtp_auth_password_file;
    return file === undefined ? null : this.#file(file, [...path, 'auth_password_file']);
  }

  #server(smarthost: string | undefined, privateAllowed: boolean, path: Path): { readonly host: string; readonly port: number } | null {
    if (smarthost === undefined) {
      this.#report(path, 'needs smarthost, or global.smtp_smarthost');
      return null;
    }
    const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([a-zA-Z0-9._-]+)):(\d{1,5})$/.exec(smarthost) ?? [];
    const [host, port] = [bracketed ?? plain ?? '', Number(digits)];
    if (host === '' || port < 1 || port > 65_535) {
      this.#report([...path, 'smarthost'], `"${smarthost}" is no server with its port, such as smtp.example.com:587`);
      return null;
    }
    const refusal = ipaddr.isValid(host) ? refusalOf(host, port, { privateAllowed, ownPort: this.sources.ownPort }) : null;
    if (refusal !== null) this.#report([...path, 'smarthost'], `${refusal.message}; millrace: { allow_private: true } allows it`);
    return { host, port };
  }

  #url(text: string, allowPrivate: readonly string[], path: Path): URL | null {
    try {
      return checkUrl(text, { allowPrivate, ownPort: this.sources.ownPort });
    } catch (error) {
      if (!(error instanceof BlockedAddressError)) throw error;
      this.#report(path, `${error.message}; a private address is allowed by listing its URL under millrace: { allow_private: [...] }`);
      return null;
    }
  }

  #signingSecret(reference: SecretReference, path: Path): string | null {
    const secret = this.#secret(reference, path);
    if (secret === null || canSign(secret)) return secret;
    this.#report(path, 'must be 24 to 64 bytes in base64, with or without "whsec_" before it');
    return null;
  }

  #secret(reference: SecretReference, path: Path): string | null {
    if ('file' in reference) return this.#file(reference.file, path);
    const value = this.sources.env[reference.env]?.trim() ?? '';
    if (value === '') this.#report(path, `the environment variable ${reference.env} is not set`);
    return value === '' ? null : value;
  }

  /** Relative to the configuration file, as Alertmanager has it. */
  #file(name: string, path: Path): string | null {
    try {
      return readFileSync(resolvePath(dirname(this.config.file), name), 'utf8').trim();
    } catch (error) {
      this.#report(path, `the file ${name} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  }

  #report(path: Path, reason: string): void {
    this.problems.push(this.config.problem(path, reason));
  }
}

function isEdited(text: SlackText): boolean {
  return text.update_message || text.message_strategy === 'update';
}
