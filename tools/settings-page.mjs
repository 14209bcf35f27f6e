// Writes docs/reference/env.md from the settings that the services, the command and the Spark job declare. Needs a build. `--check` writes nothing
// and fails where the page would change.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'docs', 'reference', 'env.md');

/** Settings of a service: every exported object whose members have a variable, a sentence and a schema. */
async function settingsOf(service) {
  const folder = join(root, 'services', service, 'dist');
  const found = new Map();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.config.js'))) {
    const module = await import(pathToFileURL(join(folder, file)).href);
    for (const exported of Object.values(module)) collect(exported, found);
  }
  return found;
}

function collect(exported, found) {
  if (typeof exported !== 'object' || exported === null) return;
  for (const setting of Object.values(exported)) {
    if (typeof setting?.env === 'string' && typeof setting.doc === 'string') found.set(setting.env, { doc: setting.doc, fallback: fallbackOf(setting) });
  }
}

function fallbackOf({ schema, sensitive }) {
  const { success, data } = schema.safeParse(undefined);
  if (!success) return 'required';
  if (data === undefined || data === null) return 'none';
  const text = data instanceof Date ? data.toISOString() : Array.isArray(data) ? data.join(',') : String(data);
  if (sensitive) return 'set for the local stack';
  return text === '' ? 'none' : `\`${text.replace(root, '')}\``;
}

/** The command's own: zod carries the sentence and the default. */
async function commandSettings() {
  const { envSchema } = await import(pathToFileURL(join(root, 'tools', 'cli', 'dist', 'config', 'cli.config.js')).href);
  return new Map(
    Object.entries(envSchema.shape).map(([name, schema]) => {
      const { data } = schema.safeParse(undefined);
      return [name, { doc: schema.description ?? '', fallback: data === undefined ? 'none' : `\`${String(data)}\`` }];
    }),
  );
}

/** The Spark job's: `field = take(variable, default, …)`, and the sentence below the field in the class. */
function sparkSettings() {
  const source = readFileSync(join(root, 'spark-streaming', 'src', 'millrace_streaming', 'config.py'), 'utf8');
  const sentences = new Map([...source.matchAll(/^ {4}(\w+): .+\n {4}"""(.+)"""$/gmu)].map(([, field, doc]) => [field, doc]));
  const settings = new Map();
  for (const [, field, name, fallback] of source.matchAll(/(\w+) ?= ?take\("(MILLRACE_[A-Z_]+)", (?:"([^"]*)"|[^,]+),/gu)) {
    const doc = sentences.get(field);
    if (doc === undefined) throw new Error(`config.py: ${name} has no sentence below the field ${field}`);
    settings.set(name, { doc, fallback: fallback === undefined || fallback.replace(',', '').trim() === '' ? 'none' : `\`${fallback}\`` });
  }
  return settings;
}

function table(settings) {
  const rows = [...settings].map(([name, { doc, fallback }]) => `| \`${name}\` | ${doc.replaceAll('|', '\\|')} | ${fallback} |`);
  return ['| variable | meaning | default |', '|---|---|---|', ...rows].join('\n');
}

const services = readdirSync(join(root, 'services')).sort();
const all = await Promise.all(services.map(async (name) => [name, await settingsOf(name)]));
const shared = new Map([...all[0][1]].filter(([name]) => all.every(([, settings]) => settings.has(name)) && name !== 'MILLRACE_HTTP_PORT'));
const sections = all.map(([name, settings]) => [name, new Map([...settings].filter(([variable]) => !shared.has(variable)))]);
const text = [
  '# Settings',
  '',
  'Generated from the code: run `npm run docs:generate`. Every process reads its environment once and names all that is wrong at once.',
  '',
  '## Every service',
  '',
  table(shared),
  ...sections.flatMap(([name, settings]) => ['', `## ${name}`, '', table(settings)]),
  '',
  '## Spark job',
  '',
  table(sparkSettings()),
  '',
  '## The millrace command',
  '',
  table(await commandSettings()),
  '',
].join('\n');

if (!existsSync(page) || readFileSync(page, 'utf8') !== text) {
  if (process.argv.includes('--check')) {
    process.stderr.write('docs/reference/env.md is out of date: run "npm run docs:generate"\n');
    process.exitCode = 1;
  } else writeFileSync(page, text);
}
