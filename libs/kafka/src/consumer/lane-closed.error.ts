import { KafkaError } from '../errors.js';

/** The partition is no longer ours, or the consumer stops: whatever is in hand is left to whoever comes next. */
export class LaneClosedError extends KafkaError {
  override readonly name = 'LaneClosedError';
  readonly retriable = false;
  constructor() {
    super('the partition is no longer ours');
  }
}
