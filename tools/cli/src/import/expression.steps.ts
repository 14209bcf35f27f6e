import { compileRegex } from './bounded-regex.js';
import { type CompileContext, type Path, asList, asText, asWhole, at, isRecord, onlyEntry, refuseOtherKeys } from './compile.context.js';
import { Decimal } from './decimal.js';
import { parseDuration } from './duration.js';
import { RowError, SpecError, quoted } from './import.errors.js';
import { type Value } from './scope.js';
import { compileTimestamp } from './timestamp.format.js';
import { safe, toDecimal, toText, toWhole } from './value.conversion.js';

type Present = Exclude<Value, null>;
/** One step of `do`. It never sees null, which passes through; `default` is the exception. */
export type Step = (value: Value) => Value;

const PLAIN: Readonly<Record<string, (value: Present) => Value>> = {
  trim: (value) => text(value).trim(),
  lower: (value) => text(value).toLowerCase(),
  upper: (value) => text(value).toUpperCase(),
  text: (value) => text(value),
  int: (value) => toWhole(value),
  decimal: (value) => toDecimal(value),
  negate: (value) => toDecimal(value).negate(),
  abs: (value) => toDecimal(value).abs(),
  boolean: (value) => toBoolean(value, TRUE_WORDS, FALSE_WORDS),
};
const TRUE_WORDS = new Set(['true', 't', 'yes', 'y', '1']);
const FALSE_WORDS = new Set(['false', 'f', 'no', 'n', '0']);

type StepCompiler = (argument: unknown, context: CompileContext, path: Path) => (value: Present) => Value;

const COMPILED: Readonly<Record<string, StepCompiler>> = {
  stripPrefix: (argument, _context, path) => {
    const prefix = asText(argument, path);
    return (value) => (text(value).startsWith(prefix) ? text(value).slice(prefix.length) : text(value));
  },
  stripSuffix: (argument, _context, path) => {
    const suffix = asText(argument, path);
    return (value) => (suffix !== '' && text(value).endsWith(suffix) ? text(value).slice(0, -suffix.length) : text(value));
  },
  replace: compileReplace,
  match: compileMatch,
  lookup: compileLookup,
  decimal: compileDecimal,
  money: compileMoney,
  round: (argument, _context, path) => {
    const places = asWhole(argument, path);
    return (value) => toDecimal(value).round(places);
  },
  times: (argument, _context, path) => {
    const factor = Decimal.parse(typeof argument === 'number' ? String(argument) : asText(argument, path));
    if (factor === null) throw new SpecError(path, 'must be a number');
    return (value) => toDecimal(value).multiply(factor);
  },
  time: compileTime,
  plus: (argument, _context, path) => {
    const duration = at(path, () => parseDuration(asText(argument, path)));
    return (value) => toWhole(value) + duration;
  },
  nullIf: (argument, _context, path) => {
    const words = new Set((Array.isArray(argument) ? argument : [argument]).map((word: unknown) => asText(word, path)));
    return (value) => (words.has(text(value)) ? null : value);
  },
  truncate: (argument, _context, path) => {
    const length = asWhole(argument, path);
    return (value) => text(value).slice(0, length);
  },
  boolean: (argument, _context, path) => {
    if (!isRecord(argument)) throw new SpecError(path, 'needs the lists true and false');
    refuseOtherKeys(argument, ['true', 'false'], path);
    const words = (key: string) => new Set(asList(argument[key], [...path, key]).map((word) => asText(word, path).toLowerCase()));
    const [yes, no] = [words('true'), words('false')];
    return (value) => toBoolean(value, yes, no);
  },
};

/** Compiles one element of a `do` list. */
export function compileStep(spec: unknown, context: CompileContext, path: Path): Step {
  if (typeof spec === 'string') {
    const plain = PLAIN[spec];
    if (plain === undefined) throw new SpecError(path, `"${spec}" is no step; knows ${stepNames()}`);
    return lift(plain);
  }
  if (!isRecord(spec)) throw new SpecError(path, 'must be the name of a step or {step: argument}');
  const [name, argument] = onlyEntry(spec, path);
  if (name === 'default') return compileDefault(argument, [...path, name]);
  const compile = COMPILED[name];
  if (compile === undefined) throw new SpecError(path, `"${name}" is no step; knows ${stepNames()}`);
  return lift(compile(argument, context, [...path, name]));
}

function stepNames(): string {
  return [...new Set([...Object.keys(PLAIN), ...Object.keys(COMPILED), 'default'])].sort().join(', ');
}

function lift(step: (value: Present) => Value): Step {
  return (value) => (value === null ? null : step(value));
}

function compileDefault(argument: unknown, path: Path): Step {
  if (typeof argument !== 'string' && typeof argument !== 'number' && typeof argument !== 'boolean') throw new SpecError(path, 'must be a constant');
  return (value) => value ?? argument;
}

function compileReplace(argument: unknown, _context: CompileContext, path: Path): (value: Present) => Value {
  if (!isRecord(argument)) throw new SpecError(path, 'needs {text, with}');
  refuseOtherKeys(argument, ['text', 'with'], path);
  const [find, put] = [asText(argument['text'], [...path, 'text']), asText(argument['with'], [...path, 'with'])];
  return (value) => text(value).replaceAll(find, () => put);
}

function compileMatch(argument: unknown, _context: CompileContext, path: Path): (value: Present) => Value {
  const spec = isRecord(argument) ? argument : { pattern: argument };
  refuseOtherKeys(spec, ['pattern', 'group'], path);
  const group = spec['group'] === undefined ? 0 : asWhole(spec['group'], [...path, 'group']);
  const find = at(path, () => compileRegex(asText(spec['pattern'], path), group));
  return (value) => find(text(value));
}

function compileLookup(argument: unknown, context: CompileContext, path: Path): (value: Present) => Value {
  const spec = isRecord(argument) ? argument : { table: argument };
  refuseOtherKeys(spec, ['table', 'missing'], path);
  const name = asText(spec['table'], path);
  const missing = spec['missing'] ?? 'null';
  const table = context.lookups.get(name);
  if (table === undefined) throw new SpecError(path, `there is no lookup "${name}"; there are: ${[...context.lookups.keys()].join(', ') || 'none'}`);
  if (missing !== 'null' && missing !== 'keep' && missing !== 'reject') throw new SpecError([...path, 'missing'], 'must be null, keep or reject');
  return (value) => {
    const found = table.get(text(value));
    if (found !== undefined) return found;
    if (missing === 'reject') throw new RowError(`not in lookup ${name}`, quoted(value));
    return missing === 'keep' ? value : null;
  };
}

/** Numbers as people write them: `{point: ',', group: '.'}` reads 1.234,56. */
function compileDecimal(argument: unknown, _context: CompileContext, path: Path): (value: Present) => Value {
  if (!isRecord(argument)) throw new SpecError(path, 'needs {point, group}');
  refuseOtherKeys(argument, ['point', 'group'], path);
  const point = asText(argument['point'] ?? '.', [...path, 'point']);
  const group = asText(argument['group'] ?? '', [...path, 'group']);
  return (value) => {
    if (typeof value !== 'string') return toDecimal(value);
    const plain = group === '' ? value : value.replaceAll(group, '');
    return toDecimal(point === '.' ? plain : plain.replace('.', '?').replace(point, '.'));
  };
}

/** Minor units, rounded half up: a number of places, or a currency whose places ISO 4217 gives. */
function compileMoney(argument: unknown, _context: CompileContext, path: Path): (value: Present) => Value {
  const places = typeof argument === 'string' ? at(path, () => placesOf(argument)) : asWhole(argument, path);
  if (places < 0 || places > 6) throw new SpecError(path, 'must be 0 to 6 places');
  return (value) => safe(toDecimal(value).toMinor(places));
}

function placesOf(currency: string): number {
  if (!Intl.supportedValuesOf('currency').includes(currency)) throw new SpecError([], `"${currency}" is no ISO 4217 currency`);
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

function compileTime(argument: unknown, context: CompileContext, path: Path): (value: Present) => Value {
  const spec = isRecord(argument) ? argument : { format: argument };
  refuseOtherKeys(spec, ['format', 'zone'], path);
  const zone = spec['zone'] === undefined ? undefined : asText(spec['zone'], [...path, 'zone']);
  const parse = at(path, () => compileTimestamp(asText(spec['format'], path), context.zone(zone)));
  return (value) => parse(text(value));
}

function toBoolean(value: Present, yes: ReadonlySet<string>, no: ReadonlySet<string>): boolean {
  if (typeof value === 'boolean') return value;
  const word = text(value).toLowerCase();
  if (yes.has(word)) return true;
  if (no.has(word)) return false;
  throw new RowError('not a boolean', quoted(value));
}

function text(value: Present): string {
  return toText(value) ?? '';
}
