import { describe, expect, it } from '@jest/globals';
import { Metrics } from './metrics.js';

const lines = async (metrics: Metrics, name: string): Promise<string[]> => (await metrics.render()).split('\n').filter((line) => line.startsWith(name));

describe('Metrics', () => {
  it('names by service, and gives every series its lane, service and labels', async () => {
    const metrics = new Metrics('metrics-sink', 'r1');
    metrics.counter('windows_total', 'Windows.', ['outcome']).add({ outcome: 'applied' }, 3);
    expect(await lines(metrics, 'millrace_metrics_sink_windows_total')).toEqual(['millrace_metrics_sink_windows_total{outcome="applied",lane="r1",service="metrics-sink"} 3']);
  });

  it('has names in common beside', async () => {
    const metrics = new Metrics('ruler', 'live');
    metrics.common.gauge('metric_value', 'Value.', ['metric']).set({ metric: 'orders' }, 7);
    expect(await lines(metrics, 'millrace_metric_value{')).toEqual(['millrace_metric_value{metric="orders",lane="live",service="ruler"} 7']);
  });

  it('gives the same metric when asked twice', async () => {
    const metrics = new Metrics('ruler', 'live');
    metrics.counter('things_total', 'Things.').add({});
    metrics.counter('things_total', 'Things.').add({});
    expect(await lines(metrics, 'millrace_ruler_things_total')).toEqual(['millrace_ruler_things_total{lane="live",service="ruler"} 2']);
  });

  it('forgets a removed series', async () => {
    const metrics = new Metrics('ruler', 'live');
    const gauge = metrics.gauge('lag', 'Lag.', ['partition']);
    gauge.set({ partition: '0' }, 1);
    gauge.set({ partition: '1' }, 1);
    gauge.remove({ partition: '0' });
    expect(await lines(metrics, 'millrace_ruler_lag')).toEqual(['millrace_ruler_lag{partition="1",lane="live",service="ruler"} 1']);
  });

  it('asks for ages when it is scraped', async () => {
    const metrics = new Metrics('ruler', 'live');
    const age = metrics.gauge('age_seconds', 'Age.');
    let now = 1;
    metrics.onScrape(() => { age.set({}, now); });
    expect(await lines(metrics, 'millrace_ruler_age')).toEqual(['millrace_ruler_age_seconds{lane="live",service="ruler"} 1']);
    now = 2;
    expect(await lines(metrics, 'millrace_ruler_age')).toEqual(['millrace_ruler_age_seconds{lane="live",service="ruler"} 2']);
  });

  it('keeps two registries apart', async () => {
    const [one, other] = [new Metrics('a', 'live'), new Metrics('b', 'live')];
    one.counter('x_total', 'X.').add({});
    expect(await lines(other, 'millrace_a_x_total')).toEqual([]);
  });
});
