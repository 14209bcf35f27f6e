import { CliError, EXIT } from '../cli-errors.js';
import { type Decimal } from './decimal.js';

/** A mapping that cannot be used: names the file, the line, the place in it and the reason. */
export class MappingError extends CliError {
  override readonly name = 'MappingError';
  constructor(
    readonly file: string,
    /** Place in the mapping, such as `inputs[0].outputs.placed.fields.currency`; empty for the file itself. */
    readonly path: string,
    readonly reason: string,
    line?: number,
  ) {
    super(
      `${file}${line === undefined ? '' : `:${String(line)}`}: ${path === '' ? '' : `${path}: `}${reason}`,
      'Correct the mapping; docs/importing.md lists every key.',
      EXIT.config,
    );
  }
}

/** A part of a mapping that does not compile; the loader adds file and line and throws {@link MappingError}. */
export class SpecError extends Error {
  override readonly name = 'SpecError';
  constructor(
    readonly path: readonly (string | number)[],
    readonly reason: string,
  ) {
    super(reason);
  }
}

/** Input files that are not there, cannot be read, or that no input of the mapping takes. */
export class ImportInputError extends CliError {
  override readonly name = 'ImportInputError';
  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, remedy, EXIT.usage, options);
  }
}

/** A row that gives no event. `reason` is the same for all rows of its kind, `detail` tells this one's value. */
export class RowError extends Error {
  override readonly name = 'RowError';
  constructor(
    readonly reason: string,
    readonly detail: string | null = null,
  ) {
    super(detail === null ? reason : `${reason}: ${detail}`);
  }
}

/** A value as it is quoted in a message, cut to a bearable length. */
export function quoted(value: string | number | boolean | Decimal): string {
  const text = JSON.stringify(String(value));
  return text.length <= 120 ? text : `${text.slice(0, 117)}…"`;
}
