/** Where a command writes its lines. */
export interface Output {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
}

/** Exit codes (sysexits): a check found something; a call that cannot be understood; a file that cannot be used; the notifier does not answer. */
export const EXIT = { found: 1, badCall: 64, badFile: 65, unavailable: 69 } as const;
