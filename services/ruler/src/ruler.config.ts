import { fileURLToPath } from 'node:url';
import { LIVE_LANE } from '@millrace/contracts';
import { commonSettings, setting, type ConfigOf } from '@millrace/service-kit';
import { z } from 'zod';

/** The same place seen from `src` and from `dist`. */
const DEFAULT_RULES = fileURLToPath(new URL('../../../deploy/rules/default.yaml', import.meta.url));
const PORT = 8103;

export const rulerSettings = {
  ...commonSettings(PORT),
  rulesFile: setting('MILLRACE_RULER_RULES', 'YAML file with the rules; read again when it changes.', z.string().min(1).default(DEFAULT_RULES)),
  clockLanes: setting(
    'MILLRACE_RULER_CLOCK_LANES',
    'Lanes whose events happen now, comma-separated: only there does the wall clock say that something is absent.',
    z.string().default(LIVE_LANE).transform((text): readonly string[] => text.split(',').map((lane) => lane.trim())),
  ),
};

export type RulerConfig = ConfigOf<typeof rulerSettings>;
