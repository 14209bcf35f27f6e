import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startService, type RunningService } from '@millrace/service-kit';
import { until } from '@millrace/testing';
import { EmailChannel } from '../src/delivery/email-channel.js';
import { Links } from '../src/delivery/links.js';
import { notifier } from '../src/notifier.definition.js';
import type { EmailReceiver } from '../src/delivery/receiver.js';
import { NotifierRig } from './notifier-rig.js';
import { noticeOf } from './notices.js';
import { SmtpReceiver } from './smtp-receiver.js';

jest.setTimeout(120_000);

const CONTEXT = { links: new Links('http://127.0.0.1:8080/'), ownPort: 9 };
const GOING = new AbortController().signal;

function receiver(port: number, change: Partial<EmailReceiver> = {}): EmailReceiver {
  return {
    id: 'mail/email/0', name: 'mail', type: 'email', schedule: [0], concurrency: 1, rate: null, timeoutMs: 2_000, hello: null,
    to: ['ops@example.org', 'shop@example.org'], from: 'millrace@example.org', host: '127.0.0.1', port, tls: 'none', username: null, password: null, privateAllowed: true, ...change,
  };
}

describe('e-mail', () => {
  let smtp: SmtpReceiver;
  const channels: EmailChannel[] = [];
  const channel = (change: Partial<EmailReceiver> = {}): EmailChannel => {
    const made = new EmailChannel(receiver(smtp.port, change), CONTEXT);
    channels.push(made);
    return made;
  };
  const notice = noticeOf({ labels: { alertname: 'orders-drop' }, annotations: { summary: 'No orders\r\nBcc: thief@example.org' } });

  beforeEach(async () => {
    smtp = await SmtpReceiver.start();
  });
  afterEach(async () => {
    for (const made of channels.splice(0)) await made.close();
    await smtp.stop();
  });

  it('says what fires, to all, with one id over all attempts and no header that the alert smuggles in', async () => {
    const made = channel();
    expect(await made.send(notice, GOING)).toMatchObject({ outcome: 'delivered', statusCode: 250, error: null });
    await made.send(notice, GOING);
    const [mail, again] = smtp.mails;
    expect(mail).toMatchObject({ from: 'millrace@example.org', to: ['ops@example.org', 'shop@example.org'] });
    const [head = ''] = mail?.raw.split('\r\n\r\n') ?? [];
    expect(head).toMatch(/^Message-ID: <msg_1@millrace>$/m);
    expect(head).toMatch(/^Subject: \[FIRING\] orders-drop: No orders Bcc: thief@example\.org$/m);
    expect(head).not.toMatch(/^Bcc:/m);
    expect(head).toMatch(/^Auto-Submitted: auto-generated$/m);
    expect(mail?.raw).toContain('http://127.0.0.1:8080/?alert');
    expect(again?.raw).toContain('Message-ID: <msg_1@millrace>');
  });

  it.each([[421, 'retry'], [451, 'retry'], [550, 'failed'], [554, 'failed']] as const)('takes %i for: %s', async (code, outcome) => {
    smtp.refusals.push(code);
    expect(await channel().send(notice, GOING)).toMatchObject({ outcome, statusCode: code, responseExcerpt: `${String(code)} not now` });
    expect(smtp.mails).toHaveLength(0);
  });

  it('tries again where nobody listens, where the server hangs, and where TLS is not to be had', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    expect(await channel({ port: 1 }).send(notice, GOING)).toMatchObject({ outcome: 'retry', statusCode: null });
    expect(await channel({ port: (silent.address() as AddressInfo).port }).send(notice, GOING)).toMatchObject({ outcome: 'retry', statusCode: null });
    const plain = await channel({ tls: 'starttls' }).send(notice, GOING);
    expect(plain.outcome).not.toBe('delivered');
    expect(smtp.mails).toHaveLength(0);
    silent.close();
  });

  it('connects to no private address unless that is allowed, whatever name leads there', async () => {
    for (const host of ['127.0.0.1', 'localhost', '::1']) {
      expect(await channel({ host, privateAllowed: false }).send(notice, GOING)).toMatchObject({ outcome: 'failed', error: expect.stringMatching(/not allowed/) });
    }
    expect(smtp.mails).toHaveLength(0);
  });

  it('signs in, and gives up where it is refused', async () => {
    const guarded = await SmtpReceiver.start({ username: 'millrace', password: 'secret' });
    const credentials = { port: guarded.port, username: 'millrace' };
    expect(await channel({ ...credentials, password: 'secret' }).send(notice, GOING)).toMatchObject({ outcome: 'delivered' });
    expect(await channel({ ...credentials, password: 'wrong' }).send(notice, GOING)).toMatchObject({ outcome: 'failed', statusCode: 535 });
    expect(guarded.mails.map(({ user }) => user)).toEqual(['millrace']);
    await guarded.stop();
  });

  it('is a receiver like the others: retried, recorded, its password nowhere to be seen', async () => {
    const rig = await NotifierRig.open();
    const services: RunningService[] = [];
    try {
      await writeFile(join(rig.folder, 'password'), 'hunter2-hunter2');
      await rig.writeConfig(`  - { name: mail, email_configs: [{ to: ops@example.org, from: millrace@example.org, smarthost: "127.0.0.1:${String(smtp.port)}", require_tls: false, millrace: { allow_private: true, retry: [0, 0.05, 0.05] } }] }\n`);
      const service = await startService(notifier, { ...rig.env, MILLRACE_LOG_LEVEL: 'fatal' });
      services.push(service);
      smtp.refusals.push(451);
      await rig.publish(rig.alert());
      await until('it is delivered', async () => (await rig.deliveries()).every(({ state }) => state === 'delivered') && smtp.mails.length === 1);
      expect((await rig.attempts()).map(({ outcome, status_code: status }) => [outcome, status])).toEqual([['retry', 451], ['delivered', 250]]);
      const listed = await (await fetch(`${service.url}/receivers`)).text();
      expect(listed).toContain(`127.0.0.1:${String(smtp.port)}`);
      expect(listed).not.toContain('hunter2');
    } finally {
      for (const service of services) await service.stop();
      await rig.close();
    }
  });
});
