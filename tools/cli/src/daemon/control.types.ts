import { z } from 'zod';

const processStatus = z.object({
  name: z.string(),
  kind: z.enum(['infra', 'service', 'spark']),
  lane: z.string().nullable(),
  external: z.boolean(),
  state: z.enum(['waiting', 'starting', 'ready', 'unready', 'restarting', 'failed', 'stopping', 'stopped']),
  pid: z.number().nullable(),
  address: z.string(),
  memory: z.number().nullable(),
  restarts: z.number(),
  startedAt: z.string().nullable(),
  cause: z.string().nullable(),
  logFile: z.string().nullable(),
});
const taskStatus = z.object({
  name: z.string(),
  state: z.enum(['waiting', 'running', 'done', 'failed']),
  cause: z.string().nullable(),
});

/** Answer to GET /state, and the content of state.json. */
export const stackStatus = z.object({ processes: z.array(processStatus), tasks: z.array(taskStatus) });

/** Body of POST /lanes. */
export const laneRequest = z.object({
  lane: z.string(),
  processes: z.array(z.enum(['simulator', 'metrics-sink', 'ruler', 'notifier', 'fraud-desk', 'query-api', 'spark', 'spark-fraud'])).min(1),
  env: z.record(z.string(), z.string()),
});
export type LaneRequest = z.infer<typeof laneRequest>;

/** Body of DELETE /lanes. */
export const laneRemoval = z.object({ lane: z.string() });
