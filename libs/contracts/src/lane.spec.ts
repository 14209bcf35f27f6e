import { describe, expect, it } from '@jest/globals';
import { deadLetterTopic, inLane, LaneNameError, parseLane, redisPrefix, subjectOf, topicOfLane } from './lane.js';

describe('names in a lane', () => {
  it('leaves live names bare and prefixes those of any other lane', () => {
    expect(inLane('live', 'shop.orders.v1')).toBe('shop.orders.v1');
    expect(inLane('r1', 'shop.orders.v1')).toBe('r1.shop.orders.v1');
    expect(deadLetterTopic('live', 'shop.orders.v1', 'metrics')).toBe('shop.orders.v1.metrics.dlq');
    expect(deadLetterTopic('r1', 'shop.orders.v1', 'metrics')).toBe('r1.shop.orders.v1.metrics.dlq');
    expect(redisPrefix('r1')).toBe('millrace:r1:');
  });

  it('knows a topic without its lane, and what is not of the lane', () => {
    expect(topicOfLane('live', 'shop.orders.v1')).toBe('shop.orders.v1');
    expect(topicOfLane('r1', 'r1.shop.orders.v1')).toBe('shop.orders.v1');
    expect([topicOfLane('live', 'r1.shop.orders.v1'), topicOfLane('live', 'somebody-elses'), topicOfLane('r1', 'shop.orders.v1'), topicOfLane('r1', 'r11.shop.orders.v1')]).toEqual([null, null, null, null]);
  });

  it('shares schemas between lanes', () => {
    expect(subjectOf('shop.orders.v1')).toBe('shop.orders.v1-value');
  });

  it.each(['', 'R1', '1r', 'a.b', 'a:b', 'a b', 'x'.repeat(32), 'shop', 'metrics', 'a*'])('refuses %j', (name) => {
    expect(() => parseLane(name)).toThrow(LaneNameError);
    expect(() => inLane(name, 'shop.orders.v1')).toThrow(/cannot name a lane/u);
  });
});
