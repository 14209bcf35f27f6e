import type { VNode } from 'preact';

/** Loads the next page of a list, where there is one. */
export function ShowMore({ more, failed }: { readonly more: (() => void) | null; readonly failed: boolean }): VNode | null {
  if (more === null) return null;
  return (
    <p class="cases-more">
      {failed && <span role="status">The server cannot show more now. </span>}
      <button type="button" class="button" onClick={more}>{failed ? 'Ask again' : 'Show more'}</button>
    </p>
  );
}
