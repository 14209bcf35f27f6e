import { fileURLToPath } from 'node:url';
import { LIVE_LANE } from '@millrace/contracts';
import { commonSettings, setting, type ConfigOf } from '@millrace/service-kit';
import { z } from 'zod';

/** The same place seen from `src` and from `dist`. */
const DEFAULT_RULES = fileURLToPath(new URL('../../../deploy/rules/default.yaml', import.meta.url));
const PORT = 8103;
const PROBE_MS = 15_000;
const LEAST_PROBE_MS = 100;
const SPARK_JOBS = 'spark=http://127.0.0.1:8110/metrics,spark-fraud=http://127.0.0.1:8111/metrics';

/** `NAME=URL`, each. */
const jobUrls = z
  .string()
  .default(SPARK_JOBS)
  .transform((text): readonly string[] => text.split(',').map((entry) => entry.trim()).filter((entry) => entry !== 'none'))
  .refine((entries) => entries.every((entry) => /^[^=]+=/u.test(entry) && URL.canParse(entry.slice(entry.indexOf('=') + 1))), 'write NAME=URL, comma-separated, or none');

export const rulerSettings = {
  ...commonSettings(PORT),
  rulesFile: setting('MILLRACE_RULER_RULES', 'YAML file with the rules; read again when it changes.', z.string().min(1).default(DEFAULT_RULES)),
  clockLanes: setting(
    'MILLRACE_RULER_CLOCK_LANES',
    'Lanes whose events happen now, comma-separated: only there does the wall clock say that something is absent.',
    z.string().default(LIVE_LANE).transform((text): readonly string[] => text.split(',').map((lane) => lane.trim())),
  ),
  probeMs: setting('MILLRACE_RULER_PROBE_MS', 'How often the ruler looks at the running system, in lanes with a clock, ms.', z.coerce.number().int().min(LEAST_PROBE_MS).default(PROBE_MS)),
  sparkJobs: setting('MILLRACE_RULER_SPARK_JOBS', 'Spark jobs and where they show their metrics, NAME=URL, comma-separated; none: there are none.', jobUrls),
};

/** Addresses by the names of the jobs. */
export function jobUrlsOf(entries: readonly string[]): ReadonlyMap<string, string> {
  return new Map(entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]));
}

export type RulerConfig = ConfigOf<typeof rulerSettings>;
