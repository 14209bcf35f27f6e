import { compileRegex } from './bounded-regex.js';
import { type CompileContext, type Path, asList, asText, at, isRecord, refuseOtherKeys } from './compile.context.js';
import { Decimal } from './decimal.js';
import { compileExpression } from './expression.compiler.js';
import { SpecError } from './import.errors.js';
import { type Evaluator, type Test, type Value } from './scope.js';
import { toDecimal, toText } from './value.conversion.js';

type Operator = (argument: unknown, context: CompileContext, path: Path) => (value: Value, scope: Parameters<Evaluator>[0]) => boolean;

const OPERATORS: Readonly<Record<string, Operator>> = {
  eq: compare((left, right) => equal(left, right)),
  ne: compare((left, right) => !equal(left, right)),
  gt: compare((left, right) => order(left, right, (sign) => sign > 0)),
  gte: compare((left, right) => order(left, right, (sign) => sign >= 0)),
  lt: compare((left, right) => order(left, right, (sign) => sign < 0)),
  lte: compare((left, right) => order(left, right, (sign) => sign <= 0)),
  startsWith: onText((text, argument) => text.startsWith(argument)),
  endsWith: onText((text, argument) => text.endsWith(argument)),
  contains: onText((text, argument) => text.includes(argument)),
  in: (argument, _context, path) => {
    const words = new Set(asList(argument, path).map((word) => (typeof word === 'number' ? String(word) : asText(word, path))));
    return (value) => value !== null && words.has(toText(value) ?? '');
  },
  matches: (argument, _context, path) => {
    const find = at(path, () => compileRegex(asText(argument, path), 0));
    return (value) => value !== null && find(toText(value) ?? '') !== null;
  },
  empty: (argument, _context, path) => {
    if (typeof argument !== 'boolean') throw new SpecError(path, 'must be true or false');
    return (value) => (value === null) === argument;
  },
};

/**
 * Compiles `{all: […]}`, `{any: […]}`, `{not: …}` or `{value: expression, operator: argument}`. A comparison with an absent value is false,
 * save `ne`; `empty` asks for it. Throws {@link SpecError}.
 */
export function compileCondition(spec: unknown, context: CompileContext, path: Path): Test {
  if (!isRecord(spec)) throw new SpecError(path, 'must be {all}, {any}, {not} or {value, operator}');
  if ('value' in spec) return compileComparison(spec, context, path);
  const [name] = Object.keys(spec);
  if (name === 'not') {
    refuseOtherKeys(spec, ['not'], path);
    const test = compileCondition(spec['not'], context, [...path, 'not']);
    return (scope) => !test(scope);
  }
  if (name !== 'all' && name !== 'any') throw new SpecError(path, 'must begin with all, any, not or value');
  refuseOtherKeys(spec, [name], path);
  const tests = asList(spec[name], [...path, name]).map((item, index) => compileCondition(item, context, [...path, name, index]));
  return name === 'all' ? (scope) => tests.every((test) => test(scope)) : (scope) => tests.some((test) => test(scope));
}

function compileComparison(spec: Readonly<Record<string, unknown>>, context: CompileContext, path: Path): Test {
  refuseOtherKeys(spec, ['value', ...Object.keys(OPERATORS)], path);
  const value = compileExpression(spec['value'], context, [...path, 'value']);
  const tests = Object.entries(OPERATORS)
    .filter(([name]) => name in spec)
    .map(([name, compile]) => compile(spec[name], context, [...path, name]));
  if (tests.length === 0) throw new SpecError(path, `needs one of ${Object.keys(OPERATORS).join(', ')}`);
  return (scope) => {
    const found = value(scope);
    return tests.every((test) => test(found, scope));
  };
}

function compare(test: (left: Value, right: Value) => boolean): Operator {
  return (argument, context, path) => {
    const right = compileExpression(argument, context, path);
    return (left, scope) => test(left, right(scope));
  };
}

function onText(test: (text: string, argument: string) => boolean): Operator {
  return (argument, _context, path) => {
    const expected = asText(argument, path);
    return (value) => value !== null && test(toText(value) ?? '', expected);
  };
}

function equal(left: Value, right: Value): boolean {
  if (left === null || right === null) return false;
  if (isNumeric(left) || isNumeric(right)) {
    const [first, second] = [asNumber(left), asNumber(right)];
    return first !== null && second !== null && first.compare(second) === 0;
  }
  return String(left) === String(right);
}

function order(left: Value, right: Value, test: (sign: number) => boolean): boolean {
  return left !== null && right !== null && test(toDecimal(left).compare(toDecimal(right)));
}

function isNumeric(value: Value): boolean {
  return typeof value === 'number' || value instanceof Decimal;
}

function asNumber(value: Exclude<Value, null>): Decimal | null {
  if (value instanceof Decimal) return value;
  return typeof value === 'boolean' ? null : Decimal.parse(String(value));
}
