import { expect, test } from '@jest/globals';
import { parseRules } from './rule-file.js';
import { FileError } from '@millrace/service-kit/yaml-file';

const GOOD = `
version: 1
rules:
  - name: orders-high
    kind: threshold
    metric: orders
    window: 1m
    match: { country: "*" }
    is: ">"
    value: 100
    clear: 80
    for: 2
    severity: critical
    labels: { team: shop }
    annotations: { summary: "{{ value }} orders from {{ labels.country }}" }
  - name: revenue-spike
    kind: spike
    metric: revenue
    window: 1m
    match: { currency: [EUR, GBP] }
    when: count > 10.0
  - { name: reorder, kind: low-stock }
  - { name: nearly-gone, kind: low-stock, level: 3 }
`;

function problemsOf(text: string): readonly string[] {
  try {
    parseRules('rules.yaml', text);
  } catch (error) {
    if (error instanceof FileError) return error.problems;
    throw error;
  }
  return [];
}

test('reads every kind of rule and fills in the defaults', () => {
  const { rules } = parseRules('rules.yaml', GOOD);
  expect(rules.map(({ name, metric, decide, nature }) => ({ name, metric, decide, nature }))).toEqual([
    { name: 'orders-high', metric: 'orders', decide: 'early', nature: 'sum' },
    { name: 'revenue-spike', metric: 'revenue', decide: 'early', nature: 'sum' },
    { name: 'reorder', metric: 'low_stock', decide: 'each', nature: 'level' },
    { name: 'nearly-gone', metric: 'stock_level', decide: 'each', nature: 'level' },
  ]);
  expect(rules[0]?.condition).toEqual({ kind: 'threshold', comparison: '>', value: 100, clear: 80 });
  expect(rules[0]?.hold).toEqual({ windows: 2, ms: 0 });
  expect(rules[1]?.condition).toMatchObject({ baseline: 60, minSamples: 30, by: 4, clear: 4, measure: 'deviations' });
});

test('names file, line, rule, field and reason of every problem at once', () => {
  const text = `version: 1
rules:
  - name: a
    kind: threshold
    metric: ordres
    window: 1m
    is: ">"
    value: 1
  - name: b
    kind: threshold
    metric: orders
    window: 1h
    match: { country: DE, city: Berlin }
    is: "<"
    value: 10
    clear: 5
    labels: { rule: x, country: y }
    annotations: { summary: "{{ labels.town }}" }
  - name: b
    kind: spike
    metric: orders
    window: 1m
    ratio: 2
    deviations: 3
    when: labels.x.matches("a")
    for: soon
    colour: red
  - kind: threshhold
`;
  const problems = problemsOf(text);
  expect(problems.every((problem) => problem.startsWith('rules.yaml:'))).toBe(true);
  expect(problems).toEqual([
    expect.stringMatching(/^rules\.yaml:5: rule "a": metric: "ordres" is no metric/),
    expect.stringMatching(/^rules\.yaml:12: rule "b": window: orders has no window 1h; it has 1m, 1d, 1mo$/),
    expect.stringMatching(/^rules\.yaml:13: rule "b": match: .*\{city, country\}.*exactly \{\} or \{country\}$/),
    expect.stringMatching(/^rules\.yaml:16: rule "b": clear: must be at least value \(10\)/),
    expect.stringMatching(/^rules\.yaml:17: rule "b": labels\.rule: is set by the ruler/),
    expect.stringMatching(/^rules\.yaml:17: rule "b": labels\.country: is set by the ruler/),
    expect.stringMatching(/^rules\.yaml:18: rule "b": annotations\.summary: \{\{ labels\.town \}\} is unknown/),
    expect.stringMatching(/^rules\.yaml:26: rule "b": for: /),
    expect.stringMatching(/^rules\.yaml:\d+: rule "b": .*colour/),
    expect.stringMatching(/^rules\.yaml:28: rule number 4: /),
  ]);
});

test.each([
  ['no version', 'rules: []', /version/],
  ['broken YAML', 'version: 1\nrules: [', /^rules\.yaml:/],
  ['a list of text', 'version: 1\nrules: [hello]', /rule number 1/],
  ['an empty file', '', /./],
])('refuses %s', (_, text, reason) => {
  expect(problemsOf(text).join('\n')).toMatch(reason);
});

test('a key named __proto__ reaches no prototype', () => {
  parseRules('rules.yaml', 'version: 1\nrules: [{name: a, kind: low-stock, labels: {"__proto__": {polluted: "1"}}}]');
  expect('polluted' in {}).toBe(false);
});

test('two rules cannot share a name', () => {
  const problems = problemsOf('version: 1\nrules: [{name: a, kind: low-stock}, {name: a, kind: low-stock}]');
  expect(problems).toEqual(['rules.yaml:2: rule "a": name: another rule has this name']);
});

const rule = (text: string): string => `version: 1\nrules:\n  - { name: x, metric: orders, window: 1m, ${text} }`;

test('a runbook becomes an annotation', () => {
  const { rules } = parseRules('rules.yaml', rule('kind: rate, over: 1, percent: 5, runbook: "https://wiki.example/{{ labels.rule }}", annotations: { summary: x }'));
  expect(rules[0]?.annotations).toEqual({ summary: 'x', runbook_url: 'https://wiki.example/{{ labels.rule }}' });
});

test('fills in the defaults of rate, seasonal and absence', () => {
  const [rate] = parseRules('rules.yaml', rule('kind: rate, over: 10, percent: 50, direction: down')).rules;
  expect(rate).toMatchObject({ decide: 'complete', condition: { over: 10, measure: 'percent', by: 50, clear: 50, minBase: 0 } });
  const [seasonal] = parseRules('rules.yaml', rule('kind: seasonal, season: week, fallback: recent')).rules;
  expect(seasonal).toMatchObject({ decide: 'early', condition: { slotMs: 3_600_000, periodMs: 604_800_000, timeZone: 'UTC', by: 8, clear: 2, minSeasons: 3, fallback: { baseline: 60, minSamples: 30 } } });
  const [absence] = parseRules('rules.yaml', rule('kind: absence, for: 10m, match: { country: [DE, FR] }, expected: true')).rules;
  expect(absence).toMatchObject({ hold: { ms: 600_000 }, condition: { scope: 'series', expected: [{ country: 'DE' }, { country: 'FR' }] } });
});

test.each([
  ['an open link', 'kind: rate, over: 1, percent: 5, runbook: "http://wiki.example"', /runbook: write an https link/],
  ['no link', 'kind: rate, over: 1, percent: 5, runbook: "see the wiki"', /runbook: write an https link/],
  ['a link to an unknown label', 'kind: rate, over: 1, percent: 5, runbook: "https://x.example/{{ labels.town }}"', /runbook: .*labels\.town/],
  ['two links', 'kind: rate, over: 1, percent: 5, runbook: "https://x.example", annotations: { runbook_url: "y" }', /runbook: annotations has/],
  ['a rate of nothing', 'kind: rate, over: 1', /percent: give either/],
  ['a rate of two things', 'kind: rate, over: 1, percent: 5, change: 5', /percent: give either/],
  ['a rate that clears before it fires', 'kind: rate, over: 1, percent: 5, clear: 6', /clear: must be at most 5/],
  ['a rate against now', 'kind: rate, over: 0, percent: 5', /over/],
  ['an absence in windows', 'kind: absence, for: 3', /for: /],
  ['an absence under a condition', 'kind: absence, for: 3m, when: count > 1.0', /when/],
  ['an expectation of anybody', 'kind: absence, for: 3m, expected: true, match: { country: "*" }', /expected: match must name each country/],
  ['a slot that does not divide the day', 'kind: seasonal, slot: 7m', /slot: must be a whole part/],
  ['a slot under its window', 'kind: seasonal, slot: 30s', /slot: must be a whole part/],
  ['more slots than a rule can keep', 'kind: seasonal, season: week, slot: 5m', /slot: a week may have at most 1440 slots/],
  ['a season that clears before it fires', 'kind: seasonal, deviations: 3, clear: 4', /clear: must be at most 3/],
])('refuses %s', (_, text, reason) => {
  expect(problemsOf(rule(text)).join('\n')).toMatch(reason);
});

test('a day is no slot of a day', () => {
  expect(problemsOf(rule('kind: seasonal').replace('1m', '1d'))).toEqual([expect.stringMatching(/window: is longer than a slot of a day/)]);
  expect(problemsOf(rule('kind: seasonal, season: week').replace('1m', '1d'))).toEqual([]);
  expect(problemsOf(rule('kind: seasonal, season: week, slot: 1h').replace('1m', '1d'))).toEqual([expect.stringMatching(/slot: must be a whole part/)]);
});

test('rules about the system know their metrics, dimensions and kinds', () => {
  const system = (text: string): readonly string[] => problemsOf(`version: 1\nrules:\n  - { name: x, metric: consumer_lag, window: 1m, ${text} }`);
  const lag = 'kind: threshold, is: ">", value: 1, match: { group: "*", topic: "*" }';
  expect(system(lag)).toEqual([]);
  expect(system('kind: threshold, is: ">", value: 1, match: { topic: "*" }')).toEqual([expect.stringContaining('match: consumer_lag has no series with the dimensions {topic}; match must name exactly {group, topic}')]);
  expect(system(`${lag}, decide: complete`)).toEqual([expect.stringContaining('decide: consumer_lag is judged at each look')]);
  expect(system('kind: absence, for: 5m, match: { group: "*", topic: "*" }')).toEqual([expect.stringContaining('kind: consumer_lag is looked at by the ruler')]);
});

test('rules about orders have defaults, and their mistakes are told', () => {
  const read = (text: string): string => `version: 1\nrules:\n  - { name: x, kind: order, ${text} }`;
  const { rules, orderRules } = parseRules('rules.yaml', read('when: score > 0.5, by: [customer], annotations: { summary: "{{ labels.customer }}" }'));
  expect(rules).toEqual([]);
  expect(orderRules).toMatchObject([{ by: ['customer'], atLeast: 1, withinMs: 3_600_000, maxFiring: 1_000, severity: 'warning' }]);
  expect(problemsOf(read('when: scoer > 0.5'))).toEqual([expect.stringMatching(/^rules\.yaml:3: rule "x": when: .*scoer/)]);
  expect(problemsOf(read('when: score > 0.5, by: [order], atLeast: 2'))).toEqual([expect.stringContaining('atLeast: of one order there is only one')]);
  expect(problemsOf(read('when: score > 0.5, within: 30d'))).toEqual([expect.stringContaining('within: from 1s to 7d')]);
  expect(problemsOf(read('when: score > 0.5, annotations: { summary: "{{ labels.customer }}" }'))).toEqual([expect.stringContaining('{{ labels.customer }} is unknown')]);
  expect(problemsOf(read('by: [city]'))).toEqual([expect.stringContaining('when'), expect.stringContaining('by')]);
});
