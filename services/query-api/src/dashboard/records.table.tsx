import type { ComponentChildren, VNode } from 'preact';
import { useMedia } from './use-media.js';

export interface Column<T> {
  readonly name: string;
  readonly cell: (item: T) => ComponentChildren;
}

interface RecordsProps<T> {
  readonly label: string;
  /** The first one names the item. */
  readonly columns: readonly [Column<T>, ...Column<T>[]];
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
}

/** A list as a table, and as cards where there is no room for one. */
export function Records<T>({ label, columns, items, keyOf }: RecordsProps<T>): VNode {
  const isNarrow = useMedia('(max-width: 45rem)');
  const [title, ...others] = columns;
  if (isNarrow) {
    return (
      <ul class="record-cards" aria-label={label}>
        {items.map((item) => (
          <li key={keyOf(item)}>
            <div class="record-title">{title.cell(item)}</div>
            <dl>{others.map(({ name, cell }) => <div key={name}><dt>{name}</dt><dd>{cell(item)}</dd></div>)}</dl>
          </li>
        ))}
      </ul>
    );
  }
  return (
    <table class="records" aria-label={label}>
      <thead><tr>{columns.map(({ name }) => <th key={name} scope="col">{name}</th>)}</tr></thead>
      <tbody>
        {items.map((item) => (
          <tr key={keyOf(item)}><th scope="row">{title.cell(item)}</th>{others.map(({ name, cell }) => <td key={name}>{cell(item)}</td>)}</tr>
        ))}
      </tbody>
    </table>
  );
}
