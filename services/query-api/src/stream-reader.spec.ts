import { describe, expect, it } from '@jest/globals';
import { StreamReader, type Sink } from './stream-reader.js';

class Pipe implements Sink {
  writableLength = 0;
  ended = false;
  destroyed = false;
  write(bytes: Buffer): boolean {
    this.writableLength += bytes.length;
    return false;
  }
  end(): void {
    this.ended = true;
  }
  destroy(): void {
    this.destroyed = true;
  }
}

describe('StreamReader', () => {
  it('cuts off a reader that takes nothing, before more than the limit and one message wait', () => {
    const pipe = new Pipe();
    const reader = new StreamReader(pipe, 100);
    const message = Buffer.alloc(40);
    expect([reader.send(message), reader.send(message), reader.send(message)]).toEqual([true, true, true]);
    expect(reader.send(message)).toBe(false);
    expect(pipe.destroyed).toBe(true);
    expect(pipe.writableLength).toBe(120);
  });

  it('keeps one that takes what it gets, however much that is', () => {
    const pipe = new Pipe();
    const reader = new StreamReader(pipe, 100);
    for (let at = 0; at < 50; at += 1) {
      expect(reader.send(Buffer.alloc(90))).toBe(true);
      pipe.writableLength = 0;
    }
    expect(pipe.destroyed).toBe(false);
  });
});
