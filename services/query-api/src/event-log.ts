/** One event of the stream, as it goes over the wire. */
export interface StreamEvent {
  readonly id: string;
  readonly bytes: Buffer;
}

/** The latest events of this process, so that a reader that was away for a moment gets what it missed and no more. Bounded. */
export class EventLog {
  readonly #events: StreamEvent[] = [];
  readonly #epoch: string;
  #sequence = 0;
  #size = 0;

  /** @param epoch names this run of the process: ids of another one are not known here. */
  constructor(
    epoch: string,
    private readonly limits: { readonly events: number; readonly bytes: number },
  ) {
    this.#epoch = epoch;
  }

  /** Id of the latest event, also where it is none yet. */
  get lastId(): string {
    return `${this.#epoch}-${String(this.#sequence)}`;
  }

  append(type: string, data: unknown): StreamEvent {
    this.#sequence += 1;
    const event = { id: this.lastId, bytes: frame(type, data, this.lastId) };
    this.#events.push(event);
    this.#size += event.bytes.length;
    while (this.#events.length > this.limits.events || (this.#size > this.limits.bytes && this.#events.length > 1)) {
      this.#size -= this.#events.shift()?.bytes.length ?? 0;
    }
    return event;
  }

  /** The events after `id`; null where that cannot be told any more. */
  since(id: string): readonly StreamEvent[] | null {
    const match = /^([a-z0-9]+)-(\d{1,15})$/.exec(id);
    if (match?.[1] !== this.#epoch) return null;
    const missed = this.#sequence - Number(match[2]);
    if (missed < 0 || missed > this.#events.length) return null;
    return missed === 0 ? [] : this.#events.slice(-missed);
  }
}

/** An event in the format of server-sent events; JSON has no raw line breaks, so one data line is enough. */
export function frame(type: string, data: unknown, id?: string): Buffer {
  return Buffer.from(`event: ${type}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
}
