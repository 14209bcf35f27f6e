/** The part of an HTTP response that a reader of the stream needs. */
export interface Sink {
  /** Bytes that wait to leave the process. */
  readonly writableLength: number;
  write(bytes: Buffer): boolean;
  end(): unknown;
  destroy(): unknown;
}

/** One reader of the stream with a bounded buffer: who is too slow for it is cut off rather than kept in memory. */
export class StreamReader {
  constructor(
    private readonly sink: Sink,
    private readonly limitBytes: number,
  ) {}

  /** False where the reader was too slow, and has been cut off. Waiting are at most the limit and one message. */
  send(bytes: Buffer): boolean {
    if (this.sink.writableLength > this.limitBytes) {
      this.sink.destroy();
      return false;
    }
    this.sink.write(bytes);
    return true;
  }

  end(): void {
    this.sink.end();
  }
}
