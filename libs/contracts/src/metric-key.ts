const SPECIAL = /[\\,={}]/g;

/** Metric and dimensions in one string, `metric{a=x,b=y}` with the names sorted; `, = { } \` inside a value are escaped with `\`. */
export function metricKey(metric: string, dimensions: Readonly<Record<string, string>>): string {
  const pairs = Object.keys(dimensions)
    .sort()
    .map((name) => `${name}=${(dimensions[name] ?? '').replace(SPECIAL, '\\$&')}`);
  return `${metric}{${pairs.join(',')}}`;
}
