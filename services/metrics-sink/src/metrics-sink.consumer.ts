import type { MetricWindow } from '@millrace/contracts';
import { InfrastructureError, type BatchContext, type ConsumedEvent } from '@millrace/kafka';
import { highestRevisions } from '@millrace/stores';
import type { MetricGauges } from './metric-gauges.js';
import { problemOf } from './window-check.js';
import type { WindowWriter } from './window-writer.js';

/** One batch of windows: what cannot be right aside, the rest to the stores, then to the gauges. */
export class WindowConsumer {
  constructor(
    private readonly lane: string,
    private readonly writer: WindowWriter,
    private readonly gauges: MetricGauges,
  ) {}

  async handle(events: readonly ConsumedEvent<MetricWindow>[], context: BatchContext): Promise<void> {
    const sound: MetricWindow[] = [];
    for (const record of events) {
      const problem = problemOf(record.event, this.lane);
      if (problem === null) sound.push(record.event);
      else context.reject(record, problem);
    }
    if (context.signal.aborted) throw new InfrastructureError('the partition was lost before the write');
    const windows = highestRevisions(sound);
    await this.writer.write(windows);
    this.gauges.observe(windows);
  }
}
