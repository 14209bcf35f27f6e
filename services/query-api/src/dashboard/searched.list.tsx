import type { ComponentChildren, VNode } from 'preact';
import type { Search } from './history.search.js';
import { Nothing } from './panel.js';
import { ShowMore } from './show.more.js';
import type { Pages } from './use-pages.js';

export interface ListProps {
  readonly search: Search;
  readonly onSearch: (search: Search) => void;
}

interface SearchedProps extends ListProps {
  readonly pages: Pages<unknown>;
  /** What it says where there is nothing at all. */
  readonly none: string;
  readonly children: ComponentChildren;
}

/** What was found, or why there is nothing to show, and what to do then. */
export function Searched({ search: { list, filters }, onSearch, pages: { items, state, isMissing, again, more, moreFailed }, none, children }: SearchedProps): VNode {
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <section class="panel" aria-label="Found" aria-busy={state === 'asking'}>
      {state === 'asking' && <p class="nothing muted" role="status">Reading the history.</p>}
      {state === 'failed' && (
        <p class="newer" role="status">
          {isMissing ? 'This cannot be searched for: labels are written like product="p-10412", days like 2026-11-20.' : 'The server cannot show the history now; the page asks again by itself.'}
          {!isMissing && <button type="button" class="button" onClick={again}>Ask again</button>}
        </p>
      )}
      {state === 'known' && items.length === 0 && <Nothing text={isFiltered ? 'Nothing is like that.' : none} />}
      {state === 'known' && items.length === 0 && isFiltered && <p><button type="button" class="button" onClick={() => { onSearch({ list, filters: {} }); }}>Show all</button></p>}
      {items.length > 0 && children}
      <ShowMore more={more} failed={moreFailed} />
    </section>
  );
}
