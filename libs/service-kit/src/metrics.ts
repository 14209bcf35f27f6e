import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

type Labels<L extends string> = Readonly<Record<L, string>>;

/** A counter whose labels the compiler knows. */
export interface CounterOf<L extends string> {
  add(labels: Labels<L>, by?: number): void;
}
export interface GaugeOf<L extends string> {
  set(labels: Labels<L>, value: number): void;
  remove(labels: Labels<L>): void;
}
export interface HistogramOf<L extends string> {
  observe(labels: Labels<L>, value: number): void;
}

/** Makes metrics whose names begin alike. Asking twice for a name gives the same metric. */
export class MetricFamily {
  constructor(
    private readonly registry: Registry,
    private readonly prefix: string,
  ) {}

  counter<const L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): CounterOf<L> {
    const known = this.registry.getSingleMetric(this.prefix + name);
    const counter = known instanceof Counter ? known : new Counter({ ...this.#base(name, help), labelNames: [...labelNames] });
    return { add: (labels, by = 1) => { counter.inc({ ...labels }, by); } };
  }

  gauge<const L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): GaugeOf<L> {
    const known = this.registry.getSingleMetric(this.prefix + name);
    const gauge = known instanceof Gauge ? known : new Gauge({ ...this.#base(name, help), labelNames: [...labelNames] });
    return { set: (labels, value) => { gauge.set({ ...labels }, value); }, remove: (labels) => { gauge.remove({ ...labels }); } };
  }

  /** @param buckets upper bounds in the unit of the name. */
  histogram<const L extends string = never>(name: string, help: string, buckets: readonly number[], labelNames: readonly L[] = []): HistogramOf<L> {
    const known = this.registry.getSingleMetric(this.prefix + name);
    const histogram = known instanceof Histogram ? known : new Histogram({ ...this.#base(name, help), buckets: [...buckets], labelNames: [...labelNames] });
    return { observe: (labels, value) => { histogram.observe({ ...labels }, value); } };
  }

  #base(name: string, help: string): { name: string; help: string; registers: Registry[] } {
    return { name: this.prefix + name, help, registers: [this.registry] };
  }
}

/** The process's Prometheus registry; names are `millrace_<service>_<noun>_<unit>`. Each series has the labels `lane` and `service`. */
export class Metrics extends MetricFamily {
  /** For what all services have in common, or what is the product itself: names are `millrace_<noun>_<unit>`. */
  readonly common: MetricFamily;
  readonly #registry: Registry;
  readonly #scrapeHooks: (() => void)[] = [];

  constructor(service: string, lane: string) {
    const registry = new Registry();
    registry.setDefaultLabels({ lane, service });
    super(registry, `millrace_${service.replaceAll('-', '_')}_`);
    this.#registry = registry;
    this.common = new MetricFamily(registry, 'millrace_');
    collectDefaultMetrics({ register: registry });
  }

  /** Calls `hook` before each scrape: for values that change while nothing happens, such as an age. */
  onScrape(hook: () => void): void {
    this.#scrapeHooks.push(hook);
  }

  /** The text that Prometheus scrapes. */
  render(): Promise<string> {
    for (const hook of this.#scrapeHooks) hook();
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}
