import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { age } from './format.js';
import { CalibrationPanel } from './fraud.calibration.js';
import { CasesPanel } from './fraud.cases.js';
import { useAsked } from './asked.client.js';
import { RingsPanel } from './fraud.rings.js';
import { aboutBasis, amountText, BASES, bestBasis, driftLevel, furtherMeasures, measuresOf } from './fraud.text.js';
import type { Drift, Quality, QualityAnswer, WindowReport } from './fraud.types.js';
import { sentence } from './format.js';
import { Nothing, Panel } from './panel.js';
import { useShopContext } from './shop.context.js';

const WINDOWS = [{ id: '24h', label: '24 hours' }, { id: '7d', label: '7 days' }, { id: '30d', label: '30 days' }] as const;
type WindowName = (typeof WINDOWS)[number]['id'];
const EVERY_MS = 10_000;

/** How good fraud detection is, and the cases to decide. */
export function FraudPage(): VNode {
  const { value, state } = useAsked<QualityAnswer>('/api/fraud/quality', EVERY_MS);
  const [window, setWindow] = useState<WindowName>('24h');
  useEffect(() => { document.title = 'Fraud · Millrace'; }, []);
  const report = value?.report?.windows.find((one) => one.window === window);
  return (
    <div class="fraud">
      <div class="fraud-head">
        <h2>Fraud</h2>
        <WindowSwitch window={window} onChange={setWindow} />
        <span class="grow" />
        <Status answer={value} state={state} />
      </div>
      {value === null || report === undefined || value.report === null ? <Empty answer={value} state={state} /> : (
        <>
          <QualityPanels report={report} labelDelayMs={value.labelDelayMs} />
          <CalibrationPanel report={report} />
          <DriftPanel drift={value.report.drift} />
        </>
      )}
      {value !== null && <CasesPanel hasTruth={value.report?.windows.some(({ quality }) => quality.oracle !== null) ?? false} />}
      {value !== null && <RingsPanel />}
    </div>
  );
}

function WindowSwitch({ window, onChange }: { readonly window: WindowName; readonly onChange: (window: WindowName) => void }): VNode {
  return (
    <fieldset class="switch">
      <legend class="sr-only">Orders of the last</legend>
      {WINDOWS.map(({ id, label }) => (
        <label key={id}>
          <input type="radio" name="fraud-window" value={id} checked={window === id} onChange={() => { onChange(id); }} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Status({ answer, state }: { readonly answer: QualityAnswer | null; readonly state: string }): VNode | null {
  const { now, format } = useShopContext();
  if (state === 'failed' && answer !== null) return <span class="pill pill-warn">The fraud desk does not answer</span>;
  if (answer?.report == null) return null;
  const { asOf } = answer.report;
  return <span class="muted note">newest order {format.day(asOf)}, {format.minute(asOf)}{now - asOf > 600_000 ? ` · ${age(now - asOf)} ago` : ''}</span>;
}

function Empty({ answer, state }: { readonly answer: QualityAnswer | null; readonly state: string }): VNode {
  const [title, text] = answer !== null
    ? ['No order has been scored yet', 'The page fills by itself as soon as the first score comes. Nothing needs to be reloaded.']
    : state === 'failed' ? ['The fraud desk does not answer', 'The page asks again by itself.'] : ['Connecting', 'Asking for the latest numbers.'];
  return (
    <section class="panel fraud-empty" aria-labelledby="fraud-empty">
      <h3 id="fraud-empty">{title}</h3>
      <p>{text}</p>
      {state !== 'asking' && <p class="muted"><code>millrace status</code> tells whether the fraud desk and the scoring job run.</p>}
    </section>
  );
}

function QualityPanels({ report, labelDelayMs }: { readonly report: WindowReport; readonly labelDelayMs: number }): VNode {
  const { format } = useShopContext();
  const best = bestBasis(report);
  const quality = best === null ? null : report.quality[best];
  const { ALLOW, REVIEW, DECLINE } = report.decisions;
  return (
    <>
      <p class="fraud-volume">
        <strong>{format.count(ALLOW + REVIEW + DECLINE)}</strong> orders scored, <strong>{format.count(REVIEW)}</strong> to review, <strong>{format.count(DECLINE)}</strong> to decline.
        {report.unscored.orders > 0 && ` ${format.count(report.unscored.orders)} ${report.unscored.orders === 1 ? 'order was' : 'orders were'} not scored, ${format.count(report.unscored.fraud)} of them fraud.`}
      </p>
      {quality === null || best === null
        ? <section class="panel"><Nothing text="Nobody has said yet which of these orders were fraud: no label has come. Verdicts given below are the first." /></section>
        : (
          <>
            <div class="fraud-tiles">
              {measuresOf(quality, format).map(({ name, value, about }) => (
                <section key={name} class="panel kpi" aria-label={name}>
                  <header class="panel-head"><h3>{name}</h3></header>
                  <p class="figure" data-testid={`fraud-${name.toLowerCase().replaceAll(' ', '-')}`}>{value}</p>
                  <p class="muted fraud-about">{about}</p>
                </section>
              ))}
            </div>
            <p class="muted fraud-source">By {BASES.find(({ basis }) => basis === best)?.name.toLowerCase()}. {aboutBasis(best, labelDelayMs)}</p>
            <div class="fraud-pair">
              <ComparePanel report={report} labelDelayMs={labelDelayMs} />
              <ScenarioPanel quality={report.quality.oracle} />
            </div>
          </>
        )}
    </>
  );
}

function ComparePanel({ report, labelDelayMs }: { readonly report: WindowReport; readonly labelDelayMs: number }): VNode {
  const { format } = useShopContext();
  const columns = BASES.map(({ basis, name }) => {
    const quality = report.quality[basis];
    return { basis, name, values: quality === null ? null : [...measuresOf(quality, format), ...furtherMeasures(quality, format)] };
  });
  const names = columns.find(({ values }) => values !== null)?.values?.map(({ name }) => name) ?? [];
  return (
    <Panel title="By whose word" area="fraud-compare">
      <div class="fraud-scroll">
        <table class="fraud-table">
          <thead><tr><th scope="col"><span class="sr-only">Measure</span></th>{columns.map(({ basis, name }) => <th key={basis} scope="col">{name}</th>)}</tr></thead>
          <tbody>
            {names.map((name, row) => (
              <tr key={name}><th scope="row">{name}</th>{columns.map(({ basis, values }) => <td key={basis} class={values === null ? 'muted' : ''}>{values?.[row]?.value ?? '–'}</td>)}</tr>
            ))}
          </tbody>
        </table>
      </div>
      <dl class="fraud-legend">
        {columns.map(({ basis, name, values }) => (
          <div key={basis}><dt>{name}</dt><dd class="muted">{values === null ? whyMissing(basis, labelDelayMs) : aboutBasis(basis, labelDelayMs)}</dd></div>
        ))}
      </dl>
    </Panel>
  );
}

function whyMissing(basis: string, labelDelayMs: number): string {
  if (basis === 'oracle') return 'Not known in this lane: only a simulated shop knows what its orders really were.';
  return basis === 'observed' ? `No order older than ${age(labelDelayMs)}, the time that labels are given to come, or no label of such orders.` : 'No order of this time has a label yet.';
}

function ScenarioPanel({ quality }: { readonly quality: Quality | null }): VNode {
  const { format } = useShopContext();
  const sums = (values: readonly { readonly minor: number; readonly currency: string }[]): string =>
    values.filter(({ minor }) => minor > 0).map(({ minor, currency }) => amountText(minor, currency, format)).join(' + ') || '–';
  return (
    <Panel title="By kind of fraud" note="by the truth" area="fraud-scenarios">
      {quality === null && <Nothing text="Labels do not say what kind of fraud it was; only a simulated shop knows." />}
      {quality !== null && quality.scenarios.length === 0 && <Nothing text="There was no fraud in this time." />}
      {quality !== null && quality.scenarios.length > 0 && (
        <div class="fraud-scroll">
          <table class="fraud-table">
            <thead><tr><th scope="col">Kind</th><th scope="col">Found</th><th scope="col">Share</th><th scope="col">Caught</th><th scope="col">Missed</th></tr></thead>
            <tbody>
              {quality.scenarios.map(({ scenario, orders, caught, recall, money }) => (
                <tr key={scenario}>
                  <th scope="row">{sentence(scenario)}</th><td>{format.count(caught)} of {format.count(orders)}</td><td>{recall === null ? '–' : format.percent(recall)}</td>
                  <td>{sums(money.map((sum) => ({ minor: sum.caughtMinor, currency: sum.currency })))}</td>
                  <td>{sums(money.map((sum) => ({ minor: sum.missedMinor, currency: sum.currency })))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

const DRIFT_SHOWN = 12;

function DriftPanel({ drift: { features, reference, current, modelVersion } }: { readonly drift: Drift }): VNode {
  const { format } = useShopContext();
  const most = Math.max(0.5, features[0]?.psi ?? 0);
  const gathering = reference.scores < reference.needed
    ? `Gathering what normal looks like: ${format.count(reference.scores)} of the first ${format.count(reference.needed)} scores of this model.`
    : `Too few orders in the last 24 hours to tell: ${format.count(current.scores)} of ${format.count(current.needed)}.`;
  return (
    <Panel title="Do orders still look as they did?" note={modelVersion === '' ? 'last 24 hours' : `last 24 hours · model ${modelVersion}`} area="fraud-drift">
      {features.length === 0 ? <Nothing text={gathering} /> : (
        <table class="bars fraud-drift">
          <colgroup><col /><col class="bars-value" /><col class="bars-value" /></colgroup>
          <thead class="sr-only"><tr><th scope="col">Feature</th><th scope="col">Stability index</th><th scope="col">Means</th></tr></thead>
          <tbody>
            {features.slice(0, DRIFT_SHOWN).map(({ feature, psi }) => {
              const { text, tone } = driftLevel(psi);
              return (
                <tr key={feature}>
                  <th scope="row"><span class="bar" aria-hidden="true" style={{ width: `${((Math.min(psi, most) / most) * 100).toFixed(1)}%` }} /><span class="bar-name" title={feature}>{feature}</span></th>
                  <td>{psi.toFixed(3)}</td>
                  <td><span class={`pill pill-${tone}`}>{text}</span></td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      {features.length > DRIFT_SHOWN && <p class="muted note">and {format.count(features.length - DRIFT_SHOWN)} that moved less</p>}
    </Panel>
  );
}
