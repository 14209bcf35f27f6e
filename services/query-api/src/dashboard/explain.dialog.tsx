import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ExplainedWindowDto, MetricDto, SourceOffsetsDto } from '../wire.dto.js';
import { explanationOf, pathOf, type Subject } from './explanation.js';
import { isStale } from './freshness.js';
import { fetchExplanation } from './live.client.js';
import { ModalDialog } from './modal.dialog.js';
import { OffsetsTable } from './offsets.table.js';
import { useShopContext } from './shop.context.js';
import { newestOf } from './shop.state.js';

interface Explained {
  readonly window: ExplainedWindowDto;
  readonly metric: MetricDto;
}
/** Null where the server cannot say. */
type Answer = Explained | 'asking' | null;

/** Explains one number: first for who runs the shop, then down to the Kafka offsets. */
export function ExplainDialog({ subject, onClose }: { readonly subject: Subject; readonly onClose: () => void }): VNode {
  const [answer, setAnswer] = useState<Answer>('asking');
  const [asked, setAsked] = useState(0);

  useEffect(() => {
    const cancel = new AbortController();
    void fetchExplanation(subject, cancel.signal).then((found) => { if (!cancel.signal.aborted) setAnswer(found); });
    return () => { cancel.abort(); };
  }, [subject, asked]);

  const again = (): void => { setAsked(asked + 1); };
  return (
    <ModalDialog title={subject.title} onClose={onClose}>
      {answer === 'asking' && <p class="muted" role="status">Asking where this number comes from.</p>}
      {answer === null && <Unknown onAgain={again} />}
      {answer !== null && answer !== 'asking' && <Known subject={subject} explained={answer} onAgain={again} />}
    </ModalDialog>
  );
}

function Unknown({ onAgain }: { readonly onAgain: () => void }): VNode {
  return (
    <>
      <p role="status">The server cannot explain this number now: nothing was counted in its time, or it was computed only this moment.</p>
      <p><button type="button" class="button" onClick={onAgain}>Ask again</button></p>
    </>
  );
}

function Known({ subject, explained: { window, metric }, onAgain }: { readonly subject: Subject; readonly explained: Explained; readonly onAgain: () => void }): VNode {
  const { state, now, format } = useShopContext();
  const newest = newestOf(state, subject);
  const freshness = state.freshness.get(window.metric);
  const stale = freshness !== undefined && newest?.windowStart === window.windowStart && isStale(freshness, now) ? freshness : undefined;
  const { value, about, facts } = explanationOf(window, metric, { item: subject.item, now, timeZone: state.timeZone, format, stale });
  const newer = newest !== undefined && newest.windowStart === window.windowStart && newest.revision > window.revision;
  return (
    <>
      <p class="figure" data-testid="explained-value">{value}</p>
      <p>{about}</p>
      {newer && <p class="newer" role="status">Revision {format.count(newest.revision)} has come since. <button type="button" class="button" onClick={onAgain}>Show it</button></p>}
      <dl class="explain-facts">
        {facts.map(({ name, text, warns }) => <div key={name} class={warns === true ? 'warns' : ''}><dt>{name}</dt><dd>{text}</dd></div>)}
      </dl>
      <h3>Where it comes from</h3>
      <Sources ranges={window.sourceOffsets} />
      <dl class="explain-facts">
        <div><dt>Metric key</dt><dd><code>{window.metricKey}</code></dd></div>
        <div><dt>Window</dt><dd><code>{window.window}</code></dd></div>
        <div><dt>Start</dt><dd><code>{window.windowStart}</code></dd></div>
        <div><dt>End</dt><dd><code>{window.windowEnd}</code></dd></div>
        <div><dt>Watermark</dt><dd>{window.watermark === null ? 'none yet' : <code>{window.watermark}</code>}</dd></div>
      </dl>
      <p><a href={pathOf(subject)} target="_blank" rel="noreferrer">The same as JSON</a></p>
    </>
  );
}

function Sources({ ranges }: { readonly ranges: readonly SourceOffsetsDto[] }): VNode {
  if (ranges.length === 0) return <p>This number names no records.</p>;
  return (
    <>
      <p>From Kafka records that lie between these offsets, both included.</p>
      <OffsetsTable ranges={ranges} />
    </>
  );
}
