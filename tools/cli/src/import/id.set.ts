/** Where an id was met. */
export const PUBLISHED = 1;
export const IN_THIS_RUN = 2;

const WORDS = 4;
const FIRST_CAPACITY = 1 << 12;

/** A set of UUIDs at 21 bytes a slot (about 30 to 60 bytes an id), where a Set of strings takes over a hundred. */
export class IdSet {
  private capacity = FIRST_CAPACITY;
  private words = new Uint32Array(FIRST_CAPACITY * WORDS);
  private marks = new Uint8Array(FIRST_CAPACITY);
  private contents = new Uint32Array(FIRST_CAPACITY);
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** The marks of the id, 0 where it is not in. Text that is no UUID is never in. */
  marksOf(id: string): number {
    const key = parse(id);
    return key === null ? 0 : (this.marks[this.slotOf(key)] ?? 0);
  }

  /** Hash of the content the id was last marked with. */
  contentOf(id: string): number {
    const key = parse(id);
    return key === null ? 0 : (this.contents[this.slotOf(key)] ?? 0);
  }

  /** Adds the mark; returns the marks there were before. Text that is no UUID is left out. */
  mark(id: string, mark: number, content = 0): number {
    const key = parse(id);
    if (key === null) return 0;
    if (this.count * 3 > this.capacity * 2) this.grow();
    const slot = this.slotOf(key);
    const before = this.marks[slot] ?? 0;
    if (before === 0) {
      this.words.set(key, slot * WORDS);
      this.count += 1;
    }
    this.marks[slot] = before | mark;
    if ((before & mark) === 0) this.contents[slot] = content;
    return before;
  }

  private slotOf(key: Key): number {
    let slot = (key[0] ^ key[3]) & (this.capacity - 1);
    while (this.marks[slot] !== 0 && !this.holds(slot, key)) slot = (slot + 1) & (this.capacity - 1);
    return slot;
  }

  private holds(slot: number, key: Key): boolean {
    const at = slot * WORDS;
    return key.every((word, index) => this.words[at + index] === word);
  }

  private grow(): void {
    const { words, marks, contents, capacity } = this;
    this.capacity = capacity * 2;
    this.words = new Uint32Array(this.capacity * WORDS);
    this.marks = new Uint8Array(this.capacity);
    this.contents = new Uint32Array(this.capacity);
    for (let slot = 0; slot < capacity; slot += 1) {
      const mark = marks[slot] ?? 0;
      if (mark === 0) continue;
      const [a = 0, b = 0, c = 0, d = 0] = words.subarray(slot * WORDS, slot * WORDS + WORDS);
      const target = this.slotOf([a, b, c, d]);
      this.words.set([a, b, c, d], target * WORDS);
      this.marks[target] = mark;
      this.contents[target] = contents[slot] ?? 0;
    }
  }
}

type Key = readonly [number, number, number, number];

function parse(id: string): Key | null {
  if (id.length !== 36) return null;
  const a = parseInt(id.slice(0, 8), 16);
  const b = parseInt(id.slice(9, 13) + id.slice(14, 18), 16);
  const c = parseInt(id.slice(19, 23) + id.slice(24, 28), 16);
  const d = parseInt(id.slice(28), 16);
  return Number.isNaN(a + b + c + d) ? null : [a, b, c, d];
}
