import { deadLetterTopic, inLane, LATE_TOPIC, type EventContract } from '@millrace/contracts';
import type { TopicSpec } from '../port.js';

/** Room for the headers that a dead letter adds, so that the largest record of a topic still fits its dead-letter topic. */
const DEAD_LETTER_ROOM_BYTES = 64 * 1024;
const DEAD_LETTER_RETENTION_MS = 30 * 24 * 3_600_000;

/** The topic of a contract as it should be on the broker. */
export function contractTopic<E>(lane: string, contract: EventContract<E>): TopicSpec {
  const { partitions, retentionMs, cleanupPolicy, maxMessageBytes } = contract.settings;
  return {
    name: inLane(lane, contract.topic),
    partitions,
    config: { 'retention.ms': String(retentionMs), 'cleanup.policy': cleanupPolicy, 'max.message.bytes': String(maxMessageBytes) },
  };
}

/** Where `group` sets records of the contract aside: as many partitions as the source, so that order is kept. */
export function deadLetterSpec<E>(lane: string, contract: EventContract<E>, group: string, partitions: number): TopicSpec {
  return aside(deadLetterTopic(lane, contract.topic, group), partitions, contract.settings.maxMessageBytes);
}

/** Where late rows of the sources go, whole. */
export function lateTopicSpec(lane: string, sources: readonly EventContract<unknown>[]): TopicSpec {
  return aside(inLane(lane, LATE_TOPIC), 1, Math.max(...sources.map(({ settings }) => settings.maxMessageBytes)));
}

/** A topic for records of another one, with more headers. */
function aside(name: string, partitions: number, sourceBytes: number): TopicSpec {
  return {
    name,
    partitions,
    config: {
      'retention.ms': String(DEAD_LETTER_RETENTION_MS),
      'cleanup.policy': 'delete',
      'max.message.bytes': String(sourceBytes + DEAD_LETTER_ROOM_BYTES),
    },
  };
}
