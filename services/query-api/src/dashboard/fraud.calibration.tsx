import type { VNode } from 'preact';
import { bestBasis } from './fraud.text.js';
import type { WindowReport } from './fraud.types.js';
import { Nothing, Panel } from './panel.js';
import { useShopContext } from './shop.context.js';

const BINS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;

/** Whether a score of 70 % means that 70 of 100 such orders are fraud. */
export function CalibrationPanel({ report }: { readonly report: WindowReport }): VNode {
  const { format } = useShopContext();
  const best = bestBasis(report);
  const bins = best === null ? [] : (report.quality[best]?.calibration ?? []);
  return (
    <Panel title="Does a score mean what it says?" note="share of fraud by score" area="fraud-calibration">
      {bins.length === 0 ? <Nothing text="Known as soon as some of the scored orders have turned out to be fraud or honest." /> : (
        <>
          <div class="calibration" aria-hidden="true">
            {BINS.map((bin) => {
              const found = bins.find((one) => one.bin === bin);
              return (
                <div key={bin} class="calibration-bin" title={found === undefined ? 'no orders' : `${format.count(found.orders)} orders: mean score ${format.percent(found.meanScore)}, fraud ${format.percent(found.fraudShare)}`}>
                  <div class="calibration-space">
                    {found !== undefined && <span class="calibration-bar" style={{ height: percent(found.fraudShare) }} />}
                    {found !== undefined && <span class="calibration-mark" style={{ bottom: percent(found.meanScore) }} />}
                  </div>
                  <span class="calibration-name">{bin * 10}</span>
                </div>
              );
            })}
          </div>
          <p class="muted calibration-key"><span class="key-bar" /> share that was fraud <span class="key-mark" /> what the score said, from {BINS[0] * 10} % (left) to 100 % (right). The closer, the better.</p>
          <table class="sr-only">
            <thead><tr><th scope="col">Score from</th><th scope="col">Orders</th><th scope="col">Mean score</th><th scope="col">Share of fraud</th></tr></thead>
            <tbody>{bins.map(({ bin, orders, meanScore, fraudShare }) => <tr key={bin}><th scope="row">{bin * 10} %</th><td>{orders}</td><td>{format.percent(meanScore)}</td><td>{format.percent(fraudShare)}</td></tr>)}</tbody>
          </table>
        </>
      )}
    </Panel>
  );
}

const percent = (ratio: number): string => `${(Math.min(1, Math.max(0, ratio)) * 100).toFixed(1)}%`;
