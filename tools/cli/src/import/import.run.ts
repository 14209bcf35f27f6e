import { setTimeout as sleep } from 'node:timers/promises';
import { DeliveryQueue } from './delivery.queue.js';
import { type EventData } from './event.builder.js';
import { RowError } from './import.errors.js';
import { IdSet, PUBLISHED } from './id.set.js';
import { type ImportSummary } from './import.summary.js';
import { type Delivery, type DeliveryOptions, type ImportTarget, type Outgoing } from './import.types.js';
import { LineGrouper } from './line.grouper.js';
import { type Mapping } from './mapping.compiler.js';
import { type RejectionReport } from './rejection.report.js';
import { RowMapper } from './row.mapper.js';
import { type RowBatch, type RowSource } from './row.source.js';
import { isBroken } from './row.types.js';

const BATCH = 2000;
/** Longest stretch without a look at the clock while events wait for their time. */
const TICK_MS = 100;

export interface ImportPlan {
  readonly mapping: Mapping;
  readonly source: RowSource;
  readonly report: RejectionReport;
  /** null: a dry run. */
  readonly target: ImportTarget | null;
  readonly lane: string;
  readonly options: DeliveryOptions;
  /** How many events the summary shows. */
  readonly samples: number;
  /** Ends the import after the batch in hand. */
  readonly signal: AbortSignal;
  /** Items the sorters hold before they use the disk; the default suits 1 GB. */
  readonly maxItems?: number;
}

/** One import from its files to the log. */
export class ImportRun {
  private readonly ids = new IdSet();
  private readonly queue: DeliveryQueue;
  private readonly grouper: LineGrouper;
  private readonly mapper: RowMapper;
  private readonly events = new Map<string, number>();
  private readonly sample: EventData[] = [];
  private readonly startedAt = Date.now();
  private readonly startedTick = performance.now();
  private rowsRead = 0;
  private counted = 0;
  private published = 0;
  private alreadyPublished = 0;
  private copies = 0;
  private first = Number.POSITIVE_INFINITY;
  private last = Number.NEGATIVE_INFINITY;
  /** Where event time and the clock meet: set with the first event that is sent. */
  private anchor: { readonly due: number; readonly clock: number } | null = null;
  private sending: Promise<void> = Promise.resolve();

  constructor(private readonly plan: ImportPlan) {
    const { mapping, options, report, maxItems } = plan;
    this.mapper = new RowMapper(mapping, options.shiftToNow, this.startedAt);
    this.queue = new DeliveryQueue(mapping, options, this.ids, maxItems);
    this.grouper = new LineGrouper(mapping, this.mapper, report, maxItems);
  }

  get progress(): { readonly rows: number; readonly published: number; readonly bytes: number; readonly size: number | null } {
    return { rows: this.rowsRead, published: this.published, bytes: this.plan.source.bytesRead, size: this.plan.source.size };
  }

  /** Reads, maps, sorts, publishes. Throws what the target throws, and `ImportInputError`; then the same command goes on where it ended. */
  async run(): Promise<ImportSummary> {
    const { plan } = this;
    try {
      await plan.target?.publishedIds((id) => this.ids.mark(id, PUBLISHED));
      for (const row of await plan.source.loadJoins()) plan.report.add(row);
      await this.deliver();
      await this.sending;
    } finally {
      await Promise.allSettled([this.sending]);
      await Promise.all([this.queue.close(), this.grouper.close(), plan.report.close()]);
    }
    return this.summary();
  }

  private async deliver(): Promise<void> {
    let batch: Outgoing[] = [];
    for await (const deliveries of this.deliveries()) {
      for (const delivery of deliveries) {
        if (this.isOver(delivery)) break;
        if (!this.isNew(delivery)) continue;
        if (this.waitFor(delivery) > 0) {
          await this.send(batch);
          batch = [];
          await this.untilDue(delivery);
        }
        if (this.plan.signal.aborted) return;
        batch.push(this.outgoing(delivery));
        if (batch.length < BATCH) continue;
        await this.send(batch);
        batch = [];
      }
      if (this.plan.signal.aborted || this.counted > (this.plan.options.limit ?? Number.POSITIVE_INFINITY)) break;
    }
    await this.send(batch);
  }

  /** Counts the event against the limit. */
  private isOver(delivery: Delivery): boolean {
    if (!delivery.copy) this.counted += 1;
    return this.counted > (this.plan.options.limit ?? Number.POSITIVE_INFINITY);
  }

  private isNew(delivery: Delivery): boolean {
    if ((this.ids.marksOf(delivery.id) & PUBLISHED) === 0) return true;
    if (!delivery.copy) this.alreadyPublished += 1;
    return false;
  }

  private async *deliveries(): AsyncGenerator<readonly Delivery[]> {
    for await (const batch of this.plan.source.batches()) {
      const reached = await this.take(batch);
      await this.plan.report.flush();
      if (this.plan.signal.aborted) return;
      yield this.queue.advance(reached);
    }
    for await (const draft of this.grouper.groups()) await this.queue.add(draft);
    yield* this.queue.rest();
  }

  /** Maps the rows; returns the time they have come to: the latest of the rows' earliest events. */
  private async take({ input, rows }: RowBatch): Promise<number> {
    let reached = Number.NEGATIVE_INFINITY;
    for (const item of rows) {
      this.rowsRead += 1;
      if (isBroken(item)) {
        this.plan.report.add(item);
        continue;
      }
      try {
        let earliest = Number.POSITIVE_INFINITY;
        for (const draft of this.mapper.map(input, item.row)) {
          earliest = Math.min(earliest, draft.at);
          if (this.plan.mapping.outputs[draft.output]?.grouped === true) await this.grouper.add(draft, item);
          else await this.queue.add(draft);
        }
        reached = Math.max(reached, earliest);
      } catch (error) {
        if (!(error instanceof RowError)) throw error;
        this.plan.report.add({ file: item.file, line: item.line, reason: error.reason, detail: error.detail, content: item.row.content() });
      }
    }
    return reached;
  }

  private async send(batch: readonly Outgoing[]): Promise<void> {
    // One batch is under way while the next is made; more would only be memory.
    await this.sending;
    if (batch.length === 0 || this.plan.target === null) return;
    this.sending = this.plan.target.publish(batch);
    // It is awaited with the next batch; until then a failure must not count as unhandled.
    this.sending.catch(() => undefined);
  }

  /** Milliseconds until the event's time has come. */
  private waitFor({ due }: Delivery): number {
    const { speed } = this.plan.options;
    this.anchor ??= { due, clock: Date.now() };
    if (speed === 'max' || this.plan.target === null) return 0;
    return this.anchor.clock + (due - this.anchor.due) / speed - Date.now();
  }

  private async untilDue(delivery: Delivery): Promise<void> {
    for (let wait = this.waitFor(delivery); wait > 0 && !this.plan.signal.aborted; wait = this.waitFor(delivery)) {
      await sleep(Math.min(wait, TICK_MS));
    }
  }

  private outgoing(delivery: Delivery): Outgoing {
    const output = this.plan.mapping.outputs[delivery.output];
    if (output === undefined) throw new RangeError('a delivery is of an output of the mapping');
    const occurredAt = this.timeOf(delivery);
    const event: EventData = { eventId: delivery.id, eventType: output.type, occurredAt, ...delivery.event };
    if (delivery.copy) this.copies += 1;
    else {
      const name = `${output.contract.topic} ${output.type}`;
      this.events.set(name, (this.events.get(name) ?? 0) + 1);
      this.published += 1;
      this.first = Math.min(this.first, occurredAt);
      this.last = Math.max(this.last, occurredAt);
      if (this.sample.length < this.plan.samples) this.sample.push(event);
    }
    return { contract: output.contract, event };
  }

  /** The event's own time, or the one it is shifted to. */
  private timeOf({ at }: Delivery): number {
    const { shiftToNow, speed } = this.plan.options;
    if (!shiftToNow || this.anchor === null) return at;
    if (speed === 'max') return at + (this.startedAt - this.queue.latestAt);
    return Math.round(this.anchor.clock + (at - this.anchor.due) / speed);
  }

  private summary(): ImportSummary {
    const { plan } = this;
    const seconds = (performance.now() - this.startedTick) / 1000;
    const bytesRead = plan.source.bytesRead;
    const rejected = plan.report.total;
    return {
      mapping: plan.mapping.id,
      lane: plan.lane,
      dryRun: plan.target === null,
      interrupted: plan.signal.aborted,
      rows: { read: this.rowsRead, rejected, rejectedByReason: plan.report.byReason },
      report: rejected === 0 ? null : plan.report.path,
      events: Object.fromEntries([...this.events].sort(([left], [right]) => (left < right ? -1 : 1))),
      published: this.published,
      alreadyPublished: this.alreadyPublished,
      duplicateRows: this.queue.duplicateRows,
      copies: this.copies,
      outOfOrder: this.queue.outOfOrder,
      firstEventAt: this.published === 0 ? null : new Date(this.first).toISOString(),
      lastEventAt: this.published === 0 ? null : new Date(this.last).toISOString(),
      bytesRead,
      seconds,
      rowsPerSecond: this.rowsRead / seconds,
      bytesPerSecond: bytesRead / seconds,
      ...(plan.samples > 0 ? { sample: this.sample } : {}),
    };
  }
}
