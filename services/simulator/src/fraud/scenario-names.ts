/** The kinds of fraud that the world knows, by the name that the truth carries. */
export const SCENARIO_NAMES = [
  'card-testing',
  'account-takeover',
  'stolen-card',
  'friendly-fraud',
  'promo-abuse',
  'fraud-ring',
  'bot-checkout',
  'reseller-hoarding',
  'compromised-page',
] as const;

export type ScenarioName = (typeof SCENARIO_NAMES)[number];

/** How a scenario is played. */
export interface ScenarioDials {
  /** Part of all fraud, relative to the other scenarios' weights. */
  readonly weight: number;
  /** Chance, for each thing that could give a fraudster away, that it looks as an honest shopper's does: 0 is naive, 1 is perfect. */
  readonly difficulty: number;
  /** How far prevalence and tactics move over the weeks: 0 is always the same, 1 is between nothing and twice the mean. */
  readonly drift: number;
}

export interface FraudSettings {
  /** Share of the orders placed that are fraud; 0 is none. */
  readonly prevalence: number;
  readonly scenarios: Readonly<Record<ScenarioName, ScenarioDials>>;
}

/** When and how often the shop learns what an order was. Delays are divided by the world's lifecycle speed. */
export interface LabelSettings {
  readonly chargebackMedianMs: number;
  /** Sigma of the logarithm of the delay. */
  readonly chargebackSigma: number;
  /** Fraud that nobody ever claims back. */
  readonly neverShare: number;
  /** Honest orders paid by card that are claimed back as fraud all the same. */
  readonly falseChargebackShare: number;
  readonly verdictMedianMs: number;
  /** Orders that an analyst looks at. What looks odd is looked at more often; the truth plays no part. */
  readonly reviewShare: number;
  readonly verdictErrorShare: number;
}

const HOUR_MS = 3_600_000;

export const LABEL_DEFAULTS: LabelSettings = {
  chargebackMedianMs: 7 * 24 * HOUR_MS,
  chargebackSigma: 0.9,
  neverShare: 0.15,
  falseChargebackShare: 0.0005,
  verdictMedianMs: 4 * HOUR_MS,
  reviewShare: 0.02,
  verdictErrorShare: 0.04,
};

const WEIGHTS: Readonly<Record<ScenarioName, number>> = {
  'card-testing': 0.16,
  'account-takeover': 0.14,
  'stolen-card': 0.16,
  'friendly-fraud': 0.12,
  'promo-abuse': 0.09,
  'fraud-ring': 0.12,
  'bot-checkout': 0.07,
  'reseller-hoarding': 0.05,
  'compromised-page': 0.09,
};

/** The default mix with these dials; `own` overrides single scenarios. */
export function fraudSettings(
  dials: { readonly prevalence: number; readonly difficulty: number; readonly drift: number },
  own: Readonly<Partial<Record<ScenarioName, Partial<ScenarioDials>>>> = {},
): FraudSettings {
  const { prevalence, difficulty, drift } = dials;
  const of = (name: ScenarioName): ScenarioDials => ({ weight: WEIGHTS[name], difficulty, drift, ...own[name] });
  return { prevalence, scenarios: Object.fromEntries(SCENARIO_NAMES.map((name) => [name, of(name)])) as Record<ScenarioName, ScenarioDials> };
}

export const FRAUD_DIALS = { prevalence: 0.01, difficulty: 0.5, drift: 0.4 } as const;
