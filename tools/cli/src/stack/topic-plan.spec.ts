import { describe, expect, it } from '@jest/globals';
import { contracts } from '@millrace/contracts';
import { isGroupOfLane, isTopicOfLane, planTopics } from './topic-plan.js';

describe('planTopics', () => {
  it('holds every contract, its dead letters and the late topic, in the lane', () => {
    const names = planTopics('r1').map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([...contracts.map(({ topic }) => `r1.${topic}`), 'r1.metrics.late.v1']));
    expect(names).toEqual(
      expect.arrayContaining(['r1.shop.orders.v1.metrics.dlq', 'r1.metrics.windows.v1.metrics-sink.dlq', 'r1.metrics.windows.v1.ruler.dlq', 'r1.alerts.v1.notifier.dlq',
        'r1.shop.fraud-labels.v1.metrics.dlq', 'r1.shop.fraud-labels.v1.fraud-desk.dlq', 'r1.fraud.scores.v1.fraud-desk.dlq', 'r1.sim.truth.v1.fraud-desk.dlq']),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it('lets the largest record of a topic into its dead-letter topic with its new headers', () => {
    const topics = new Map(planTopics('live').map(({ name, config }) => [name, Number(config?.['max.message.bytes'])]));
    expect(topics.get('shop.orders.v1.metrics.dlq')).toBe((topics.get('shop.orders.v1') ?? 0) + 65_536);
  });
});

describe('what belongs to a lane', () => {
  it.each(['shop.orders.v1', 'r10.shop.orders.v1', 'metrics.late.v1'])('is not %s', (topic) => {
    expect(isTopicOfLane(topic, 'r1')).toBe(false);
  });

  it('is what bears its name', () => {
    expect(isTopicOfLane('r1.shop.orders.v1.metrics.dlq', 'r1')).toBe(true);
    expect(isGroupOfLane('r1.metrics-sink', 'r1')).toBe(true);
    expect(isGroupOfLane('metrics-sink', 'r1')).toBe(false);
  });
});
