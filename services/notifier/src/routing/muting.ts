import type { AlertmanagerConfig } from './alertmanager-config.js';
import type { Route } from './route.js';
import { contains } from './time-interval.js';

/** Names of the time intervals that silence a route at a time (ms): those it is mute in, and, outside all it is active in, those. */
export function mutedBy(config: Pick<AlertmanagerConfig, 'timeIntervals'>, route: Pick<Route, 'muteIntervals' | 'activeIntervals'>, at: number): readonly string[] {
  const holds = (name: string): boolean => (config.timeIntervals.get(name) ?? []).some((interval) => contains(interval, at));
  const muting = route.muteIntervals.filter(holds);
  return route.activeIntervals.length === 0 || route.activeIntervals.some(holds) ? muting : [...muting, ...route.activeIntervals];
}
