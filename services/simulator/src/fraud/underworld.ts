import type { Catalogue } from '../world/catalogue.js';
import type { Chronicle } from '../world/chronicle.js';
import type { Order } from '../world/order.js';
import { Random } from '../world/random.js';
import { Ring } from '../world/ring.js';
import type { WorldSettings } from '../world/settings.js';
import type { Storefront } from '../world/storefront.js';
import type { After } from '../world/warehouse.js';
import { Crew, DAY_MS, drawTaste, HOUR_MS, type CrewParts, type Taste, type Victim } from './crew.js';
import type { Campaign, Scenario } from './scenario.js';
import { SCENARIO_NAMES, type ScenarioDials } from './scenario-names.js';
import { SCENARIOS } from './scenarios.js';

const WATCHED = 4096;
/** Prevalence swings with a period between these. */
const SHORTEST_SWING_MS = 28 * DAY_MS;
const LONGEST_SWING_MS = 70 * DAY_MS;
const SEASON_MS = 21 * DAY_MS;

export interface UnderworldParts {
  readonly catalogue: Catalogue;
  readonly chronicle: Chronicle;
  readonly storefront: Storefront;
  readonly after: After;
}

interface Desk {
  readonly scenario: Scenario;
  readonly dials: ScenarioDials;
  readonly random: Random;
  /** Mean share of the orders. */
  readonly share: number;
  readonly swingMs: number;
  readonly phase: number;
  /** Fraud orders that the orders placed so far allow, less those that campaigns have planned. */
  due: number;
  campaigns: number;
  /** Share at present, looked up anew each hour. */
  present: number;
  presentUntil: number;
}

/**
 * Decides when which fraud happens. Each order placed entitles each scenario to a fraction of a fraud order; what has gathered is spent on
 * campaigns. So fraud keeps its share at any rate and follows the shop's day.
 */
export class Underworld {
  readonly #desks: readonly Desk[];
  readonly #victims = new Ring<Victim>(WATCHED);
  readonly #crewParts: CrewParts;

  constructor(
    private readonly settings: WorldSettings,
    private readonly parts: UnderworldParts,
  ) {
    const { catalogue, storefront, chronicle } = parts;
    this.#crewParts = { settings, catalogue, storefront, victims: this.#victims, now: () => chronicle.now };
    const { prevalence, scenarios } = settings.fraud;
    const total = SCENARIO_NAMES.reduce((sum, name) => sum + scenarios[name].weight, 0);
    const played = SCENARIOS.filter(({ name }) => prevalence > 0 && scenarios[name].weight > 0);
    this.#desks = played.map((scenario) => this.#open(scenario, (prevalence * scenarios[scenario.name].weight) / total));
  }

  /** An order was placed, honest or not. */
  placed(order: Order): void {
    if (this.#desks.length === 0) return;
    const [line] = order.lines;
    if (order.plot === null && order.card !== null && order.shopper.country !== null && line !== undefined) this.#victims.add({ shopper: order.shopper, card: order.card, product: line.product });
    const { now } = this.parts.chronicle;
    for (const desk of this.#desks) {
      if (now >= desk.presentUntil) this.#lookUp(desk, now);
      desk.due += desk.present;
      if (desk.due >= 0) this.#begin(desk, now);
    }
  }

  #open(scenario: Scenario, share: number): Desk {
    const random = new Random(this.settings.seed, 'underworld', scenario.name, this.parts.chronicle.run);
    // Swings belong to the calendar, not to the run: another start meets the same season.
    const calendar = new Random(this.settings.seed, 'swing', scenario.name);
    return {
      scenario,
      dials: this.settings.fraud.scenarios[scenario.name],
      random,
      share,
      swingMs: calendar.between(SHORTEST_SWING_MS, LONGEST_SWING_MS),
      phase: calendar.next(),
      // As if it had been at work for ever.
      due: -random.next() * scenario.attempts(random),
      campaigns: 0,
      present: 0,
      presentUntil: -Infinity,
    };
  }

  #lookUp(desk: Desk, now: number): void {
    const swing = Math.sin(2 * Math.PI * (now / desk.swingMs + desk.phase));
    desk.present = desk.share * (1 + desk.dials.drift * swing);
    desk.presentUntil = now + HOUR_MS;
  }

  #begin(desk: Desk, now: number): void {
    desk.campaigns += 1;
    const { name } = desk.scenario;
    const actorId = `${name}-${String(desk.campaigns)}`;
    const random = new Random(this.settings.seed, this.parts.chronicle.run, 'crew', actorId);
    const crew = new Crew(this.#crewParts, random, { scenario: name, actorId, difficulty: desk.dials.difficulty, taste: this.#tasteOf(desk, now) });
    const attempts = desk.scenario.attempts(random);
    desk.due -= attempts;
    this.#follow(desk, desk.scenario.begin(crew, attempts), attempts);
  }

  #follow(desk: Desk, campaign: Campaign, left: number): void {
    if (left === 0) return;
    this.parts.after(campaign.wait(), () => {
      const errand = campaign.attempt();
      if (errand === null) {
        desk.due += left;
        return;
      }
      this.parts.storefront.send(errand);
      this.#follow(desk, campaign, left - 1);
    });
  }

  #tasteOf({ scenario, dials, phase }: Desk, now: number): Taste {
    const season = dials.drift === 0 ? 0 : Math.floor(now / SEASON_MS + phase);
    return drawTaste(new Random(this.settings.seed, 'taste', scenario.name, season), this.parts.catalogue.categories);
  }
}
