import { FileError } from '@millrace/service-kit/yaml-file';
import { readRules, ruleCount } from './rule-file.js';

/** Exit code for a file that cannot be used, and for a call without one (sysexits EX_DATAERR, EX_USAGE). */
const BAD_FILE = 65;
const BAD_CALL = 64;

/** `check FILE`: says whether a rules file can be used. Returns the exit code. */
export async function checkCommand(file: string | undefined, write: { out: (line: string) => void; error: (line: string) => void }): Promise<number> {
  if (file === undefined) {
    write.error('usage: main.js check FILE');
    return BAD_CALL;
  }
  try {
    const rules = await readRules(file);
    write.out(`${file}: ${ruleCount(rules)} rules, all good`);
    return 0;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    for (const problem of error.problems) write.error(problem);
    return BAD_FILE;
  }
}
