import { parseArgs } from 'node:util';
import { FileError } from '@millrace/service-kit/yaml-file';
import { actCommand } from './act.command.js';
import { EXIT, type Output } from './output.js';
import { redeliver } from './redeliver.command.js';
import { rules } from './rules.command.js';
import { readAlertmanagerConfig } from '../routing/alertmanager-config.js';
import { MatcherError } from '../routing/matcher.js';
import { parseMatchers } from '../routing/matcher-parser.js';
import { planOf, planText } from '../routing/route-plan.js';
import { readScenarios } from '../scenario/scenario-file.js';
import { differences, play } from '../scenario/scenario-run.js';

const USAGE = `Usage:
  millrace alerts check FILE
      Says whether an alertmanager.yml can be used, and if not, where and why.
  millrace alerts route --config FILE --labels NAME=VALUE... [--at TIME] [--verify RECEIVER,...] [--json]
      Says who would be told of an alert with these labels, and why. Nothing is sent.
      --at       as if it were then, for time intervals: 2026-11-21T22:00:00Z (default: now)
      --verify   exit with 1 unless exactly these receivers would be told
  millrace alerts test FILE... [--json]
      Plays the tests of files against their alertmanager.yml, with a clock of its own: who is told of what when. Exits with 1 unless
      every receiver was told what the test expects, and nothing else. docs/alerting.md has the format.
  millrace alerts redeliver (--id N... | --from TIME [--to TIME]) [--receiver NAME] [--state failed|disabled|delivered]... [--dry-run] [--json]
      Has the running notifier send deliveries again that have ended: those that failed or found their receiver switched off, unless
      --state says otherwise. They keep their webhook-id. --url or MILLRACE_NOTIFIER_URL says where the notifier is.
  millrace alerts acknowledge|unacknowledge FINGERPRINT [--by NAME] [--comment TEXT] [--json]
      Who acknowledges an alert stops its escalation and its repetition; its end is told all the same.
  millrace alerts comment FINGERPRINT --comment TEXT [--by NAME] [--json]
  millrace alerts snooze FINGERPRINT --for 2h [--by NAME] [--comment TEXT] [--json]
      Silences this alert and no other.
  millrace alerts verdict FINGERPRINT true|false|unsure [--by NAME] [--comment TEXT] [--json]
      Says whether the alert was right. Of an alert that calls an order fraud it becomes a label of the order.
  millrace alerts rules [--days 28] [--json]
      Each rule's precision by those verdicts, its share of the noise budget, and what would make it better.`;

type Command = (parameters: readonly string[], write: Output) => number | Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  check, route, test, redeliver,
  acknowledge: actCommand('acknowledge'), unacknowledge: actCommand('unacknowledge'), comment: actCommand('comment'), snooze: actCommand('snooze'), verdict: actCommand('verdict'), rules,
};
const HELP: ReadonlySet<string> = new Set(['help', '--help', '-h']);

/** `check`, `route` and `test`, without any other service; the others ask a running notifier. Returns the exit code. */
export async function alertsCommand(parameters: readonly string[], write: Output): Promise<number> {
  const [name = '', ...rest] = parameters;
  const command = COMMANDS[name];
  if (HELP.has(name) || rest.some((parameter) => HELP.has(parameter))) {
    write.out(USAGE);
    return 0;
  }
  if (command === undefined) {
    write.error(name === '' ? USAGE : `${name} is none of ${Object.keys(COMMANDS).join(', ')}\n${USAGE}`);
    return EXIT.badCall;
  }
  try {
    return await command(rest, write);
  } catch (error) {
    if (error instanceof FileError) {
      for (const problem of error.problems) write.error(problem);
      return EXIT.badFile;
    }
    if (!(error instanceof UsageError) && !isParseError(error)) throw error;
    write.error(`${error.message}\nmillrace alerts --help says more`);
    return EXIT.badCall;
  }
}

class UsageError extends Error {
  override readonly name = 'UsageError';
}

function isParseError(error: unknown): error is Error {
  return typeof error === 'object' && error !== null && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

function check(parameters: readonly string[], write: Output): number {
  const { positionals } = parseArgs({ args: [...parameters], allowPositionals: true });
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new UsageError('one file is to be checked: millrace alerts check FILE');
  const config = readAlertmanagerConfig(file);
  const receivers = [...config.receivers.keys()].join(', ');
  write.out(`${file}: can be used; receivers ${receivers}; ${config.inhibitRules.length} inhibit rules, ${config.timeIntervals.size} time intervals`);
  return 0;
}

function route(parameters: readonly string[], write: Output): number {
  const { values, positionals } = parseArgs({
    args: [...parameters],
    allowPositionals: true,
    options: {
      config: { type: 'string', short: 'c' },
      labels: { type: 'string', short: 'l', multiple: true, default: [] },
      at: { type: 'string' },
      verify: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  if (values.config === undefined) throw new UsageError('--config says which alertmanager.yml: millrace alerts route --config FILE --labels severity=critical');
  const at = values.at === undefined ? Date.now() : Date.parse(values.at);
  if (Number.isNaN(at)) throw new UsageError(`--at ${values.at ?? ''} is no time, such as 2026-11-21T22:00:00Z`);
  const plan = planOf(readAlertmanagerConfig(values.config), labelsOf([...values.labels, ...positionals]), at);
  if (values.json) write.out(JSON.stringify(plan, null, 2));
  else for (const line of planText(plan)) write.out(line);
  if (values.verify === undefined) return 0;
  const wanted = values.verify.split(',').map((name) => name.trim());
  const told = plan.notifies.map(({ receiver }) => receiver);
  if (told.length === wanted.length && told.every((name, place) => name === wanted[place])) return 0;
  write.error(`expected ${wanted.join(', ')}, got ${told.join(', ')}`);
  return EXIT.found;
}

function test(parameters: readonly string[], write: Output): number {
  const { values, positionals } = parseArgs({ args: [...parameters], allowPositionals: true, options: { json: { type: 'boolean', default: false } } });
  if (positionals.length === 0) throw new UsageError('files with tests are expected: millrace alerts test FILE');
  const results = positionals.flatMap((file) => readScenarios(file).map((scenario) => {
    const told = play(scenario);
    return { file, name: scenario.name, differences: differences(scenario, told), told };
  }));
  const failed = results.filter((result) => result.differences.length > 0);
  if (values.json) write.out(JSON.stringify(results, null, 2));
  else {
    for (const result of results) {
      write.out(`${result.file}: ${result.name}: ${result.differences.length === 0 ? 'passed' : 'failed'}`);
      for (const line of result.differences) write.out(`  ${line}`);
    }
    write.out(`${results.length - failed.length} passed, ${failed.length} failed`);
  }
  return failed.length === 0 ? 0 : EXIT.found;
}

function labelsOf(texts: readonly string[]): Readonly<Record<string, string>> {
  try {
    const matchers = texts.flatMap((text) => parseMatchers(text));
    const wrong = matchers.find(({ operator }) => operator !== '=');
    if (wrong !== undefined) throw new UsageError(`${String(wrong)}: an alert has labels, such as severity=critical, no conditions`);
    return Object.fromEntries(matchers.map(({ label, value }) => [label, value]));
  } catch (error) {
    throw error instanceof MatcherError ? new UsageError(error.message) : error;
  }
}
