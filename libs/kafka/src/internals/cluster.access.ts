import type { Kafka, KafkaMessage } from 'kafkajs';

/** The part of kafkajs's `Cluster` that reads one place of a log. kafkajs itself reaches it by joining a consumer group, which takes seconds. */
export interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  /** Throws `UNKNOWN_TOPIC_OR_PARTITION`. */
  addTargetTopic(topic: string): Promise<void>;
  /** Partitions by the node id of their leader. */
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, readonly number[]>>;
  findBroker(leader: { readonly nodeId: string }): Promise<FetchingBroker>;
}

interface FetchingBroker {
  /** Throws the broker's error of a partition, such as `OFFSET_OUT_OF_RANGE`. */
  fetch(request: {
    readonly maxWaitTime: number;
    readonly topics: readonly { readonly topic: string; readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string; readonly maxBytes: number }[] }[];
  }): Promise<{ readonly responses: readonly { readonly partitions: readonly { readonly messages: readonly FetchedMessage[] }[] }[] }>;
}

/** A message of a fetched batch; the batch may begin before the offset asked for. */
export type FetchedMessage = KafkaMessage & { readonly isControlRecord?: boolean };

type CreateCluster = (options: { readonly allowAutoTopicCreation: boolean; readonly metadataMaxAge: number }) => Cluster;

const METADATA_MAX_AGE_MS = 300_000;

/** A cluster of its own, as each consumer of the client has one. kafkajs hides how it makes them behind a symbol (2.2.4, the last release, pinned). */
export function clusterOf(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === 'private:Kafka:createCluster');
  const create: unknown = symbol === undefined ? undefined : Reflect.get(kafka, symbol);
  if (typeof create !== 'function') throw new TypeError('this version of kafkajs makes its clusters in another way');
  return (create as CreateCluster)({ allowAutoTopicCreation: false, metadataMaxAge: METADATA_MAX_AGE_MS });
}
