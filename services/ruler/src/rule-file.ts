import { createHash } from 'node:crypto';
import { LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import type { Rule } from './rule.js';
import { compileRule } from './rule-compiler.js';
import { ruleFileSchema, ruleSchema } from './rule-schema.js';

const DEFAULT_TIME_ZONE = 'UTC';

/** A rules file that works. */
export interface RuleSet {
  readonly rules: readonly Rule[];
  /** Hash of the text: which version is in force. */
  readonly version: string;
}

/** A rules file cannot be used. Each problem is one line: file, line, rule, field, reason. */
export class RuleFileError extends Error {
  override readonly name = 'RuleFileError';
  constructor(
    readonly file: string,
    readonly problems: readonly string[],
  ) {
    super(problems.join('\n'));
  }
}

/** Reads rules of a shop in `timeZone` from YAML text; `file` is only named in problems. Throws {@link RuleFileError} with all problems at once. */
export function parseRules(file: string, text: string, timeZone = DEFAULT_TIME_ZONE): RuleSet {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => `${file}:${lines.linePos(offset).line}`;
  if (document.errors.length > 0) throw new RuleFileError(file, document.errors.map(({ message, pos }) => `${at(pos[0])}: ${message}`));
  const envelope = ruleFileSchema.safeParse(document.toJS({ maxAliasCount: 50 }));
  const line = (path: readonly PropertyKey[]): string => at(offsetOf(document, path));
  if (!envelope.success) throw new RuleFileError(file, issues(envelope.error).map(({ path, reason }) => `${line(path)}: ${field(path)}${reason}`));

  const problems: string[] = [];
  const rules: Rule[] = [];
  const seen = new Set<string>();
  for (const [index, raw] of envelope.data.rules.entries()) {
    const name = ruleName(raw, index);
    const report = (path: readonly PropertyKey[], reason: string): void => {
      problems.push(`${line(['rules', index, ...path])}: rule ${name}: ${field(path)}${reason}`);
    };
    const parsed = ruleSchema.safeParse(raw);
    if (!parsed.success) {
      for (const { path, reason } of issues(parsed.error)) report(path, reason);
      continue;
    }
    if (seen.has(parsed.data.name)) report(['name'], 'another rule has this name');
    seen.add(parsed.data.name);
    const compiled = compileRule(parsed.data, timeZone);
    if ('rule' in compiled) rules.push(compiled.rule);
    else for (const { path, reason } of compiled.problems) report(path, reason);
  }
  if (problems.length > 0) throw new RuleFileError(file, problems);
  return { rules, version: createHash('sha256').update(text).digest('hex').slice(0, 12) };
}

function issues(error: z.ZodError): { path: readonly PropertyKey[]; reason: string }[] {
  return error.issues.map((issue) => ({ path: issue.path, reason: issue.message }));
}

function field(path: readonly PropertyKey[]): string {
  return path.length === 0 ? '' : `${path.map(String).join('.')}: `;
}

function ruleName(raw: unknown, index: number): string {
  const named = typeof raw === 'object' && raw !== null && 'name' in raw && typeof raw.name === 'string';
  return named ? `"${String(raw.name)}"` : `number ${index + 1}`;
}

/** Where the nearest existing node on the way to `path` begins. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) return Number(node.range[0]);
  }
  return 0;
}
