import { fraudLabelEvent, fraudScore, truthEvent } from '@millrace/contracts';
import { subscribe, type KafkaConnection } from '@millrace/kafka';
import { DatabaseStart, superviseConsumer, type Lifecycle, type Metrics, type SupervisedConsumer } from '@millrace/service-kit';
import type { Logger } from 'pino';
import type { FraudDeskConfig } from './fraud-desk.config.js';
import type { FraudDeskConsumer } from './fraud-desk.consumer.js';
import type { QualityRunner } from './quality.runner.js';

const GROUP = 'fraud-desk';

interface Parts {
  readonly config: FraudDeskConfig;
  readonly kafka: KafkaConnection;
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly desk: FraudDeskConsumer;
  readonly quality: QualityRunner;
}

/** Starts the work once the app listens and the database is there: quality, then the consumer. */
export class FraudDeskRuntime {
  readonly #start: DatabaseStart;
  readonly #consumer: SupervisedConsumer;

  constructor(private readonly parts: Parts) {
    const { desk } = parts;
    this.#start = new DatabaseStart(parts);
    this.#consumer = superviseConsumer(parts, {
      group: GROUP,
      subscriptions: [
        subscribe(fraudScore, (events, context) => desk.scores(events, context)),
        subscribe(fraudLabelEvent, (events, context) => desk.labels(events, context)),
        subscribe(truthEvent, (events, context) => desk.truth(events, context)),
      ],
    });
  }

  onApplicationBootstrap(): void {
    this.#start.begin(() => {
      this.parts.quality.start();
      void this.#consumer.start();
    });
  }
}
