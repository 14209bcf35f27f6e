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

export interface CelCondition {
  readonly expression: string;
  /** An expression that fails on this input (a label that is missing) counts as false. */
  holds(input: CelInput): boolean;
}

const ENVIRONMENT = new Environment({ limits: { maxAstNodes: 500, maxDepth: 30 } })
  .registerVariable('value', 'double')
  .registerVariable('count', 'double')
  .registerVariable('labels', 'map<string, string>');

/** Compiles a condition over `value`, `count` and `labels`. Throws {@link CelError} unless it is well-typed, boolean and free of `matches()`. */
export function compileCel(expression: string): CelCondition {
  let program;
  try {
    program = ENVIRONMENT.parse(expression);
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
