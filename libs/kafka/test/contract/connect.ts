import type { KafkaConnection, KafkaSettings } from '@millrace/kafka';

/** What the contract suite tests: any client behind the port. */
export type CreateKafka = (settings: KafkaSettings) => KafkaConnection;
