/** When a run begins and ends. */
export interface RunPlan {
  /** Event time at which a backfill begins, ms; null: live from now. */
  readonly from: number | null;
  /** Event time at which the backfill ends; null: when it has caught up with now. */
  readonly until: number | null;
  /** Event time per wall time in the backfill; `Infinity`: as fast as it goes. */
  readonly speed: number;
  /** Events of the world after which the run ends, all streams together; null: none. */
  readonly count: number | null;
  /** True: ends after the backfill instead of going live. */
  readonly stop: boolean;
  /** True: rates follow the day, the week and the year when live; a backfill always does. */
  readonly curvesLive: boolean;
}
