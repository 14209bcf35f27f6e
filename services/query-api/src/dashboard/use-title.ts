import { useEffect } from 'preact/hooks';
import { useShopContext } from './shop.context.js';
import { current, mainRevenueKey } from './shop.state.js';

/** Shows the day's revenue in the tab, for whoever keeps the page in one. */
export function useTitle(): void {
  const { state, format } = useShopContext();
  const key = mainRevenueKey(state);
  const today = current(state, 'revenue', '1d', ['currency']).find((entry) => entry.metricKey === key);
  const title = today === undefined ? 'Millrace' : `${format.money(today.value, today.dimensions['currency'] ?? '')} · Millrace`;
  useEffect(() => { document.title = title; }, [title]);
}
