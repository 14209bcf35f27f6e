import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { readScenarios, type Scenario } from './scenario-file.js';
import { differences, play, type Told } from './scenario-run.js';

const scenarios = readScenarios(fileURLToPath(new URL('../../test/alertmanager-acceptance.yaml', import.meta.url)));

function told(scenario: Scenario): readonly string[] {
  return differences(scenario, play(scenario));
}

/** What somebody might get wrong: of each, every case that was told something must say so. */
const WRONG: Readonly<Record<string, (all: readonly Told[]) => readonly Told[]>> = {
  'loses the last notification': (all) => all.slice(0, -1),
  'tells the last one twice': (all) => [...all, ...all.slice(-1)],
  'is late by ten minutes': (all) => all.map((one) => ({ ...one, at: one.at + 600_000 })),
  'loses an alert': (all) => all.map((one) => ({ ...one, alerts: one.alerts.slice(1) })),
  'takes what fires for resolved, and the other way round': (all) => all.map((one) => ({ ...one, alerts: one.alerts.map((alert) => ({ ...alert, ends: alert.ends === null ? 1 : null })) })),
};

describe('Alertmanager\'s acceptance cases', () => {
  it('are all there', () => {
    expect(scenarios.map(({ name }) => name)).toEqual(expect.arrayContaining(['MergeAlerts', 'Repeat', 'Batching', 'Resolved', 'ResolvedFilter', 'Reload', 'Inhibiting', 'Silencing']));
    expect(scenarios).toHaveLength(18);
  });

  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', (_name, scenario) => {
    expect(told(scenario)).toEqual([]);
  });

  /** Steps of which nothing comes: what a later one says instead, and what shows that nobody is told. */
  const idle = new Set(['MergeAlerts 4', 'MergeAlertsWithEndsAt 4', 'what fires and ends within the group wait is told nobody 0', 'Reload 1', 'out of hours a route is silent, and tells what still fires when they end 1']);
  const steps = scenarios.flatMap((scenario) => scenario.steps.map((_, place) => [`${scenario.name} ${place}`, scenario, place] as const)).filter(([name]) => !idle.has(name));
  it.each(steps)('%s: without that step the case is red', (_name, scenario, place) => {
    expect(told({ ...scenario, steps: scenario.steps.toSpliced(place, 1) })).not.toEqual([]);
  });

  const mutants = scenarios.filter((scenario) => play(scenario).length > 0).flatMap((scenario) => Object.keys(WRONG).map((wrong) => [scenario.name, wrong, scenario] as const));
  it.each(mutants)('%s: is red for one who %s', (_name, wrong, scenario) => {
    expect(differences(scenario, WRONG[wrong]?.(play(scenario)) ?? [])).not.toEqual([]);
  });
});
