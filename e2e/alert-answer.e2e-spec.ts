import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { alertEvent, fraudLabelEvent, inLane } from '@millrace/contracts';
import { contractTopic, type EventPublisher } from '@millrace/kafka';
import { address, createTestDatabase, makeAlert, ServiceProcess, testKafka, until, type TestDatabase, type TestKafka } from '@millrace/testing';
import type { Locator, Page } from 'playwright-core';
import { HttpReceiver } from '../services/notifier/test/http-receiver.js';
import { Chromium, PHONE, sidewaysScroll } from './support/chromium.js';

jest.setTimeout(120_000);

const SUMMARY = 'Order o-77 is very likely fraud';
const FINGERPRINT = '00000000000000f1';

interface Deed {
  readonly action: string;
  readonly author: string;
  readonly verdict: string | null;
  readonly comment: string;
}

describe('people answer an alert, in Chromium', () => {
  const chromium = Chromium.shared('answer');
  let test: TestKafka;
  let database: TestDatabase;
  let publisher: EventPublisher;
  let receiver: HttpReceiver;
  let folder: string;
  let notifier: ServiceProcess;
  let api: ServiceProcess;
  let page: Page;
  let complaints: readonly string[];

  beforeEach(async () => {
    test = testKafka();
    database = await createTestDatabase();
    publisher = await test.kafka.publisher();
    receiver = await HttpReceiver.start();
    const admin = await test.kafka.admin();
    await admin.createTopics([contractTopic(test.lane, alertEvent), contractTopic(test.lane, fraudLabelEvent)]);
    await admin.close();
    folder = await mkdtemp(join(tmpdir(), 'answer-'));
    await writeFile(join(folder, 'alertmanager.yml'), `route: { receiver: fraud-team, group_wait: 0s }\nreceivers: [{ name: fraud-team, webhook_configs: [{ url: "${receiver.url}/", millrace: { allow_private: ["${receiver.url}/"] } }] }]\n`);
    const env = { MILLRACE_LANE: test.lane, MILLRACE_POSTGRES_URL: database.url, MILLRACE_REDIS_URL: address('MILLRACE_REDIS_URL'), MILLRACE_NOTIFIER_DELIVERING_LANES: test.lane };
    notifier = await ServiceProcess.start('notifier', { ...env, MILLRACE_NOTIFIER_CONFIG: join(folder, 'alertmanager.yml') });
    api = await ServiceProcess.start('query-api', { ...env, MILLRACE_QUERY_API_NOTIFIER_URL: notifier.url });
    await publisher.publishAll(alertEvent, [makeAlert({
      fingerprint: FINGERPRINT, lane: test.lane, rule: 'fraud-likely', severity: 'critical', startsAt: Date.now() - 60_000, value: 0.97, threshold: 0.9, annotations: { summary: SUMMARY },
      labels: { rule: 'fraud-likely', severity: 'critical', lane: test.lane, category: 'fraud', order: 'o-77' },
    })]);
    await until('the team is told', () => receiver.posts.length === 1);
  });
  afterEach(async () => {
    await api.end();
    await notifier.end();
    await receiver.stop();
    await publisher.close();
    await test.clean();
    await database.drop();
    await rm(folder, { recursive: true });
  });

  const open = async (url: string, options = {}): Promise<void> => {
    ({ page, complaints } = await chromium.open(url, options));
  };
  const dialog = (): Locator => page.getByRole('dialog', { name: SUMMARY });
  /** The link that the message had, at this test's dashboard. */
  const link = (answer = ''): string => {
    const { alerts } = JSON.parse(receiver.posts[0]?.body ?? '') as { alerts: { millrace: { url: string; answerUrl: string } }[] };
    const url = new URL(alerts[0]?.millrace.answerUrl ?? '');
    return `${api.url}/${url.search}${answer === '' ? '' : `&answer=${answer}`}`;
  };
  const deeds = async (): Promise<readonly Deed[]> => ((await (await fetch(`${notifier.url}/alerts/${FINGERPRINT}/actions`)).json()) as { actions: Deed[] }).actions;

  it('one click in a message is a verdict, once, and a label of the order; the address forgets it', async () => {
    await open(link('false'), { viewport: PHONE });
    await dialog().getByText('Recorded: it was wrong.').waitFor();
    await dialog().getByRole('list', { name: 'What was done' }).getByText('fraud-team, by a link said: it was wrong').waitFor();
    expect(await page.evaluate('location.search')).not.toMatch(/token|answer/);
    expect(await sidewaysScroll(page)).toBe(0);
    await page.screenshot({ path: chromium.shot('answer-phone'), fullPage: true });
    expect(complaints).toEqual([]);
    await page.reload();
    await dialog().getByText('said: it was wrong').waitFor();
    expect(await deeds()).toMatchObject([{ action: 'judged', verdict: 'false', author: 'fraud-team, by a link' }]);
    const labels = await test.kafka.readTopic(inLane(test.lane, fraudLabelEvent.topic));
    expect(labels).toHaveLength(1);
    const [label] = labels;
    expect((await test.kafka.readEvent(fraudLabelEvent, { partition: label?.partition ?? -1, offset: Number(label?.offset) }))?.event).toMatchObject({ eventType: 'ALERT_OUTCOME', orderId: 'o-77', fraud: false });
  });

  it('whoever came by the link changes his mind without a name; at the desk one says who one is, acknowledges, comments, snoozes', async () => {
    await open(link('true'));
    await dialog().getByText('Recorded: it was right.').waitFor();
    await dialog().getByRole('button', { name: 'Unsure' }).click();
    await dialog().getByText('Recorded: unsure.').waitFor();
    await open(`${api.url}/?alert=${FINGERPRINT}`);
    await dialog().getByRole('button', { name: 'Acknowledge' }).click();
    await dialog().getByText('Say who you are first.').waitFor();
    await dialog().getByLabel('Your name').fill('Ann');
    await dialog().getByLabel('Comment, if any').fill('calling the customer');
    await dialog().getByRole('button', { name: 'Acknowledge' }).click();
    await dialog().getByRole('button', { name: 'Give it back' }).waitFor();
    await dialog().getByText('calling the customer').waitFor();
    await dialog().getByLabel('Snooze').selectOption('8h');
    await dialog().getByText(/^snoozed it until|Ann snoozed it until/).first().waitFor();
    await page.screenshot({ path: chromium.shot('answer-desk'), fullPage: true });
    expect((await deeds()).map(({ action, author, comment }) => [action, author, comment])).toEqual([
      ['snoozed', 'Ann', ''], ['acknowledged', 'Ann', 'calling the customer'], ['judged', 'fraud-team, by a link', ''], ['judged', 'fraud-team, by a link', ''],
    ]);
    expect(await (await fetch(`${notifier.url}/api/v2/silences`)).json()).toMatchObject([{ createdBy: 'Ann', status: { state: 'active' } }]);
    expect(complaints).toEqual([]);
  });

  it('a link that was tampered with answers nothing and says so; nobody answers from another page, and the notifier shows the dashboard nothing else', async () => {
    await open(link('true').replace(/token=[^.]+/, 'token=zzzzzz'));
    await dialog().getByText('The link does not belong to this alert, or is not whole.').waitFor();
    const post = (headers: Readonly<Record<string, string>>): Promise<Response> => fetch(`${api.url}/api/alerting/alerts/${FINGERPRINT}/verdict`, { method: 'POST', headers, body: JSON.stringify({ by: 'me', verdict: 'true' }) });
    expect((await post({ 'content-type': 'application/json', origin: 'http://evil.example' })).status).toBe(403);
    expect((await post({ 'content-type': 'text/plain', origin: api.url })).status).toBe(403);
    for (const path of ['silences', 'receivers', 'alerts/../receivers', 'alerts/%2e%2e/receivers', '-/reload', `alerts/${FINGERPRINT}/actions/more`]) {
      expect((await fetch(`${api.url}/api/alerting/${path}`)).status).toBe(404);
    }
    expect(await (await fetch(`${api.url}/api/alerting/rules?days=7`)).json()).toMatchObject({ days: 7, rules: [{ rule: 'fraud-likely', outages: 1 }] });
    expect(await deeds()).toEqual([]);
    await notifier.end('SIGKILL');
    expect((await fetch(`${api.url}/api/alerting/rules`)).status).toBe(503);
  });
});
