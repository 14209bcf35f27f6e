/** A condition on one label; a label that is not there is empty. */
export interface LabelMatcher {
  readonly name: string;
  readonly value: string;
  /** False: it must not be that. */
  readonly equal: boolean;
}

const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`;
const BARE = String.raw`[^\s{}!=~,\\"'\x60]+`;
const MATCHER = new RegExp(String.raw`\s*(?<name>${QUOTED}|${BARE})\s*(?<operator>!=|=)\s*(?<value>${QUOTED}|${BARE})\s*(?:,|$)`, 'suy');

/** Reads `a="b", c!="d"` as Alertmanager writes it, with or without braces; null where it is none. Expressions (`=~`, `!~`) are not read. */
export function parseLabelMatchers(text: string): readonly LabelMatcher[] | null {
  const inner = (/^\s*\{(.*)\}\s*$/su.exec(text)?.[1] ?? text).trim();
  const found: LabelMatcher[] = [];
  MATCHER.lastIndex = 0;
  while (MATCHER.lastIndex < inner.length) {
    const { name, operator, value } = MATCHER.exec(inner)?.groups ?? {};
    const [label, wanted] = [plain(name), plain(value)];
    if (label === null || wanted === null) return null;
    found.push({ name: label, value: wanted, equal: operator === '=' });
  }
  return found;
}

/** What stands in quotes may have JSON's escapes. */
function plain(word: string | undefined): string | null {
  if (word === undefined) return null;
  if (!word.startsWith('"')) return word;
  try {
    return JSON.parse(word) as string;
  } catch {
    return null;
  }
}
