import { KafkaError } from '../errors.js';

/** A compressed batch is not what its codec says, or would fill the memory. */
export class CorruptBatchError extends KafkaError {
  override readonly name = 'CorruptBatchError';
  readonly retriable = false;
  constructor(
    readonly codec: string,
    detail: string,
  ) {
    super(`a ${codec} batch cannot be read: ${detail}`);
  }
}
