import { chanceOf, eventIdOf, hashOf } from './event.identity.js';
import { IN_THIS_RUN, type IdSet } from './id.set.js';
import { RowError } from './import.errors.js';
import { type Delivery, type DeliveryOptions, byDue } from './import.types.js';
import { type Mapping } from './mapping.compiler.js';
import { type Draft } from './row.mapper.js';
import { SpillingSorter } from './spilling.sorter.js';
import { WindowSorter } from './window.sorter.js';

const DELAY = 1;
const CHOSEN = 2;
const COPY_DELAY = 3;

/** Gives events their ids, drops those that another row gave already, and puts the rest in the order of delivery. */
export class DeliveryQueue {
  private readonly full: SpillingSorter<Delivery> | null;
  private readonly window: WindowSorter<Delivery> | null;
  private sequence = 0;
  private repeated = 0;
  private latest = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly mapping: Mapping,
    private readonly options: DeliveryOptions,
    private readonly ids: IdSet,
    maxItems?: number,
  ) {
    // Where the newest event is to become now, all must be known before the first is sent.
    const endsNow = options.shiftToNow && options.speed === 'max';
    const windowMs = endsNow ? null : mapping.windowMs;
    this.full = windowMs === null ? new SpillingSorter({ compare: byDue, ...(maxItems === undefined ? {} : { maxItems }) }) : null;
    this.window = windowMs === null ? null : new WindowSorter(byDue, (item) => item.due, windowMs);
  }

  /** Rows whose event another row of this run had given. */
  get duplicateRows(): number {
    return this.repeated;
  }

  get outOfOrder(): number {
    return this.window?.outOfOrder ?? 0;
  }

  /** Time of the newest event, UTC ms. */
  get latestAt(): number {
    return this.latest;
  }

  /** Takes an event, once. Throws {@link RowError} where another row gave the same id to another event. */
  async add(draft: Draft): Promise<void> {
    const id = this.identify(draft);
    if (id === null) {
      this.repeated += 1;
      return;
    }
    this.latest = Math.max(this.latest, draft.at);
    const { seed, shuffleMs, duplicateRate } = this.options;
    const due = draft.at + Math.floor(chanceOf(id, seed, DELAY) * shuffleMs);
    await this.put(draft, id, due, false);
    if (chanceOf(id, seed, CHOSEN) < duplicateRate) {
      await this.put(draft, id, due + Math.floor(chanceOf(id, seed, COPY_DELAY) * shuffleMs), true);
    }
  }

  /** With a window: what can leave once rows have come to this time. */
  advance(time: number): readonly Delivery[] {
    return this.window?.advance(time) ?? [];
  }

  /** What is left, in order. */
  async *rest(): AsyncGenerator<readonly Delivery[]> {
    if (this.window !== null) yield this.window.drain();
    if (this.full !== null) yield* this.full.sorted();
  }

  async close(): Promise<void> {
    await this.full?.close();
  }

  /** The event's id; null where another row gave the same event. */
  private identify({ output: index, key, at, event }: Draft): string | null {
    const output = this.mapping.outputs[index];
    if (output === undefined) throw new RangeError('a draft is of an output of the mapping');
    const content = hashOf(`${String(at)}${JSON.stringify(event)}`);
    for (let occurrence = 1; ; occurrence += 1) {
      const id = eventIdOf(this.mapping.id, output.contract.topic, output.type, key, occurrence);
      if ((this.ids.mark(id, IN_THIS_RUN, content) & IN_THIS_RUN) === 0) return id;
      if (output.occurrence) continue;
      if (this.ids.contentOf(id) === content) return null;
      throw new RowError(`output ${output.name}: another row has this id, but is another event`, key.join(', '));
    }
  }

  private async put(draft: Draft, id: string, due: number, copy: boolean): Promise<void> {
    this.sequence += 1;
    const delivery: Delivery = { output: draft.output, id, event: draft.event, at: draft.at, due, sequence: this.sequence, copy };
    this.window?.add(delivery);
    if (this.full?.add(delivery) === true) await this.full.spill();
  }
}
