import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testKafka } from '@millrace/testing';
import { millrace } from './support/command.js';
import { ROOT } from './support/compose.js';
import { dataFolder } from './support/data.js';

const run = promisify(execFile);
const PYTHON = process.env['MILLRACE_PYTHON'] ?? `${ROOT}.millrace/venv/bin/python`;
const FIGURES = ['auc', 'averagePrecision', 'cardPrecision'] as const;

type Figures = Readonly<Record<(typeof FIGURES)[number], number>>;

/** What `millrace fraud train --json` says. */
interface Trained {
  readonly folder: string;
  readonly quality: {
    readonly overall: {
      readonly orders: number;
      readonly frauds: number;
      readonly auc: number;
      readonly averagePrecision: number;
      readonly cardPrecision: { readonly mean: number };
      readonly cost: { readonly total: number; readonly totalAllowingAll: number };
    };
  };
}

/** What spark-streaming/tests/data/handbook.py says. */
interface Comparison {
  readonly compared: number;
  readonly different: Readonly<Record<string, number>>;
  readonly sameTraining: boolean;
  readonly sameTest: boolean;
  readonly test: { readonly orders: number; readonly frauds: number };
  readonly forest: Figures;
  readonly millrace: Figures;
}

/** Real files in a lane of their own, and what the product learns from them. */
class Lane {
  readonly #kafka = testKafka();
  #home = '';

  get dataset(): string {
    return join(this.#home, 'dataset');
  }

  async import(mapping: string, files: readonly string[]): Promise<void> {
    this.#home = await mkdtemp(join(tmpdir(), 'millrace-fraud-data-'));
    await this.#millrace(['import', mapping, ...files, '--json']);
  }

  async train(from: string, to: string): Promise<Trained> {
    return JSON.parse(await this.#millrace(['fraud', 'train', '--dataset', this.dataset, '--from', from, '--to', to, '--json'])) as Trained;
  }

  async remove(): Promise<void> {
    await this.#kafka.clean();
    if (this.#home !== '') await rm(this.#home, { recursive: true, force: true });
  }

  async #millrace(parameters: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await millrace(this.#home, [...parameters, '--lane', this.#kafka.lane], { MILLRACE_FRAUD_MODELS: join(this.#home, 'models') });
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  }
}

async function filesOf(folder: string, from: string, to: string): Promise<string[]> {
  const days = (await readdir(folder)).filter((name) => /\.csv\.gz$/.test(name) && name >= from && name.slice(0, to.length) <= to);
  return days.sort().map((name) => join(folder, name));
}

describe('the Fraud Detection Handbook: a week to learn from, seven days until labels come, a week to test on', () => {
  /** The history begins 40 days before: nothing looks further back than 38. */
  const [history, train, end, last] = ['2018-06-01', '2018-07-11', '2018-08-01', '2018-07-31'] as const;
  const lane = new Lane();
  let trained: Trained;
  let comparison: Comparison;

  beforeAll(async () => {
    const folder = join(dataFolder('handbook-fraud'), 'daily');
    await lane.import('fraud-handbook', await filesOf(folder, history, last));
    trained = await lane.train(train, end);
    const command = ['-m', 'tests.data.handbook', '--files', folder, '--dataset', lane.dataset, '--model', trained.folder, '--train', train];
    const { stdout } = await run(PYTHON, command, { cwd: `${ROOT}spark-streaming`, env: { ...process.env, PYTHONPATH: `${ROOT}spark-streaming/src` } });
    comparison = JSON.parse(stdout) as Comparison;
    process.stdout.write(`handbook, learnt from ${train} on: ${JSON.stringify({ forest: comparison.forest, millrace: comparison.millrace })}\n`);
  }, 1_500_000);
  afterAll(() => lane.remove(), 60_000);

  it('has the book\'s features, on every order of the three weeks', () => {
    const names = ['amount', 'weekend', 'night', ...['24h', '7d', '30d'].flatMap((window) => ['customer_orders', 'customer_mean', 'product_settled', 'product_risk'].map((name) => `${name}_${window}`))];
    expect(comparison.different).toEqual(Object.fromEntries(names.map((name) => [name, 0])));
    expect(comparison.compared).toBeGreaterThan(200_000);
  });

  it('learns from and is tested on the orders that the book takes', () => {
    expect(comparison).toMatchObject({ sameTraining: true, sameTest: true });
    expect({ orders: trained.quality.overall.orders, frauds: trained.quality.overall.frauds }).toEqual(comparison.test);
  });

  it('measures what scikit-learn measures', () => {
    const { auc, averagePrecision, cardPrecision } = trained.quality.overall;
    const said: Figures = { auc, averagePrecision, cardPrecision: cardPrecision.mean };
    for (const figure of FIGURES) expect(said[figure]).toBeCloseTo(comparison.millrace[figure], 9);
  });

  it.each(FIGURES)('finds fraud at least as well as the book\'s random forest: %s', (figure) => {
    expect(comparison.millrace[figure]).toBeGreaterThanOrEqual(comparison.forest[figure]);
  });
});

describe('Sparkov, card payments of another schema', () => {
  const lane = new Lane();
  afterAll(() => lane.remove(), 60_000);

  it('is learnt from through its mapping alone, and fraud is told from the rest', async () => {
    await lane.import('sparkov', await filesOf(dataFolder('sparkov-2019'), '2019-01', '2019-03'));
    const { orders, frauds, auc, averagePrecision, cost } = (await lane.train('2019-02-01', '2019-04-01')).quality.overall;
    process.stdout.write(`sparkov: ${JSON.stringify({ orders, frauds, auc, averagePrecision })}\n`);
    expect(frauds).toBeGreaterThan(0);
    // Nearly separable, so no yardstick: it says only that labels and features have met.
    expect(auc).toBeGreaterThan(0.9);
    expect(cost.total).toBeLessThan(cost.totalAllowingAll);
  }, 600_000);
});
