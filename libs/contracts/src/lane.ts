/** A lane's name could not be used. */
export class LaneNameError extends Error {
  override readonly name = 'LaneNameError';
  constructor(readonly lane: string) {
    super(
      `"${lane}" cannot name a lane: use a lower-case letter, then at most 30 lower-case letters, digits or "-", ` +
        `and none of ${[...RESERVED].join(', ')} (they begin topics)`,
    );
  }
}

/** The lane of the real shop: its names carry no prefix. */
export const LIVE_LANE = 'live';

const RESERVED = new Set(['shop', 'sim', 'metrics', 'fraud', 'alerts']);
const PATTERN = /^[a-z][a-z0-9-]{0,30}$/;

/** Returns the lane's name unchanged. Throws {@link LaneNameError} where it cannot be part of a topic, group or key. */
export function parseLane(lane: string): string {
  if (!PATTERN.test(lane) || RESERVED.has(lane)) throw new LaneNameError(lane);
  return lane;
}

/** Name of a topic, or of a consumer group, as it is on the broker for this lane. */
export function inLane(lane: string, name: string): string {
  return lane === LIVE_LANE ? name : `${parseLane(lane)}.${name}`;
}

/** The topic as its contract names it; null where it is another lane's. */
export function topicOfLane(lane: string, name: string): string | null {
  const [first = ''] = name.split('.', 1);
  if (lane === LIVE_LANE) return RESERVED.has(first) ? name : null;
  return first === lane ? name.slice(lane.length + 1) : null;
}

/** Topic for records of `topic` that `group` (without its lane) could not handle. */
export function deadLetterTopic(lane: string, topic: string, group: string): string {
  return `${inLane(lane, topic)}.${group}.dlq`;
}

/** Topic for records that came after the watermark. */
export const LATE_TOPIC = 'metrics.late.v1';

/** Prefix of every Redis key of the lane. */
export function redisPrefix(lane: string): string {
  return `millrace:${parseLane(lane)}:`;
}

/** Registry subject of a topic's values: lanes share their schemas. */
export function subjectOf(topic: string): string {
  return `${topic}-value`;
}
