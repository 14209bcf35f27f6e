/** Exit codes, after sysexits.h. Listed in the README and in `millrace --help`. */
export const EXIT = {
  ok: 0,
  /** A check found something: doctor, schema check, status with a process down. */
  failed: 1,
  usage: 64,
  /** Data that must not be used: a wrong checksum, an incompatible schema. */
  data: 65,
  unavailable: 69,
  internal: 70,
  /** Something of the machine is missing: Java, a user to run PostgreSQL as. */
  machine: 71,
  /** Nothing more can be written: the disk is full. */
  disk: 73,
  /** May work later: no network, another process holds a lock. */
  temporary: 75,
  config: 78,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Anything a person can mend: one line that says what is wrong, one that says what to do. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  constructor(
    message: string,
    /** What to do about it. */
    readonly remedy: string,
    readonly exitCode: ExitCode,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Environment variables that the schema refuses; all of them at once. */
export class ConfigError extends CliError {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(`Configuration: ${problems.join('; ')}`, 'Correct the variables in the environment or in .env.', EXIT.config);
  }
}

/** A port the stack needs belongs to somebody else. */
export class PortBusyError extends CliError {
  override readonly name = 'PortBusyError';
  constructor(
    readonly port: number,
    readonly component: string,
    readonly variable: string,
    readonly owner: string | null,
  ) {
    super(
      `Port ${String(port)} (${component}) is taken by ${owner ?? 'another process'}`,
      `Stop that process, or set ${variable} to a free port.`,
      EXIT.unavailable,
    );
  }
}

/** A program or file that the stack cannot do without. */
export class ToolMissingError extends CliError {
  override readonly name = 'ToolMissingError';
  constructor(
    readonly tool: string,
    detail: string,
    remedy: string,
  ) {
    super(`${tool}: ${detail}`, remedy, EXIT.machine);
  }
}

/** The disk has no room for what must be written. */
export class DiskFullError extends CliError {
  override readonly name = 'DiskFullError';
  constructor(
    readonly path: string,
    readonly neededBytes: number,
    readonly freeBytes: number | null,
  ) {
    const free = freeBytes === null ? 'it is full' : `${mebibytes(freeBytes)} MiB are free`;
    super(
      `No room under ${path}: ${mebibytes(neededBytes)} MiB are needed, ${free}`,
      'Free some space, or point MILLRACE_CACHE and MILLRACE_HOME to another disk.',
      EXIT.disk,
    );
  }
}

/** A downloaded file is not the file that was asked for. */
export class ChecksumError extends CliError {
  override readonly name = 'ChecksumError';
  constructor(
    readonly file: string,
    readonly detail: string,
  ) {
    super(
      `${file}: ${detail}`,
      'Nothing of it was kept. Try again; if it stays so, the mirror serves a changed file: do not use it.',
      EXIT.data,
    );
  }
}

/** A process of the stack died, or did not become ready in time. */
export class ProcessFailedError extends CliError {
  override readonly name = 'ProcessFailedError';
  constructor(
    readonly process: string,
    readonly cause_: string,
    readonly logFile: string,
  ) {
    super(`${process} failed: ${cause_}`, `Its log: ${logFile} (or: millrace logs ${process})`, EXIT.unavailable);
  }
}

function mebibytes(bytes: number): string {
  return String(Math.ceil(bytes / 2 ** 20));
}

/** Code of a Node system error such as ENOENT, else undefined. By its shape: an error of another realm is no instance of our Error. */
export function systemCode(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string' ? error.message : String(error);
}

/** Swallows the rejection of a wait that was cut short on purpose, and nothing else. */
export function ignoreAbort(error: unknown): void {
  if (systemCode(error) !== 'ABORT_ERR') throw error;
}
