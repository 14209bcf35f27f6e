// Adds up what the test runners and checks wrote into the results folder; exits 1 where anything failed or nothing ran.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
let passed = 0;
let failed = 0;

for (const file of readdirSync(folder).sort()) {
  const text = readFileSync(join(folder, file), 'utf8');
  if (file.endsWith('.jest.json')) countJest(file, JSON.parse(text));
  else if (file.endsWith('.junit.xml')) countJunit(file, text);
  else if (file === 'checks') countChecks(text);
}

function countJest(file, report) {
  passed += report.numPassedTests;
  failed += report.numFailedTests + report.numRuntimeErrorTestSuites;
  console.log(`${file}: ${report.numPassedTests} passed, ${report.numFailedTests} failed, ${report.numPendingTests} skipped`);
}

function countJunit(file, xml) {
  const count = (name) => [...xml.matchAll(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`, 'gu'))].reduce((sum, match) => sum + Number(match[1]), 0);
  const bad = count('failures') + count('errors');
  const good = count('tests') - bad - count('skipped');
  passed += good;
  failed += bad;
  console.log(`${file}: ${good} passed, ${bad} failed`);
}

function countChecks(text) {
  for (const line of text.trim().split('\n')) {
    if (line.startsWith('passed ')) passed += 1;
    else {
      failed += 1;
      console.log(line);
    }
  }
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
