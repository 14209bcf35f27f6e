import type { VNode } from 'preact';
import type { FreshnessDto } from '../wire.dto.js';
import { age } from './format.js';
import { useShopContext } from './shop.context.js';

/** Whether a number is too old to be shown as current, by the server's rule and the page's clock. */
export function isStale(freshness: FreshnessDto, now: number): boolean {
  return freshness.asOf === null || now - Date.parse(freshness.asOf) > freshness.staleAfterMs;
}

export function useStale(metric: string): boolean {
  const { state, now } = useShopContext();
  const freshness = state.freshness.get(metric);
  return freshness !== undefined && isStale(freshness, now);
}

/** How old a number is; says so loudly where it is stale. */
export function Age({ metric }: { readonly metric: string }): VNode | null {
  const { state, now } = useShopContext();
  const freshness = state.freshness.get(metric);
  if (freshness === undefined || freshness.asOf === null) return null;
  const old = age(now - Date.parse(freshness.asOf));
  const stale = isStale(freshness, now);
  return <span class={stale ? 'age age-stale' : 'age'} title={`As of ${freshness.asOf}`}>{stale ? `stale · ${old}` : old}</span>;
}
