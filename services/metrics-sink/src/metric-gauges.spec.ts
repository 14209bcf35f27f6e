import { describe, expect, it } from '@jest/globals';
import { Metrics } from '@millrace/service-kit';
import { MINUTE, START, windowAt } from '@millrace/stores/testing';
import { MetricGauges } from './metric-gauges.js';

const NOW = START + 10 * MINUTE;

function gauges(cap = 200) {
  const metrics = new Metrics('metrics-sink', 'live');
  const shown = new MetricGauges(metrics, cap, () => NOW);
  const series = async (name: string): Promise<string[]> => (await metrics.render()).split('\n').filter((line) => line.startsWith(`${name}{`));
  return { shown, series };
}

describe('MetricGauges', () => {
  it('shows the newest window of each series, with its dimensions and what it is by', async () => {
    const { shown, series } = gauges();
    shown.observe([windowAt(1, 1), windowAt(0, 5), windowAt(0, 1, { dimensions: { country: 'DE', currency: 'EUR' }, value: 42 })]);
    expect(await series('millrace_metric_value')).toEqual([
      'millrace_metric_value{metric="revenue",window="1m",by="currency",category="",country="",currency="EUR",topic="",lane="live",service="metrics-sink"} 1001',
      'millrace_metric_value{metric="revenue",window="1m",by="country,currency",category="",country="DE",currency="EUR",topic="",lane="live",service="metrics-sink"} 42',
    ]);
  });

  it('takes a higher revision, and no lower one', async () => {
    const { shown, series } = gauges();
    shown.observe([windowAt(0, 2, { value: 2 })]);
    shown.observe([windowAt(0, 1, { value: 1 })]);
    expect(await series('millrace_metric_value')).toEqual([expect.stringMatching(/ 2$/)]);
    shown.observe([windowAt(0, 3, { value: 3 })]);
    expect(await series('millrace_metric_value')).toEqual([expect.stringMatching(/ 3$/)]);
  });

  it('shows final windows apart from open ones', async () => {
    const { shown, series } = gauges();
    shown.observe([windowAt(0, 2, { final: true, value: 20 }), windowAt(1, 1, { value: 3 })]);
    expect(await series('millrace_metric_value')).toEqual([expect.stringMatching(/ 3$/)]);
    expect(await series('millrace_metric_final_value')).toEqual([expect.stringMatching(/ 20$/)]);
  });

  it('ages while nothing comes', async () => {
    const { shown, series } = gauges();
    shown.observe([windowAt(5, 1), windowAt(0, 1)]);
    expect(await series('millrace_metric_freshness_seconds')).toEqual([expect.stringMatching(/metric="revenue",window="1m".* 210$/)]);
    expect(await series('millrace_metric_window_lag_seconds')).toEqual([expect.stringMatching(/ 240$/)]);
  });

  it('has no lag while the window is open', async () => {
    const { shown, series } = gauges();
    shown.observe([windowAt(0, 1, { window: '1d', windowEnd: START + 86_400_000 })]);
    expect(await series('millrace_metric_window_lag_seconds')).toEqual([expect.stringMatching(/ 0$/)]);
  });

  it('shows neither products nor what the catalogue does not declare', async () => {
    const { shown, series } = gauges();
    shown.observe([
      windowAt(0, 1, { metric: 'stock_level', dimensions: { product: 'p1' } }), windowAt(0, 1, { metric: 'unheard_of', dimensions: {} }),
      windowAt(0, 1, { dimensions: { country: 'DE' } }), windowAt(0, 1, { window: '1h' }),
    ]);
    expect(await series('millrace_metric_value')).toEqual([]);
    expect(await series('millrace_metric_freshness_seconds')).toHaveLength(3);
  });

  it('F40: keeps under the cap when 100,000 values of a dimension come, and counts the rest', async () => {
    const { shown, series } = gauges(50);
    shown.observe(Array.from({ length: 100_000 }, (_, at) => windowAt(0, 1, { dimensions: { country: `X${String(at)}`, currency: 'EUR' } })));
    shown.observe([windowAt(1, 1, { dimensions: { country: 'X0', currency: 'EUR' }, value: 777 })]);
    expect(await series('millrace_metric_value')).toHaveLength(50);
    expect((await series('millrace_metric_value'))[0]).toMatch(/ 777$/);
    expect(await series('millrace_metrics_sink_series_over_cap_total')).toEqual([expect.stringMatching(/metric="revenue",reason="cap".* 99950$/)]);
  });

  it('makes no label of a megabyte', async () => {
    const { shown, series } = gauges();
    shown.observe([windowAt(0, 1, { dimensions: { currency: 'x'.repeat(1_000_000) } })]);
    expect(await series('millrace_metric_value')).toEqual([]);
    expect(await series('millrace_metrics_sink_series_over_cap_total')).toEqual([expect.stringContaining('reason="length"')]);
  });
});
