export type Labels = Readonly<Record<string, string>>;

/** Label sets as Prometheus writes them: `{a="b", c="d"}`, in the order of their names. */
export function labelsText(labels: Labels): string {
  const pairs = Object.keys(labels).sort(byBytes).map((name) => `${nameText(name)}=${quoted(labels[name] ?? '')}`);
  return `{${pairs.join(', ')}}`;
}

/** A label's name, in quotes where it is more than letters, digits, `_` and `:`. */
export function nameText(name: string): string {
  return /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name) ? name : quoted(name);
}

/** Go's `%q` for what stands in labels. */
export function quoted(text: string): string {
  // eslint-disable-next-line no-control-regex -- those are what has to be escaped
  const escaped = text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t').replace(/[\u0000-\u001f\u007f]/g, hex);
  return `"${escaped}"`;
}

function hex(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** Go sorts strings by their bytes. */
export function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
