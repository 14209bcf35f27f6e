import type { Errand } from '../world/errand.js';
import type { Random } from '../world/random.js';
import type { Crew } from './crew.js';
import type { ScenarioName } from './scenario-names.js';

/** A kind of fraud. Add one: implement this, name it in `scenario-names.ts`, list it in `scenarios.ts`. */
export interface Scenario {
  readonly name: ScenarioName;
  /** Draws how many attempts a campaign makes. */
  attempts(random: Random): number;
  /** Plans what one fraudster or gang will do. */
  begin(crew: Crew, attempts: number): Campaign;
}

/** One fraudster or gang at work. */
export interface Campaign {
  /** Time until the following attempt, ms; drawn anew for each. */
  wait(): number;
  /** The next attempt, made when its time has come; null: nothing to be had, the campaign ends. */
  attempt(): Errand | null;
}
