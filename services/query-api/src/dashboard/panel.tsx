import type { ComponentChildren, VNode } from 'preact';
import { useId } from 'preact/hooks';
import { Age, useStale } from './freshness.js';

interface PanelProps {
  readonly title: string;
  /** Metric whose age the panel shows. */
  readonly metric?: string;
  /** What the title leaves open, such as the window. */
  readonly note?: string | undefined;
  readonly area: string;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A titled region of the board that shows how old its numbers are. */
export function Panel({ title, metric, note, area, actions, children }: PanelProps): VNode {
  const id = useId();
  const stale = useStale(metric ?? '');
  return (
    <section class={`panel area-${area}${stale ? ' is-stale' : ''}`} aria-labelledby={id}>
      <header class="panel-head">
        <h2 id={id}>{title}</h2>
        {note !== undefined && <span class="muted note">{note}</span>}
        <span class="grow" />
        {actions}
        {metric !== undefined && <Age metric={metric} />}
      </header>
      {children}
    </section>
  );
}

/** What a panel says before its first number. */
export function Nothing({ text }: { readonly text: string }): VNode {
  return <p class="nothing muted">{text}</p>;
}
