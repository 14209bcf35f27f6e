import { type CompileContext, type Path, asList, asText, isRecord, refuseOtherKeys } from './compile.context.js';
import { Decimal } from './decimal.js';
import { compileStep } from './expression.steps.js';
import { SpecError } from './import.errors.js';
import { type Row } from './row.types.js';
import { type Evaluator, type RowFinder, type Scope, type Value, withBound } from './scope.js';
import { toDecimal, toText } from './value.conversion.js';

type Compiler = (spec: Readonly<Record<string, unknown>>, context: CompileContext, path: Path) => Evaluator;

const FORMS: Readonly<Record<string, Compiler>> = {
  from: compilePipeline,
  first: (spec, context, path) => {
    refuseOtherKeys(spec, ['first'], path);
    const options = compileList(spec['first'], context, [...path, 'first']);
    return (scope) => {
      for (const option of options) {
        const value = option(scope);
        if (value !== null) return value;
      }
      return null;
    };
  },
  if: (spec, context, path) => {
    refuseOtherKeys(spec, ['if', 'then', 'else'], path);
    const test = context.test(spec['if'], [...path, 'if']);
    const then = compileExpression(spec['then'], context, [...path, 'then']);
    const other = compileExpression(spec['else'] ?? null, context, [...path, 'else']);
    return (scope) => (test(scope) ? then(scope) : other(scope));
  },
  literal: (spec, _context, path) => {
    refuseOtherKeys(spec, ['literal'], path);
    const text = asText(spec['literal'], [...path, 'literal']);
    return () => text;
  },
  add: fold('add', (left, right) => left.add(right)),
  subtract: fold('subtract', (left, right) => left.add(right.negate())),
  multiply: fold('multiply', (left, right) => left.multiply(right)),
  sum: compileSum,
  count: compileCount,
};

/**
 * Compiles an expression: a text is a template (`guest:{InvoiceNo}`; `{Column}` alone is the column), a number or boolean is itself, an
 * object is one of the forms in docs/importing.md. Throws {@link SpecError} with the place.
 */
export function compileExpression(spec: unknown, context: CompileContext, path: Path): Evaluator {
  if (spec === null || spec === undefined) return () => null;
  if (typeof spec === 'string') return compileTemplate(spec, context, path);
  if (typeof spec === 'boolean') return () => spec;
  if (typeof spec === 'number') {
    const value = Number.isSafeInteger(spec) ? spec : toDecimal(String(spec));
    return () => value;
  }
  if (!isRecord(spec)) throw new SpecError(path, 'a list is no expression');
  const name = Object.keys(FORMS).find((form) => form in spec);
  const form = name === undefined ? undefined : FORMS[name];
  if (form === undefined) throw new SpecError(path, `is no expression; begin it with one of ${Object.keys(FORMS).join(', ')}`);
  return form(spec, context, path);
}

function compileTemplate(template: string, context: CompileContext, path: Path): Evaluator {
  const parts = template.split(/(\{[^{}]*\})/).filter((part) => part !== '');
  const compiled = parts.map((part) => (isReference(part) ? compileReference(part.slice(1, -1), context, path) : part));
  const [only] = compiled;
  if (only === undefined) return () => '';
  if (compiled.length === 1) return typeof only === 'string' ? () => only : only;
  return (scope) => {
    let text = '';
    for (const part of compiled) {
      const value = typeof part === 'string' ? part : toText(part(scope));
      if (value === null) return null;
      text += value;
    }
    return text;
  };
}

function isReference(part: string): boolean {
  return part.startsWith('{') && part.endsWith('}');
}

/** A column, or `join.column`: of the record `each` is at, else of the join's first record. */
function compileReference(name: string, context: CompileContext, path: Path): Evaluator {
  if (name === '') throw new SpecError(path, '"{}" names no column');
  const dot = name.indexOf('.');
  const head = dot < 0 ? '' : name.slice(0, dot);
  const finder = context.joins.get(head);
  if (finder === undefined) {
    context.columns.add(name);
    return (scope) => (dot < 0 ? scope.row.get(name) : getNested(scope, head, name));
  }
  const column = name.slice(dot + 1);
  context.noteJoinColumn(head, column);
  return (scope) => (scope.bound[head] ?? finder(scope)[0])?.get(column) ?? null;
}

function getNested(scope: Scope, head: string, name: string): Value {
  const bound = scope.bound[head];
  return bound === undefined ? scope.row.get(name) : bound.get(name.slice(head.length + 1));
}

function compilePipeline(spec: Readonly<Record<string, unknown>>, context: CompileContext, path: Path): Evaluator {
  refuseOtherKeys(spec, ['from', 'do'], path);
  const from = compileExpression(spec['from'], context, [...path, 'from']);
  const steps = asList(spec['do'] ?? [], [...path, 'do']).map((step, index) => compileStep(step, context, [...path, 'do', index]));
  return (scope) => {
    let value = from(scope);
    for (const step of steps) value = step(value);
    return value;
  };
}

function compileList(spec: unknown, context: CompileContext, path: Path): Evaluator[] {
  const list = asList(spec, path);
  if (list.length === 0) throw new SpecError(path, 'is empty');
  return list.map((item, index) => compileExpression(item, context, [...path, index]));
}

function fold(name: string, combine: (left: Decimal, right: Decimal) => Decimal): Compiler {
  return (spec, context, path) => {
    refuseOtherKeys(spec, [name], path);
    const operands = compileList(spec[name], context, [...path, name]);
    return (scope) => {
      let result: Decimal | null = null;
      for (const operand of operands) {
        const value = operand(scope);
        if (value === null) return null;
        const decimal = toDecimal(value);
        result = result === null ? decimal : combine(result, decimal);
      }
      return result;
    };
  };
}

/** The records `each` walks: of a join, or of a nested list of a JSON row. */
export function compileEach(each: unknown, context: CompileContext, path: Path): { readonly name: string; readonly find: RowFinder } {
  const name = asText(each, path);
  const finder = context.joins.get(name);
  return { name, find: finder ?? ((scope): readonly Row[] => scope.row.items(name)) };
}

function compileSum(spec: Readonly<Record<string, unknown>>, context: CompileContext, path: Path): Evaluator {
  refuseOtherKeys(spec, ['sum', 'each'], path);
  const { name, find } = compileEach(spec['each'], context, [...path, 'each']);
  const of = compileExpression(spec['sum'], context, [...path, 'sum']);
  return (scope) => {
    let sum = Decimal.fromInteger(0);
    for (const row of find(scope)) {
      const value = of(withBound(scope, name, row));
      if (value !== null) sum = sum.add(toDecimal(value));
    }
    return sum;
  };
}

function compileCount(spec: Readonly<Record<string, unknown>>, context: CompileContext, path: Path): Evaluator {
  refuseOtherKeys(spec, ['count'], path);
  const { find } = compileEach(spec['count'], context, [...path, 'count']);
  return (scope) => find(scope).length;
}
