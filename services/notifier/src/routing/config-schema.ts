import { isTimeZone } from '@millrace/service-kit/local-time';
import { z } from 'zod';
import { durationMs } from './duration.js';
import { Matcher, MatcherError } from './matcher.js';
import { parseMatchers } from './matcher-parser.js';
import { dayRange, minutesOf, monthRange, TimeIntervalError, weekdayRange, yearRange, type Range } from './time-interval.js';

const text = z.string().min(1);

const duration = z.string().transform((value, context) => {
  const ms = durationMs(value);
  if (ms !== null) return ms;
  context.addIssue({ code: 'custom', message: `"${value}" is no duration, such as 30s, 5m or 1h30m` });
  return z.NEVER;
});
const positive = duration.refine((ms) => ms > 0, 'must be more than 0');

const matcherLine = z.string().transform((value, context): readonly Matcher[] => attempt(() => parseMatchers(value), context) ?? []);
const oldMatchers = (operator: '=' | '=~') =>
  z.record(text, z.string()).default({}).transform((pairs, context): readonly Matcher[] =>
    attempt(() => Object.entries(pairs).map(([label, value]) => new Matcher(label, operator, value)), context) ?? [],
  );

function attempt<T>(read: () => T, context: z.core.$RefinementCtx): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MatcherError) && !(error instanceof TimeIntervalError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return null;
  }
}

function ranges(read: (part: string) => Range) {
  return z.array(z.union([z.string(), z.number().transform(String)])).default([]).transform((parts, context) => attempt(() => parts.map(read), context) ?? []);
}

const timeRange = z
  .strictObject({ start_time: z.string(), end_time: z.string() })
  .transform((range, context): Range => attempt(() => ({ from: minutesOf(range.start_time), to: minutesOf(range.end_time) }), context) ?? { from: 0, to: 0 })
  .refine(({ from, to }) => from < to, 'must end after it starts');

const zone = z.string().default('UTC').refine(isTimeZone, 'is no time zone, such as Europe/Berlin');

const timeInterval = z
  .strictObject({
    times: z.array(timeRange).default([]),
    weekdays: ranges(weekdayRange),
    days_of_month: ranges(dayRange),
    months: ranges(monthRange),
    years: ranges(yearRange),
    location: zone,
  })
  .transform(({ times, weekdays, days_of_month, months, years, location }) => ({ times, weekdays, daysOfMonth: days_of_month, months, years, location }));

const namedIntervals = z.array(z.strictObject({ name: text, time_intervals: z.array(timeInterval).min(1) })).default([]);

const names = z.array(text).default([]);
const routeFields = {
  receiver: text.optional(),
  group_by: z.array(text).refine((labels) => new Set(labels).size === labels.length, 'names a label twice').optional(),
  matchers: z.array(matcherLine).default([]),
  match: oldMatchers('='),
  match_re: oldMatchers('=~'),
  continue: z.boolean().default(false),
  group_wait: duration.optional(),
  group_interval: positive.optional(),
  repeat_interval: positive.optional(),
  mute_time_intervals: names,
  active_time_intervals: names,
  /** Who else is told of what nobody has acknowledged so long after it began. */
  millrace: z.strictObject({ escalate: z.array(z.strictObject({ after: positive, receiver: text })).optional() }).prefault({}),
};

export interface RouteText extends z.output<z.ZodObject<typeof routeFields>> {
  readonly routes: readonly RouteText[];
}

const route: z.ZodType<RouteText> = z.strictObject({ ...routeFields, get routes() { return z.array(route).default([]); } });

const inhibitRule = z.strictObject({
  name: text.optional(),
  source_matchers: z.array(matcherLine).default([]),
  source_match: oldMatchers('='),
  source_match_re: oldMatchers('=~'),
  target_matchers: z.array(matcherLine).default([]),
  target_match: oldMatchers('='),
  target_match_re: oldMatchers('=~'),
  equal: names,
});

const sendResolved = z.boolean();
/** What Alertmanager does not have stands under this key. A secret is a reference: `{ env: NAME }` or `{ file: PATH }`. */
export const secretReference = z.union([z.strictObject({ env: text }), z.strictObject({ file: text })], { error: 'must be a reference: { env: NAME } or { file: PATH }' });
export type SecretReference = z.output<typeof secretReference>;
const retrying = {
  /** Seconds before each attempt. */
  retry: z.array(z.number().min(0).max(86_400)).min(1).max(20).optional(),
  concurrency: z.int().min(1).max(20).optional(),
  /** A token bucket: so many sends a second, and so many at once after a pause. */
  rate: z.strictObject({ per_second: z.number().min(0.001).max(1_000), burst: z.int().min(1).max(1_000).default(1) }).transform(({ per_second: perSecond, burst }) => ({ perSecond, burst })).optional(),
};
const delivery = {
  ...retrying,
  /** URL prefixes that may lead to private addresses. */
  allow_private: z.array(z.url()).default([]),
};

const webhook = z
  .strictObject({
    send_resolved: sendResolved.default(true),
    url: z.url().optional(),
    url_file: text.optional(),
    max_alerts: z.int().min(0).default(0),
    timeout: positive.optional(),
    /** The first signs as the current one; more than one while they rotate. */
    millrace: z.strictObject({ ...delivery, signing_secrets: z.array(secretReference).max(3).default([]) }).prefault({}),
  })
  .refine(({ url, url_file: file }) => (url === undefined) !== (file === undefined), 'needs either url or url_file');

/** Either an incoming webhook, or an app's token for Slack's Web API. */
const slack = z.strictObject({
  send_resolved: sendResolved.default(false),
  api_url_file: text.optional(),
  app_token_file: text.optional(),
  app_url: z.url().optional(),
  channel: text.optional(),
  message_strategy: z.enum(['new', 'update'], { error: 'must be new or update: Millrace does not thread' }).optional(),
  /** Its older name. */
  update_message: z.boolean().default(false),
  millrace: z.strictObject({ ...delivery, api_url: secretReference.optional(), app_token: secretReference.optional() }).prefault({}),
});

const email = z.strictObject({
  send_resolved: sendResolved.default(false),
  to: text,
  from: text.optional(),
  smarthost: text.optional(),
  hello: text.optional(),
  auth_username: text.optional(),
  auth_password_file: text.optional(),
  require_tls: z.boolean().optional(),
  millrace: z
    .strictObject({
      ...retrying,
      /** The server may have a private address: a relay in the house. */
      allow_private: z.boolean().default(false),
      auth_password: secretReference.optional(),
    })
    .prefault({}),
});

const log = z.strictObject({ send_resolved: sendResolved.default(true) });
export type WebhookText = z.output<typeof webhook>;
export type SlackText = z.output<typeof slack>;
export type EmailText = z.output<typeof email>;

const receiver = z.strictObject({
  name: text,
  webhook_configs: z.array(webhook).default([]),
  slack_configs: z.array(slack).default([]),
  email_configs: z.array(email).default([]),
  millrace: z.strictObject({ log_configs: z.array(log).default([]) }).prefault({}),
});

const global = z.strictObject({
  resolve_timeout: positive.optional(),
  slack_api_url_file: text.optional(),
  slack_app_token_file: text.optional(),
  slack_app_url: z.url().optional(),
  smtp_from: text.optional(),
  smtp_smarthost: text.optional(),
  smtp_hello: text.optional(),
  smtp_auth_username: text.optional(),
  smtp_auth_password_file: text.optional(),
  smtp_require_tls: z.boolean().optional(),
});

/** Alertmanager's configuration file, as far as we have it. */
export const configSchema = z.strictObject({
  global: global.prefault({}),
  route,
  receivers: z.array(receiver).min(1),
  inhibit_rules: z.array(inhibitRule.nullable()).default([]),
  time_intervals: namedIntervals,
  // Its name until Alertmanager 0.24.
  mute_time_intervals: namedIntervals,
  templates: z.array(z.string()).max(0, 'Go templates are not supported: messages are made by Millrace; remove the list').default([]),
});

export type ConfigText = z.output<typeof configSchema>;
export type ReceiverText = ConfigText['receivers'][number];
export type InhibitRuleText = z.output<typeof inhibitRule>;
