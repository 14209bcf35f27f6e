import { setting } from '@millrace/service-kit';
import { z } from 'zod';
import { ODDITIES, type Oddities, type WorldSettings } from '../world/settings.js';
import { FRAUD_DIALS, fraudSettings, LABEL_DEFAULTS, SCENARIO_NAMES, type ScenarioDials, type ScenarioName } from './scenario-names.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** At most every other order is a fraudster's. */
const MOST_PREVALENCE = 0.4;
const ODDITY_NAMES = Object.keys(ODDITIES) as (keyof Oddities)[];

const share = (fallback: number): z.ZodType<number> => z.coerce.number().min(0).max(1).default(fallback);

/** `name=value,name=value` with known names. @param read gives undefined for a value that is none. */
function list<N extends string, V>(names: readonly N[], read: (text: string) => V | undefined, form: string): z.ZodType<Partial<Record<N, V>> | undefined> {
  return z
    .string()
    .transform((text, context) => {
      const found: Partial<Record<N, V>> = {};
      for (const item of text.split(',').filter((part) => part.trim() !== '')) {
        const [left = '', right = ''] = item.split('=', 2);
        const name = names.find((known) => known === left.trim());
        const value = read(right.trim());
        if (name === undefined || value === undefined) {
          context.addIssue({ code: 'custom', message: `"${item.trim()}" is not ${form}; names are ${names.join(', ')}` });
          return z.NEVER;
        }
        found[name] = value;
      }
      return found;
    })
    .optional();
}

function readShare(text: string): number | undefined {
  const value = Number(text);
  return text !== '' && value >= 0 && value <= 1 ? value : undefined;
}

/** `weight[:difficulty[:drift]]`. */
function readDials(text: string): Partial<ScenarioDials> | undefined {
  const [weight, difficulty, drift, ...more] = text.split(':').map(readShare);
  if (weight === undefined || more.length > 0) return undefined;
  const parts = text.split(':').length;
  if ((parts > 1 && difficulty === undefined) || (parts > 2 && drift === undefined)) return undefined;
  return { weight, ...(difficulty === undefined ? {} : { difficulty }), ...(drift === undefined ? {} : { drift }) };
}

/** What is set about fraud, labels and odd but honest shoppers. */
export const fraudEnvironment = {
  fraudPrevalence: setting('MILLRACE_SIMULATOR_FRAUD_PREVALENCE', 'Share of the orders placed that are fraud; 0 is none.', z.coerce.number().min(0).max(MOST_PREVALENCE).default(FRAUD_DIALS.prevalence)),
  fraudDifficulty: setting('MILLRACE_SIMULATOR_FRAUD_DIFFICULTY', 'How well fraudsters imitate honest shoppers: 0 is naive, 1 is perfect.', share(FRAUD_DIALS.difficulty)),
  fraudDrift: setting('MILLRACE_SIMULATOR_FRAUD_DRIFT', 'How far prevalence and tactics of each scenario move over the weeks, 0 to 1.', share(FRAUD_DIALS.drift)),
  fraudScenarios: setting(
    'MILLRACE_SIMULATOR_FRAUD_SCENARIOS',
    'Dials of single scenarios: name=weight[:difficulty[:drift]], comma-separated; weight 0 leaves one out.',
    list<ScenarioName, Partial<ScenarioDials>>(SCENARIO_NAMES, readDials, 'name=weight[:difficulty[:drift]] with numbers from 0 to 1'),
  ),
  oddities: setting('MILLRACE_SIMULATOR_ODDITIES', 'How often honest shoppers look odd: name=share, comma-separated; the rest keeps its default.', list<keyof Oddities, number>(ODDITY_NAMES, readShare, 'name=share with a share from 0 to 1')),
  chargebackDays: setting('MILLRACE_SIMULATOR_CHARGEBACK_DAYS', 'Median time from payment to chargeback, days of the order\'s life.', z.coerce.number().positive().max(365).default(LABEL_DEFAULTS.chargebackMedianMs / DAY_MS)),
  chargebackNever: setting('MILLRACE_SIMULATOR_CHARGEBACK_NEVER', 'Share of fraud with a chargeback to come that nobody claims.', share(LABEL_DEFAULTS.neverShare)),
  chargebackFalse: setting('MILLRACE_SIMULATOR_CHARGEBACK_FALSE', 'Share of honest paid orders with a chargeback.', share(LABEL_DEFAULTS.falseChargebackShare)),
  verdictHours: setting('MILLRACE_SIMULATOR_VERDICT_HOURS', 'Median time from order to verdict, hours of the order\'s life.', z.coerce.number().positive().max(1000).default(LABEL_DEFAULTS.verdictMedianMs / HOUR_MS)),
  verdictShare: setting('MILLRACE_SIMULATOR_VERDICT_SHARE', 'Share of the orders that an analyst judges; odd ones are likelier.', share(LABEL_DEFAULTS.reviewShare)),
  verdictError: setting('MILLRACE_SIMULATOR_VERDICT_ERROR', 'Share of the verdicts that are wrong.', share(LABEL_DEFAULTS.verdictErrorShare)),
} as const;

type FraudConfig = { readonly [K in keyof typeof fraudEnvironment]: z.output<(typeof fraudEnvironment)[K]['schema']> };

/** The part of the world's settings that this environment describes. */
export function fraudPartOf(config: FraudConfig): Pick<WorldSettings, 'fraud' | 'labels' | 'oddities'> {
  return {
    fraud: fraudSettings({ prevalence: config.fraudPrevalence, difficulty: config.fraudDifficulty, drift: config.fraudDrift }, config.fraudScenarios),
    oddities: { ...ODDITIES, ...config.oddities },
    labels: {
      ...LABEL_DEFAULTS,
      chargebackMedianMs: config.chargebackDays * DAY_MS,
      neverShare: config.chargebackNever,
      falseChargebackShare: config.chargebackFalse,
      verdictMedianMs: config.verdictHours * HOUR_MS,
      reviewShare: config.verdictShare,
      verdictErrorShare: config.verdictError,
    },
  };
}
