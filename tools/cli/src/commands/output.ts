import { CliError, EXIT, type ExitCode } from '../cli-errors.js';

/** One line for people on standard output. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** One line beside the result, on standard error, so that a result can be piped. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Says what is wrong and what to do; returns the exit code. A fault of our own shows its stack. */
export function report(error: unknown): ExitCode {
  if (error instanceof CliError) {
    say(`millrace: ${error.message}\n  ${error.remedy}`);
    return error.exitCode;
  }
  say(`millrace: unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return EXIT.internal;
}

/** Columns as wide as their longest cell, two blanks between. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n');
}
