import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { FileError, unreadable, YamlFile } from '@millrace/service-kit/yaml-file';
import { compileOrderRule } from './orders/order-rule-compiler.js';
import type { OrderRule } from './orders/order-rule.js';
import type { Rule } from './rule.js';
import { compileRule } from './rule-compiler.js';
import { ruleFileSchema, ruleSchema } from './rule-schema.js';

const DEFAULT_TIME_ZONE = 'UTC';

/** A rules file that works. */
export interface RuleSet {
  /** About metrics. */
  readonly rules: readonly Rule[];
  readonly orderRules: readonly OrderRule[];
  /** Hash of the text: which version is in force. */
  readonly version: string;
}

/** Rules of every kind. */
export function ruleCount({ rules, orderRules }: RuleSet): number {
  return rules.length + orderRules.length;
}

/** Reads a rules file. Throws {@link FileError}, also where there is none. */
export async function readRules(file: string, timeZone?: string): Promise<RuleSet> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
  return parseRules(file, text, timeZone);
}

/** Reads rules of a shop in `timeZone` from YAML text; `file` is only named in problems. Throws {@link FileError} with all problems at once. */
export function parseRules(file: string, text: string, timeZone = DEFAULT_TIME_ZONE): RuleSet {
  const yaml = YamlFile.parse(file, text);
  const problems: string[] = [];
  const rules: Rule[] = [];
  const orderRules: OrderRule[] = [];
  const seen = new Set<string>();
  for (const [index, raw] of yaml.as(ruleFileSchema).rules.entries()) {
    const subject = { name: `rule ${ruleName(raw, index)}`, path: ['rules', index] };
    const report = (path: readonly PropertyKey[], reason: string): void => { problems.push(yaml.problem(path, reason, subject)); };
    const parsed = ruleSchema.safeParse(raw);
    if (!parsed.success) {
      for (const { path, message } of parsed.error.issues) report(path, message);
      continue;
    }
    if (seen.has(parsed.data.name)) report(['name'], 'another rule has this name');
    seen.add(parsed.data.name);
    const { data } = parsed;
    const compiled = data.kind === 'order' ? compileOrderRule(data) : compileRule(data, timeZone);
    if ('problems' in compiled) for (const { path, reason } of compiled.problems) report(path, reason);
    else if ('kind' in compiled.rule) orderRules.push(compiled.rule);
    else rules.push(compiled.rule);
  }
  if (problems.length > 0) throw new FileError(file, problems);
  return { rules, orderRules, version: createHash('sha256').update(text).digest('hex').slice(0, 12) };
}

function ruleName(raw: unknown, index: number): string {
  const named = typeof raw === 'object' && raw !== null && 'name' in raw && typeof raw.name === 'string';
  return named ? `"${String(raw.name)}"` : `number ${index + 1}`;
}
