import { commonSettings, setting, type ConfigOf } from '@millrace/service-kit';
import { z } from 'zod';

const PORT = 8105;
const DAY_MINUTES = 1_440;

export const fraudDeskSettings = {
  ...commonSettings(PORT),
  labelDelayMinutes: setting(
    'MILLRACE_FRAUD_DESK_LABEL_DELAY_MINUTES',
    'Event time after which an order that nobody labelled fraud counts as honest, minutes; the default is 14 days.',
    z.coerce.number().int().min(1).max(400 * DAY_MINUTES).default(14 * DAY_MINUTES),
  ),
  qualityEveryMs: setting(
    'MILLRACE_FRAUD_DESK_QUALITY_EVERY_MS',
    'Pause between two computations of quality, ms; never less than nine times what the last one took.',
    z.coerce.number().int().min(50).max(3_600_000).default(15_000),
  ),
  driftReference: setting(
    'MILLRACE_FRAUD_DESK_DRIFT_REFERENCE',
    'First scores of a model version that become its reference for drift; the last 24 h must hold a tenth of them before drift is told.',
    z.coerce.number().int().min(100).max(100_000).default(5_000),
  ),
} as const;

export type FraudDeskConfig = ConfigOf<typeof fraudDeskSettings>;
