import { Environment, type ASTNode } from '@marcbachmann/cel-js';

/** A CEL expression cannot be used. */
export class CelError extends Error {
  override readonly name = 'CelError';
  constructor(readonly expression: string, readonly reason: string) {
    super(reason);
  }
}

export interface CelInput {
  readonly value: number;
  /** Events behind the value. */
  readonly count: number;
  /** Dimensions of the series. */
  readonly labels: Readonly<Record<string, string>>;
}

/** What a condition knows of a scored order. */
export interface OrderInput {
  /** Ids. */
  readonly order: string;
  readonly customer: string;
  /** Probability of fraud, 0 to 1. */
  readonly score: number;
  readonly decision: string;
  readonly rulesHit: readonly string[];
  /** Null: unknown; a comparison with it is false. */
  readonly features: Readonly<Record<string, number | null>>;
  /** Minor units; absent, as the currency, where the score does not say. */
  readonly total?: number;
  readonly currency?: string;
  readonly degraded: boolean;
}

export interface CelCondition<Input = CelInput> {
  readonly expression: string;
  /** An expression that fails on this input (a label that is missing) counts as false. */
  holds(input: Input): boolean;
}

const newEnvironment = (): Environment => new Environment({ limits: { maxAstNodes: 500, maxDepth: 30 } });

const WINDOW = newEnvironment()
  .registerVariable('value', 'double')
  .registerVariable('count', 'double')
  .registerVariable('labels', 'map<string, string>');

const ORDER = newEnvironment()
  .registerVariable('order', 'string')
  .registerVariable('customer', 'string')
  .registerVariable('score', 'double')
  .registerVariable('decision', 'string')
  .registerVariable('rulesHit', 'list<string>')
  .registerVariable('features', 'map<string, double>')
  .registerVariable('total', 'double')
  .registerVariable('currency', 'string')
  .registerVariable('degraded', 'bool');

/** Compiles a condition over `value`, `count` and `labels`. Throws {@link CelError} unless it is well-typed, boolean and free of `matches()`. */
export function compileCel(expression: string): CelCondition {
  return compile<CelInput>(WINDOW, expression);
}

/** As {@link compileCel}, over what is known of a scored order. */
export function compileOrderCel(expression: string): CelCondition<OrderInput> {
  return compile<OrderInput>(ORDER, expression);
}

function compile<Input extends object>(environment: Environment, expression: string): CelCondition<Input> {
  let program;
  try {
    program = environment.parse(expression);
  } catch (error) {
    throw new CelError(expression, firstLine(error));
  }
  if (calls(program.ast, 'matches')) throw new CelError(expression, 'matches() is not allowed: its regular expressions can run for ever');
  const checked = program.check();
  if (!checked.valid) throw new CelError(expression, firstLine(checked.error));
  if (checked.type !== 'bool') throw new CelError(expression, `must be a bool, not ${checked.type ?? 'unknown'}`);
  return {
    expression,
    holds: (input) => {
      try {
        return program({ ...input }) === true;
      } catch {
        // A label that this series does not have: the condition says nothing about it.
        return false;
      }
    },
  };
}

function calls(node: ASTNode, name: string): boolean {
  if ((node.op === 'call' || node.op === 'rcall') && node.args[0] === name) return true;
  return nodesIn(node.args).some((child) => calls(child, name));
}

function nodesIn(part: unknown): ASTNode[] {
  if (Array.isArray(part)) return part.flatMap(nodesIn);
  return isNode(part) ? [part] : [];
}

function isNode(part: unknown): part is ASTNode {
  return typeof part === 'object' && part !== null && 'op' in part && 'args' in part;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
