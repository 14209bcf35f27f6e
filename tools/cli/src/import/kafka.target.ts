import { setTimeout as sleep } from 'node:timers/promises';
import { type EventContract, inLane } from '@millrace/contracts';
import { type EventPublisher, InfrastructureError, type KafkaConnection, type StoredRecord } from '@millrace/kafka';
import { type ImportTarget, type Outgoing } from './import.types.js';

/** Longest reading back of one topic, in ms; at 100,000 records a second that is 180 million. */
const READ_BACK_MS = 30 * 60_000;
const READ_BACK_ATTEMPTS = 5;
const READ_BACK_PAUSE_MS = 300;

/** Client id, and so `ce_source`, of an import: by it a later run knows its own events among others'. */
export function clientIdOf(mapping: string): string {
  return `import-${mapping}`;
}

/** Publishes into the topics of a lane. The log itself is the record of what has been published: nothing else can be out of step with it. */
export class KafkaTarget implements ImportTarget {
  private publisher: Promise<EventPublisher> | null = null;

  constructor(
    private readonly kafka: KafkaConnection,
    private readonly contracts: readonly EventContract<unknown>[],
    /** Topics that have just been created: there is nothing to read back from them. */
    private readonly fresh: ReadonlySet<string>,
  ) {}

  async publishedIds(visit: (id: string) => void): Promise<void> {
    const { lane, clientId } = this.kafka.settings;
    const source = `/millrace/${clientId}`;
    const read = (record: StoredRecord): void => {
      if (header(record, 'ce_source') === source) visit(header(record, 'ce_id') ?? '');
    };
    for (const topic of this.contracts.map((contract) => inLane(lane, contract.topic))) {
      if (!this.fresh.has(topic)) await this.scan(topic, read);
    }
  }

  /** Reads again after a passing fault, such as a partition that has no leader yet: an id that is visited twice does no harm. */
  private async scan(topic: string, read: (record: StoredRecord) => void): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.kafka.scanTopic(topic, read, READ_BACK_MS);
        return;
      } catch (error) {
        if (!(error instanceof InfrastructureError) || attempt === READ_BACK_ATTEMPTS) throw error;
        await sleep(attempt * READ_BACK_PAUSE_MS);
      }
    }
  }

  async publish(events: readonly Outgoing[]): Promise<void> {
    this.publisher ??= this.kafka.publisher();
    const publisher = await this.publisher;
    const byContract = new Map(this.contracts.map((contract): [EventContract<unknown>, unknown[]] => [contract, []]));
    for (const { contract, event } of events) byContract.get(contract)?.push(event);
    await Promise.all([...byContract].map(([contract, group]) => publisher.publishAll(contract, group)));
  }

  async close(): Promise<void> {
    await (await this.publisher)?.close();
  }
}

function header(record: StoredRecord, name: string): string | null {
  const value = record.headers[name];
  const first: Buffer | string | undefined = typeof value === 'string' || Buffer.isBuffer(value) ? value : value?.[0];
  return first === undefined ? null : first.toString();
}
