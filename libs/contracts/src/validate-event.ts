import type { EventContract, FieldRule } from './event-contract.js';

/** Rules live as long as their contract, which is for ever. */
const patterns = new WeakMap<FieldRule, RegExp>();

function patternOf(rule: FieldRule, text: string): RegExp {
  const known = patterns.get(rule);
  if (known !== undefined) return known;
  const pattern = new RegExp(text, 'u');
  patterns.set(rule, pattern);
  return pattern;
}

/** Explains the first rule of the contract that the event breaks, as `path: reason`; null where it breaks none. */
export function findViolation<E>(contract: EventContract<E>, event: E): string | null {
  for (const rule of contract.rules) {
    const violation = check(rule, event, 0, '');
    if (violation !== null) return violation;
  }
  return null;
}

function check(rule: FieldRule, value: unknown, depth: number, path: string): string | null {
  const step = rule.path[depth];
  if (step === undefined) return describe(rule, value, path);
  if (step === '[]') {
    if (!Array.isArray(value)) return null;
    for (const [index, item] of value.entries()) {
      const violation = check(rule, item, depth + 1, `${path}[${String(index)}]`);
      if (violation !== null) return violation;
    }
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const next: unknown = Reflect.get(value, step);
  return check(rule, next, depth + 1, path === '' ? step : `${path}.${step}`);
}

function describe(rule: FieldRule, value: unknown, path: string): string | null {
  if (typeof value === 'number') {
    if (rule.minimum !== undefined && !(value >= rule.minimum)) return `${path}: ${String(value)} is less than ${String(rule.minimum)}`;
    if (rule.maximum !== undefined && !(value <= rule.maximum)) return `${path}: ${String(value)} is more than ${String(rule.maximum)}`;
  }
  if (typeof value === 'string') {
    if (rule.minLength !== undefined && value.length < rule.minLength) return `${path}: is shorter than ${String(rule.minLength)}`;
    if (rule.pattern !== undefined && !patternOf(rule, rule.pattern).test(value)) return `${path}: ${JSON.stringify(value.slice(0, 80))} does not match ${rule.pattern}`;
  }
  return null;
}
