import { contracts, type EventContract } from '@millrace/contracts';
import { contractTopic, deadLetterSpec, lateTopicSpec, type TopicSpec } from '@millrace/kafka';

/** Consumer groups, without their lane, that set records of a topic aside. */
export function deadLetterGroups(topic: string): readonly string[] {
  if (topic === 'shop.inventory.v1') return ['metrics', 'metrics-sink'];
  if (topic === 'shop.fraud-labels.v1') return ['metrics', 'fraud-desk'];
  if (topic.startsWith('shop.')) return ['metrics'];
  if (topic === 'metrics.windows.v1') return ['metrics-sink', 'ruler'];
  if (topic === 'fraud.scores.v1' || topic === 'sim.truth.v1') return ['fraud-desk'];
  return topic === 'alerts.v1' ? ['notifier'] : [];
}

/** Every topic of a lane: the contracts', their dead letters', and the one for late rows. */
export function planTopics(lane: string): TopicSpec[] {
  const topics = contracts.map((contract) => contractTopic(lane, contract as EventContract<unknown>));
  const deadLetters = contracts.flatMap((contract) =>
    deadLetterGroups(contract.topic).map((group) => deadLetterSpec(lane, contract as EventContract<unknown>, group, contract.settings.partitions)),
  );
  const sources = contracts.filter(({ topic }) => topic.startsWith('shop.'));
  return [...topics, lateTopicSpec(lane, sources), ...deadLetters];
}

/** True for every topic, dead letters included, that only this lane (never `live`) has. */
export function isTopicOfLane(topic: string, lane: string): boolean {
  return topic.startsWith(`${lane}.`);
}

/** True for every consumer group that only this lane (never `live`) has. */
export function isGroupOfLane(group: string, lane: string): boolean {
  return group.startsWith(`${lane}.`);
}
