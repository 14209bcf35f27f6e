/** A piece of JSON text and the line it begins at. */
export interface JsonPiece {
  readonly text: string;
  readonly line: number;
}

const MAX_PIECE = 1 << 20;

/** Cuts a stream of text into the objects of an array, or into objects one after another, without holding more than one of them. */
export class JsonSplitter {
  private line = 1;
  private depth = 0;
  private inString = false;
  private escaped = false;
  private started: { text: string; line: number } | null = null;
  /** Garbage between objects, to be reported. */
  private stray: { text: string; line: number } | null = null;

  /** Pieces that end within this chunk. */
  *push(chunk: string): Generator<JsonPiece> {
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const char = chunk[at] ?? '';
      if (this.started === null) {
        const stray = this.outside(char);
        if (stray !== null) yield stray;
        from = at;
      } else if (this.inside(char)) {
        yield { text: this.started.text + chunk.slice(from, at + 1), line: this.started.line };
        this.started = null;
      }
      if (char === '\n') this.line += 1;
    }
    if (this.started === null) return;
    this.started.text += chunk.slice(from);
    if (this.started.text.length > MAX_PIECE) {
      yield { text: this.started.text.slice(0, 200), line: this.started.line };
      this.started = null;
    }
  }

  /** What is left: an object that was never closed, or garbage. */
  *end(): Generator<JsonPiece> {
    if (this.started !== null) yield this.started;
    if (this.stray !== null) yield this.stray;
  }

  private outside(char: string): JsonPiece | null {
    if (char === '{') {
      this.started = { text: '', line: this.line };
      this.depth = 1;
      this.inString = false;
      this.escaped = false;
    }
    if (/[\s[\],{\uFEFF]/.test(char)) {
      const stray = this.stray;
      this.stray = null;
      return stray;
    }
    this.stray ??= { text: '', line: this.line };
    if (this.stray.text.length < 200) this.stray.text += char;
    return null;
  }

  /** True where the object ends with this character. */
  private inside(char: string): boolean {
    if (this.inString) {
      if (this.escaped) this.escaped = false;
      else if (char === '\\') this.escaped = true;
      else if (char === '"') this.inString = false;
      return false;
    }
    if (char === '"') this.inString = true;
    else if (char === '{' || char === '[') this.depth += 1;
    else if (char === '}' || char === ']') this.depth -= 1;
    return this.depth === 0;
  }
}
