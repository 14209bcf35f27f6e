/** Cuts a byte stream into Kafka's frames: four bytes of length, then so many bytes. */
export class KafkaFrames {
  #held: Buffer = Buffer.alloc(0);

  constructor(private readonly onFrame: (frame: Buffer) => void) {}

  push(bytes: Buffer): void {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    for (;;) {
      if (this.#held.length < 4) return;
      const end = 4 + this.#held.readUInt32BE(0);
      if (this.#held.length < end) return;
      const frame = this.#held.subarray(0, end);
      this.#held = this.#held.subarray(end);
      this.onFrame(frame);
    }
  }
}
