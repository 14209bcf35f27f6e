/** Something wrong in a rule: the field, as a path inside the rule, and why. */
export interface RuleProblem {
  readonly path: readonly PropertyKey[];
  readonly reason: string;
}
