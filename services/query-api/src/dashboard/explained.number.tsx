import type { ComponentChildren, VNode } from 'preact';
import type { Subject } from './explanation.js';
import { useShopContext } from './shop.context.js';

interface ExplainedProps {
  /** The window that the number is of; undefined before there is one. */
  readonly of: Omit<Subject, 'title' | 'item'> | undefined;
  readonly title: string;
  readonly item?: string;
  readonly children: ComponentChildren;
}

/** A number that opens its explanation. */
export function Explained({ of, title, item, children }: ExplainedProps): VNode {
  const { explain } = useShopContext();
  if (of === undefined) return <>{children}</>;
  const { metricKey, window, windowStart } = of;
  const open = (): void => { explain({ title, metricKey, window, windowStart, ...(item === undefined ? {} : { item }) }); };
  return <button type="button" class="number" aria-haspopup="dialog" title="Explain this number" onClick={open}>{children}</button>;
}
