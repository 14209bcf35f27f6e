const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['y', 365 * 86_400_000], ['w', 7 * 86_400_000], ['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1_000], ['ms', 1],
];
const FORM = new RegExp(`^${UNITS.map(([unit]) => `(?:(\\d+)${unit})?`).join('')}$`);

/** Prometheus's durations, such as `1h30m` or `0`, in ms; null where the text is none. */
export function durationMs(text: string): number | null {
  if (text === '0') return 0;
  const parts = text === '' ? null : FORM.exec(text);
  return parts === null ? null : UNITS.reduce((sum, [, ms], place) => sum + Number(parts[place + 1] ?? 0) * ms, 0);
}

/** The shortest such text. */
export function durationText(ms: number): string {
  if (ms === 0) return '0s';
  let left = ms;
  let text = '';
  // Weeks and years are never told: `7d` reads better.
  for (const [unit, size] of UNITS.slice(2)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
}
