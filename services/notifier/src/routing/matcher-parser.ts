import { Matcher, MatcherError, type MatchOperator } from './matcher.js';

const OPERATORS: readonly MatchOperator[] = ['=~', '!~', '!=', '='];
/** What ends a name or value without quotes. */
const RESERVED = /[\s{}!=~,\\"'`]/;
const CLASSIC = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*(.*?)\s*$/s;
const HEX: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
const ESCAPES: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', '"': '"' };

/**
 * Reads matchers as Alertmanager writes them: `{a="b", c=~"d.*"}`, with or without braces, names and values in any language. What is
 * none in that grammar is tried in the one before it (values without quotes may have blanks), as Alertmanager does. Throws {@link MatcherError}.
 */
export function parseMatchers(text: string): readonly Matcher[] {
  try {
    return new MatcherParser(text).all();
  } catch (error) {
    const classic = error instanceof MatcherError ? classicMatchers(text) : null;
    if (classic === null) throw error;
    return classic;
  }
}

function classicMatchers(text: string): readonly Matcher[] | null {
  const inner = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1] ?? text;
  const parts = splitOutsideQuotes(inner);
  const found = parts.map((part) => {
    const [, label, operator, raw] = CLASSIC.exec(part) ?? [];
    const value = raw === undefined ? null : classicValue(raw);
    return label === undefined || value === null ? null : new Matcher(label, operator as MatchOperator, value);
  });
  const matchers = found.filter((matcher) => matcher !== null);
  return matchers.length < found.length ? null : matchers;
}

/** Without quotes, or within both. */
function classicValue(raw: string): string | null {
  if (!raw.startsWith('"')) return raw.includes('"') ? null : raw;
  return raw.length > 1 && raw.endsWith('"') && !/[^\\](?:\\\\)*"./s.test(raw.slice(1)) ? raw.slice(1, -1).replace(/\\(["\\n])/g, (_, next: string) => (next === 'n' ? '\n' : next)) : null;
}

function splitOutsideQuotes(text: string): string[] {
  const parts: string[] = [];
  let part = '';
  let inQuotes = false;
  let escaped = false;
  for (const character of text) {
    if (character === ',' && !inQuotes) {
      parts.push(part);
      part = '';
      continue;
    }
    if (character === '"' && !escaped) inQuotes = !inQuotes;
    escaped = character === '\\' && !escaped;
    part += character;
  }
  return part.trim() === '' ? parts : [...parts, part];
}

class MatcherParser {
  #at = 0;

  constructor(private readonly text: string) {}

  all(): readonly Matcher[] {
    const braced = this.#take('{');
    const found: Matcher[] = [];
    while (!this.#atEnd(braced)) {
      if (found.length > 0 && !this.#take(',')) throw this.#unexpected('a comma');
      if (found.length > 0 && this.#atEnd(braced)) break;
      found.push(this.#matcher());
    }
    if (braced && !this.#take('}')) throw this.#unexpected('a closing brace');
    if (!this.#atEnd(false)) throw this.#unexpected('the end');
    return found;
  }

  #matcher(): Matcher {
    const label = this.#word('a label');
    const operator = OPERATORS.find((one) => this.#take(one));
    if (operator === undefined) throw this.#unexpected('=, !=, =~ or !~');
    return new Matcher(label, operator, this.#word('a value'));
  }

  #word(what: string): string {
    this.#skip();
    if (this.text[this.#at] === '"') return this.#quoted();
    const from = this.#at;
    while (this.#at < this.text.length && !RESERVED.test(this.text.charAt(this.#at))) this.#at += 1;
    if (this.#at === from) throw this.#unexpected(what);
    return this.text.slice(from, this.#at);
  }

  /** Go's string literals: an escape may stand for a byte of a character. */
  #quoted(): string {
    const bytes: Buffer[] = [];
    let from = (this.#at += 1);
    for (;;) {
      const character = this.text[this.#at];
      if (character === undefined || character === '\n') throw this.#unexpected('a closing quote');
      if (character === '"' || character === '\\') bytes.push(Buffer.from(this.text.slice(from, this.#at)));
      this.#at += 1;
      if (character === '"') break;
      if (character !== '\\') continue;
      bytes.push(this.#escape());
      from = this.#at;
    }
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(bytes));
    } catch {
      throw new MatcherError(`${JSON.stringify(this.text)}: what stands in quotes before place ${this.#at} is not UTF-8`);
    }
  }

  #escape(): Buffer {
    const kind = this.text.charAt(this.#at);
    const plain = ESCAPES[kind];
    if (plain !== undefined) {
      this.#at += 1;
      return Buffer.from(plain);
    }
    const octal = /^[0-3][0-7]{2}/.exec(this.text.slice(this.#at, this.#at + 3))?.[0];
    if (octal !== undefined) {
      this.#at += 3;
      return Buffer.from([Number.parseInt(octal, 8)]);
    }
    const length = HEX[kind] ?? 0;
    const digits = this.text.slice(this.#at + 1, this.#at + 1 + length);
    const code = Number.parseInt(digits, 16);
    if (length === 0 || !/^[0-9a-fA-F]+$/.test(digits) || digits.length < length || code > 0x10ffff) throw this.#unexpected('an escape');
    this.#at += 1 + length;
    return kind === 'x' ? Buffer.from([code]) : Buffer.from(String.fromCodePoint(code));
  }

  #take(token: string): boolean {
    this.#skip();
    if (!this.text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #skip(): void {
    while (/\s/.test(this.text.charAt(this.#at))) this.#at += 1;
  }

  #atEnd(braced: boolean): boolean {
    this.#skip();
    return this.#at >= this.text.length || (braced && this.text[this.#at] === '}');
  }

  #unexpected(wanted: string): MatcherError {
    const found = this.text[this.#at];
    return new MatcherError(`${JSON.stringify(this.text)}: ${wanted} was expected at place ${this.#at + 1}, not ${found === undefined ? 'the end' : JSON.stringify(found)}`);
  }
}
