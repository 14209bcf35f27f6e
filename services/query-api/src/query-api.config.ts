import { fileURLToPath } from 'node:url';
import { commonSettings, setting, type ConfigOf } from '@millrace/service-kit';
import { z } from 'zod';

/** The same place seen from `src` and from `dist`. */
const BUILT_DASHBOARD = fileURLToPath(new URL('../dist/dashboard', import.meta.url));

export const queryApiSettings = {
  ...commonSettings(8080),
  streamClients: setting('MILLRACE_QUERY_API_STREAM_CLIENTS', 'Most readers of the stream at once; a further one gets 503.', z.coerce.number().int().min(1).max(100_000).default(1_000)),
  streamBufferBytes: setting(
    'MILLRACE_QUERY_API_STREAM_BUFFER_BYTES',
    'Bytes that may wait for one reader of the stream; a slower one is dropped.',
    z.coerce.number().int().min(1_024).max(1_073_741_824).default(1_048_576),
  ),
  streamIntervalMs: setting('MILLRACE_QUERY_API_STREAM_INTERVAL_MS', 'Changes are gathered for so long before they are sent, ms.', z.coerce.number().int().min(10).max(60_000).default(250)),
  fraudDeskUrl: setting('MILLRACE_QUERY_API_FRAUD_DESK_URL', 'Fraud desk of the same lane, to which requests for /api/fraud are passed on.', z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:8105')),
  notifierUrl: setting('MILLRACE_QUERY_API_NOTIFIER_URL', 'Notifier of the same lane, to which requests for /api/alerting are passed on.', z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:8104')),
  dashboardDir: setting('MILLRACE_QUERY_API_DASHBOARD_DIR', 'Folder of the built dashboard.', z.string().min(1).default(BUILT_DASHBOARD)),
} as const;

export type QueryApiConfig = ConfigOf<typeof queryApiSettings>;
