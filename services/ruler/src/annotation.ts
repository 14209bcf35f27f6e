const PLACEHOLDER = /\{\{\s*([\w.-]+)\s*\}\}/g;
const DIGITS = 6;

export interface AnnotationInput {
  readonly value: number | null;
  readonly threshold: number | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** Placeholders of a template that are neither `value` nor `threshold` nor one of `labels.NAME`. */
export function unknownPlaceholders(template: string, labelNames: ReadonlySet<string>): string[] {
  const known = (name: string): boolean =>
    name === 'value' || name === 'threshold' || (name.startsWith('labels.') && labelNames.has(name.slice('labels.'.length)));
  return [...template.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '').filter((name) => !known(name));
}

/** Fills `{{ value }}`, `{{ threshold }}` and `{{ labels.NAME }}` in. What is not there says so in its place: the alert is to be told. */
export function renderAnnotation(template: string, input: AnnotationInput): string {
  return template.replace(PLACEHOLDER, (_, name: string) => {
    if (name === 'value') return numberText(input.value);
    if (name === 'threshold') return numberText(input.threshold);
    const label = name.slice('labels.'.length);
    return input.labels[label] ?? `[there is no label ${label}]`;
  });
}

function numberText(value: number | null): string {
  if (value === null) return 'unknown';
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(DIGITS)));
}
