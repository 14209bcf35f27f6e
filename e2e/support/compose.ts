import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const service = z.object({
  image: z.string().optional(),
  build: z.object({ dockerfile: z.string(), args: z.object({ WORKSPACE: z.string() }).optional() }).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  command: z.array(z.string()).optional(),
  ports: z.array(z.string()).default([]),
  user: z.string().optional(),
  healthcheck: z.object({ disable: z.boolean().optional() }).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  deploy: z.object({ resources: z.object({ limits: z.object({ cpus: z.string(), memory: z.string() }) }) }),
});
export type ComposeService = z.infer<typeof service>;

/** docker-compose.yml as compose reads it, with the defaults of its variables. */
export function readCompose(): Readonly<Record<string, ComposeService>> {
  const text = readFileSync(`${ROOT}docker-compose.yml`, 'utf8').replaceAll(/\$\{[A-Z_]+:-([^}]*)\}/g, '$1');
  return z.object({ services: z.record(z.string(), service) }).parse(parse(text, { merge: true })).services;
}

/** What an image says of its container. */
export interface ImageConfig {
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly workdir: string;
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
  /** Base images, as they are named. */
  readonly bases: readonly string[];
}

/** The last stage of a Dockerfile, with its build arguments filled in, and the stage it continues where that is another one. */
export function readDockerfile(file: string, args: Readonly<Record<string, string>>): ImageConfig {
  const text = readFileSync(`${ROOT}${file}`, 'utf8').replaceAll(/\\\n/g, ' ').replaceAll(/\$\{?(WORKSPACE)\}?/g, (whole, name: string) => args[name] ?? whole);
  const stages = text.split(/^(?=FROM )/m).filter((stage) => stage.startsWith('FROM ')).map(stageOf);
  const names = new Set(stages.map(({ name }) => name));
  const last = stages.at(-1);
  const parent = stages.find(({ name }) => name === last?.from);
  const lines = [...(parent?.lines ?? []), ...(last?.lines ?? [])];
  const only = (word: string): string => lines.filter((line) => line.startsWith(`${word} `)).at(-1)?.slice(word.length + 1).trim() ?? '';
  return {
    env: Object.fromEntries(lines.flatMap((line) => { const found = /^ENV ([A-Z_]+)=(\S+)$/.exec(line); return found === null ? [] : [[found[1] ?? '', found[2] ?? '']]; })),
    user: only('USER'),
    workdir: only('WORKDIR'),
    command: execForm(only('CMD')),
    healthcheck: execForm(/ CMD (\[.*\])$/.exec(only('HEALTHCHECK'))?.[1] ?? ''),
    bases: stages.map(({ from }) => from).filter((from) => !names.has(from)),
  };
}

function stageOf(text: string): { readonly name: string; readonly from: string; readonly lines: readonly string[] } {
  const lines = text.split('\n').map((line) => line.trim());
  const [, from = '', name = ''] = /^FROM (\S+)(?: AS (\S+))?/.exec(text) ?? [];
  return { from, name, lines };
}

function execForm(json: string): readonly string[] {
  return z.array(z.string()).min(1).parse(JSON.parse(json));
}
