import kafkajs, { type Admin, type FetchOffsetsPartition, type ITopicConfig } from 'kafkajs';
import { BrokerRefusedError, InfrastructureError } from '../errors.js';
import { protocolErrorOf, rootCause } from '../kafkajs.client.js';
import type { EventAdmin, RecordPosition, TopicSpec } from '../port.js';
import { pause } from '../timing.js';

const SERVED_WITHIN_MS = 10_000;
const SERVED_CHECK_MS = 50;

export interface PartitionOffsets {
  readonly partition: number;
  readonly low: number;
  readonly high: number;
}

/** Errors that say the same thing would fail again; everything else may be the broker's absence. */
const LASTING = new Set(['INVALID_TOPIC_EXCEPTION', 'INVALID_PARTITIONS', 'INVALID_REPLICATION_FACTOR', 'INVALID_CONFIG', 'TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED']);

/** What a broker says while it comes up or a leader moves: the same question is answered a moment later. */
const SETTLING = new Set([
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
]);
const SETTLED_WITHIN_MS = 15_000;

/** A member that left in the middle of a rebalance stays in its group until the broker gives it up: a session timeout, 10 s by default. */
const LEFT_WITHIN_MS = 20_000;
const LEFT_CHECK_MS = 500;
const PASSING = new Set(['NON_EMPTY_GROUP', 'GROUP_ID_NOT_FOUND']);

export class KafkaAdmin implements EventAdmin {
  #admin: Promise<Admin> | undefined;

  /** @param create a new client: kafkajs never forgets a topic it was asked for, and once that is deleted every answer fails */
  constructor(private readonly create: () => Admin) {}

  /** Resolves once the broker answers. Throws {@link InfrastructureError}. */
  async connect(): Promise<void> {
    await this.#ask(() => Promise.resolve());
  }

  async createTopics(topics: readonly TopicSpec[]): Promise<string[]> {
    const existing = new Set(await this.listTopics());
    const missing = topics.filter((topic) => !existing.has(topic.name));
    if (missing.length === 0) return [];
    await this.#ask((admin) => admin.createTopics({ topics: missing.map(toKafka), waitForLeaders: false }));
    for (const topic of missing) await this.#untilServed(topic.name);
    return missing.map((topic) => topic.name);
  }

  /** The controller says "created" before the brokers know of it. */
  async #untilServed(topic: string): Promise<void> {
    const end = performance.now() + SERVED_WITHIN_MS;
    for (;;) {
      try {
        await this.offsets(topic);
        return;
      } catch (error) {
        if (!(error instanceof InfrastructureError) || performance.now() >= end) throw error;
        await pause(SERVED_CHECK_MS);
      }
    }
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    const existing = new Set(await this.listTopics());
    const topics = names.filter((name) => existing.has(name));
    if (topics.length > 0) await this.#ask((admin) => admin.deleteTopics({ topics }));
  }

  listTopics(): Promise<string[]> {
    return this.#ask((admin) => admin.listTopics());
  }

  async deleteGroups(groups: readonly string[]): Promise<void> {
    const end = performance.now() + LEFT_WITHIN_MS;
    for (;;) {
      const existing = new Set(await this.listGroups());
      const present = groups.filter((group) => existing.has(group));
      if (present.length === 0) return;
      try {
        await this.#ask((admin) => admin.deleteGroups(present));
        return;
      } catch (error) {
        const refused = refusedGroups(error);
        if (refused.length === 0) throw error;
        if (performance.now() >= end) throw new InfrastructureError(`Kafka: cannot delete ${refused.join(', ')}: somebody still consumes as that group`, { cause: error });
        await pause(LEFT_CHECK_MS);
      }
    }
  }

  async listGroups(): Promise<string[]> {
    const { groups } = await this.#ask((admin) => admin.listGroups());
    return groups.map((group) => group.groupId);
  }

  async offsets(topic: string): Promise<PartitionOffsets[]> {
    const partitions = await this.#ask((admin) => admin.fetchTopicOffsets(topic));
    return partitions
      .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
      .sort((a, b) => a.partition - b.partition);
  }

  /** Next offset that the group would read, per partition; partitions without one are absent. */
  async committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    const positions = await this.#committed(group, [topic]);
    return new Map(positions.map(({ partition, offset }) => [partition, offset]));
  }

  committedOffsets(group: string): Promise<RecordPosition[]> {
    return this.#committed(group, []);
  }

  /** @param topics none: all that the group has committed offsets of */
  async #committed(group: string, topics: string[]): Promise<RecordPosition[]> {
    const answers = await this.#ask((admin) => admin.fetchOffsets({ groupId: group, topics }));
    const place = (topic: string, { partition, offset }: FetchOffsetsPartition): RecordPosition => ({ topic, partition, offset: Number(offset) });
    return answers.flatMap(({ topic, partitions }) => partitions.map((answer) => place(topic, answer))).filter(({ offset }) => offset >= 0);
  }

  async topicSettings(topics: readonly string[]): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
    if (topics.length === 0) return new Map();
    const resources = topics.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name }));
    const answer = await this.#ask((admin) => admin.describeConfigs({ resources, includeSynonyms: false }));
    return new Map(answer.resources.map(({ resourceName, configEntries }) => [resourceName, Object.fromEntries(configEntries.map((entry) => [entry.configName, entry.configValue]))]));
  }

  async close(): Promise<void> {
    await this.#forget();
  }

  async #ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const end = performance.now() + SETTLED_WITHIN_MS;
    for (;;) {
      try {
        this.#admin ??= this.#connect();
        return await question(await this.#admin);
      } catch (error) {
        const type = protocolErrorOf(error);
        if (type !== undefined && LASTING.has(type)) throw new BrokerRefusedError(type, rootCause(error).message, error);
        await this.#forget();
        const settles = (type !== undefined && SETTLING.has(type)) || rootCause(error).name === 'KafkaJSGroupCoordinatorNotFound';
        if (!settles || performance.now() >= end) throw new InfrastructureError(`Kafka: ${rootCause(error).message}`, { cause: error });
        await pause(SERVED_CHECK_MS);
      }
    }
  }

  async #connect(): Promise<Admin> {
    const admin = this.create();
    await admin.connect();
    return admin;
  }

  /** The next question gets a fresh client. */
  async #forget(): Promise<void> {
    const held = this.#admin;
    this.#admin = undefined;
    const admin = await held?.catch(() => undefined);
    await admin?.disconnect().catch(() => undefined);
  }
}

/** Groups that the broker kept because they have members, or that somebody else deleted first: the next look tells. */
function refusedGroups(error: unknown): string[] {
  const cause = rootCause(error);
  if (!(cause instanceof kafkajs.KafkaJSDeleteGroupsError)) return [];
  return cause.groups.filter(({ error: reason }) => reason !== undefined && PASSING.has(protocolErrorOf(reason) ?? '')).map(({ groupId }) => groupId);
}

function toKafka(topic: TopicSpec): ITopicConfig {
  const configEntries = Object.entries(topic.config ?? {}).map(([name, value]) => ({ name, value }));
  return { topic: topic.name, numPartitions: topic.partitions, replicationFactor: -1, configEntries };
}
