import { z } from 'zod';

/*
 * What query-api says over HTTP and the stream. The OpenAPI document and the dashboard's types follow from these schemas.
 * Times are RFC 3339 in UTC, money is minor units with its currency as a dimension.
 */

const time = z.iso.datetime();
const dimensions = z.record(z.string(), z.string());

export const sourceOffsetsDto = z.object({
  topic: z.string(),
  partition: z.int(),
  firstOffset: z.int(),
  lastOffset: z.int(),
});

export type SourceOffsetsDto = z.infer<typeof sourceOffsetsDto>;

export const windowDto = z.object({
  metricKey: z.string(),
  metric: z.string(),
  dimensions,
  window: z.string(),
  windowStart: time,
  windowEnd: time,
  value: z.number(),
  count: z.int(),
  items: z.array(z.object({ key: z.string(), value: z.number() })),
  revision: z.int(),
  watermark: time.nullable(),
  final: z.boolean(),
  computedAt: time,
});
export type WindowDto = z.infer<typeof windowDto>;

/** A window explained down to the Kafka offsets it was computed from. */
export const explainedWindowDto = windowDto.extend({
  sourceOffsets: z.array(sourceOffsetsDto),
  lane: z.string(),
});
export type ExplainedWindowDto = z.infer<typeof explainedWindowDto>;

export const metricDto = z.object({
  name: z.string(),
  unit: z.string(),
  title: z.string(),
  doc: z.string(),
  sources: z.array(z.string()),
  windows: z.array(z.string()),
  dimensions: z.array(z.array(z.string())),
});
export type MetricDto = z.infer<typeof metricDto>;

export const catalogueDto = z.object({
  windows: z.record(z.string(), z.object({ title: z.string(), lengthMs: z.int().optional(), slideMs: z.int().optional() })),
  metrics: z.array(metricDto),
});

export type CatalogueDto = z.infer<typeof catalogueDto>;

export const latestDto = z.object({ lane: z.string(), metric: z.string(), window: z.string(), unit: z.string(), values: z.array(windowDto) });
export type LatestDto = z.infer<typeof latestDto>;

export const pointDto = z.object({ start: time, value: z.number(), count: z.int(), revision: z.int(), final: z.boolean() });
export type PointDto = z.infer<typeof pointDto>;

export const seriesDto = z.object({
  lane: z.string(),
  metric: z.string(),
  window: z.string(),
  unit: z.string(),
  from: time,
  to: time,
  /** True where more points lie in the range than one answer carries. */
  truncated: z.boolean(),
  series: z.array(z.object({ metricKey: z.string(), dimensions, points: z.array(pointDto) })),
});
export type SeriesDto = z.infer<typeof seriesDto>;

/** One time that an alert fired. */
export const alertDto = z.object({
  id: z.int(),
  fingerprint: z.string(),
  status: z.enum(['firing', 'resolved']),
  rule: z.string(),
  severity: z.string(),
  labels: z.record(z.string(), z.string()),
  summary: z.string(),
  description: z.string(),
  value: z.number().nullable(),
  threshold: z.number().nullable(),
  startsAt: time,
  endsAt: time.nullable(),
  updatedAt: time,
});
export type AlertDto = z.infer<typeof alertDto>;

/** An alert with the windows it rests on, down to their offsets. */
export const explainedAlertDto = alertDto.extend({
  evidence: z.array(
    z.object({
      metricKey: z.string(),
      window: z.string(),
      windowStart: time,
      windowEnd: time,
      value: z.number(),
      revision: z.int(),
      sourceOffsets: z.array(sourceOffsetsDto),
    }),
  ),
});
export type ExplainedAlertDto = z.infer<typeof explainedAlertDto>;

/** The cursor of the page after this; null: there is none. */
const next = z.string().nullable();

/** An alert as a search finds it. */
export const foundAlertDto = explainedAlertDto.extend({
  /** A message about it reached a receiver that is no log. */
  told: z.boolean(),
  /** Who has taken it on; null: nobody. */
  acknowledgedBy: z.string().nullable(),
});
export type FoundAlertDto = z.infer<typeof foundAlertDto>;

export const alertsDto = z.object({ lane: z.string(), alerts: z.array(foundAlertDto), next });
export type AlertsDto = z.infer<typeof alertsDto>;

/** One attempt to bring a notification to its receiver. */
export const attemptDto = z.object({
  attempt: z.int(),
  startedAt: time,
  durationMs: z.int(),
  outcome: z.string(),
  statusCode: z.int().nullable(),
  error: z.string().nullable(),
  /** First kB of what the receiver answered. */
  answer: z.string().nullable(),
  possibleRepeat: z.boolean(),
});

/** A group of alerts on its way to one integration of a receiver. */
export const deliveryDto = z.object({
  id: z.int(),
  receiver: z.string(),
  /** receiver/type/place. */
  integration: z.string(),
  groupKey: z.string(),
  groupLabels: z.record(z.string(), z.string()),
  /** The `webhook-id` of every attempt. */
  messageId: z.string(),
  status: z.enum(['firing', 'resolved']),
  state: z.string(),
  /** The first of them, those that fired before the others. */
  alerts: z.array(z.object({ fingerprint: z.string(), name: z.string(), status: z.enum(['firing', 'resolved']), startsAt: time })),
  /** All that the group had. */
  alertCount: z.int(),
  attempts: z.array(attemptDto),
  nextAttemptAt: time.nullable(),
  lastError: z.string().nullable(),
  createdAt: time,
  finishedAt: time.nullable(),
});
export type DeliveryDto = z.infer<typeof deliveryDto>;

export const deliveriesDto = z.object({ lane: z.string(), deliveries: z.array(deliveryDto), next });
export type DeliveriesDto = z.infer<typeof deliveriesDto>;

/** Alerts that match notify nobody from its start to its end. */
export const silenceDto = z.object({
  id: z.string(),
  state: z.enum(['pending', 'active', 'expired']),
  matchers: z.array(z.object({ name: z.string(), value: z.string(), isRegex: z.boolean(), isEqual: z.boolean() })),
  startsAt: time,
  endsAt: time,
  createdBy: z.string(),
  comment: z.string(),
  updatedAt: time,
});
export type SilenceDto = z.infer<typeof silenceDto>;

export const silencesDto = z.object({ lane: z.string(), silences: z.array(silenceDto), next });
export type SilencesDto = z.infer<typeof silencesDto>;

/** What somebody did about an alert. */
export const actionDto = z.object({
  id: z.int(),
  action: z.string(),
  author: z.string(),
  comment: z.string(),
  /** Of a snooze: its end. */
  until: time.nullable(),
  /** Of a judgement: whether the alert was right. */
  verdict: z.enum(['true', 'false', 'unsure']).nullable(),
  actedAt: time,
  fingerprint: z.string(),
  /** The outage it was about. */
  startsAt: time,
  /** Null: the outage is not kept any more. */
  alert: z.object({ rule: z.string(), summary: z.string(), labels: z.record(z.string(), z.string()) }).nullable(),
});
export type ActionDto = z.infer<typeof actionDto>;

export const actionsDto = z.object({ lane: z.string(), actions: z.array(actionDto), next });
export type ActionsDto = z.infer<typeof actionsDto>;

/** One time that an alert fired, in full: what it says, what it rests on, how it came, and who was told. */
export const alertDetailDto = z.object({
  lane: z.string(),
  alert: explainedAlertDto.extend({
    annotations: z.record(z.string(), z.string()),
    /** Our own ruler decided it; one from elsewhere has no value and no evidence. */
    decided: z.boolean(),
    /** Nobody said that it ended: nobody told it again in time. */
    timedOut: z.boolean(),
    /** Where the sender says it comes from: any text. */
    generatorUrl: z.string().nullable(),
  }),
  /** The other times that it fired, newest first. */
  outages: z.array(z.object({ status: z.enum(['firing', 'resolved']), startsAt: time, endsAt: time.nullable() })),
  /** Its state changes as received, newest first; null where it did not lie in Kafka but came by HTTP. */
  changes: z.array(
    z.object({
      eventId: z.string(),
      status: z.enum(['firing', 'resolved']),
      receivedAt: time,
      topic: z.string().nullable(),
      partition: z.int().nullable(),
      offset: z.int().nullable(),
    }),
  ),
  /** Newest first. */
  deliveries: z.array(deliveryDto),
  /** Why receivers were not told of it while it fired, newest first. */
  mutings: z.array(
    z.object({
      receiver: z.string(),
      reason: z.enum(['silence', 'inhibition', 'time-interval']),
      /** Id of the silence, fingerprint of the alert that inhibits it, name of the time interval. */
      by: z.string(),
      since: time,
      /** While it is kept. */
      silence: z.object({ author: z.string(), comment: z.string() }).nullable(),
      /** What the alert that inhibits it is called, while it is kept. */
      source: z.string().nullable(),
    }),
  ),
});
export type AlertDetailDto = z.infer<typeof alertDetailDto>;

export const freshnessDto = z.object({
  metric: z.string(),
  window: z.string(),
  /** The moment the number speaks for; null where none was ever computed. */
  asOf: time.nullable(),
  ageMs: z.int().nullable(),
  /** Older than this is stale. */
  staleAfterMs: z.int(),
  stale: z.boolean(),
});
export type FreshnessDto = z.infer<typeof freshnessDto>;

export const freshnessListDto = z.object({ lane: z.string(), now: time, metrics: z.array(freshnessDto) });
export type FreshnessListDto = z.infer<typeof freshnessListDto>;

export const componentDto = z.object({ name: z.string(), up: z.boolean(), detail: z.string() });

export const statusDto = z.object({
  lane: z.string(),
  shopTimeZone: z.string(),
  now: time,
  startedAt: time,
  components: z.array(componentDto),
  streamReaders: z.int(),
});
export type StatusDto = z.infer<typeof statusDto>;

/** What a product is called in the catalogue. */
export const productDto = z.object({ id: z.string(), name: z.string() });
export type ProductDto = z.infer<typeof productDto>;

/** First event of a stream that does not resume: all the page needs. */
export const snapshotDto = z.object({
  lane: z.string(),
  shopTimeZone: z.string(),
  now: time,
  windows: z.array(windowDto),
  alerts: z.array(alertDto),
  /** The products in rankings and alerts that have a name. */
  products: z.array(productDto),
  freshness: z.array(freshnessDto),
});
export type SnapshotDto = z.infer<typeof snapshotDto>;

/** What changed since the last event: windows by key and window; alerts, products and freshness as they are now where any changed. */
export const updateDto = z.object({
  now: time,
  windows: z.array(windowDto),
  alerts: z.array(alertDto).optional(),
  products: z.array(productDto).optional(),
  freshness: z.array(freshnessDto).optional(),
});
export type UpdateDto = z.infer<typeof updateDto>;

/** RFC 9457. */
export const problemDto = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  /** Names this failure in the log. */
  id: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type ProblemDto = z.infer<typeof problemDto>;
