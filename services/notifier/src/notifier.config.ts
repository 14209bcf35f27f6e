import { fileURLToPath } from 'node:url';
import { LIVE_LANE } from '@millrace/contracts';
import { commonSettings, setting, type ConfigOf } from '@millrace/service-kit';
import { z } from 'zod';

/** The same place seen from `src` and from `dist`. */
const DEFAULT_CONFIG = fileURLToPath(new URL('../../../deploy/alertmanager/alertmanager.yml', import.meta.url));
const PORT = 8104;
export const DAY_MS = 86_400_000;

export const notifierSettings = {
  ...commonSettings(PORT),
  configFile: setting('MILLRACE_NOTIFIER_CONFIG', "Alertmanager's configuration: routes, receivers, inhibition, time intervals; secrets in it are references.", z.string().min(1).default(DEFAULT_CONFIG)),
  deliveringLanes: setting(
    'MILLRACE_NOTIFIER_DELIVERING_LANES',
    'Lanes, comma-separated, whose alerts leave the house; those of any other lane reach log receivers only.',
    z.string().default(LIVE_LANE).transform((text): readonly string[] => text.split(',').map((lane) => lane.trim())),
  ),
  dashboardUrl: setting('MILLRACE_NOTIFIER_DASHBOARD_URL', 'Dashboard that messages link to.', z.url().default('http://127.0.0.1:8080/')),
  timeoutMs: setting('MILLRACE_NOTIFIER_TIMEOUT_MS', 'An attempt that takes longer has failed, ms.', z.coerce.number().int().min(100).max(30_000).default(15_000)),
  leaseMs: setting(
    'MILLRACE_NOTIFIER_LEASE_MS',
    'How long a delivery belongs to the process that took it, ms: after a crash it is sent again then. Longer than the timeout.',
    z.coerce.number().int().min(500).max(600_000).default(30_000),
  ),
  dispatchLeaseMs: setting(
    'MILLRACE_NOTIFIER_DISPATCH_LEASE_MS',
    'How long a lane belongs to the notifier that dispatches it, ms: another one takes over so long after it died.',
    z.coerce.number().int().min(500).max(600_000).default(10_000),
  ),
  retentionDays: setting(
    'MILLRACE_NOTIFIER_RETENTION_DAYS',
    'How long alerts, deliveries and silences are kept after their end, days.',
    z.coerce.number().min(0.01).max(3_650).default(90),
  ),
  switchOffDays: setting(
    'MILLRACE_NOTIFIER_SWITCH_OFF_DAYS',
    'A receiver that took nothing for so long although it was asked is switched off, days; an alert says so.',
    z.coerce.number().min(0.01).max(365).default(5),
  ),
  noiseBudget: setting(
    'MILLRACE_NOTIFIER_NOISE_BUDGET',
    'Messages about nothing that are put up with in a week; what each rule uses of it is shown.',
    z.coerce.number().min(0.1).max(100_000).default(10),
  ),
  breakerMs: setting(
    'MILLRACE_NOTIFIER_BREAKER_MS',
    'How long a receiver is left alone after ten failures in a row, ms; then it is asked with one delivery.',
    z.coerce.number().int().min(50).max(600_000).default(30_000),
  ),
};

export type NotifierConfig = ConfigOf<typeof notifierSettings>;

/** Whether alerts of its lane may leave the house. */
export function delivers(config: Pick<NotifierConfig, 'lane' | 'deliveringLanes'>): boolean {
  return config.deliveringLanes.includes(config.lane);
}
