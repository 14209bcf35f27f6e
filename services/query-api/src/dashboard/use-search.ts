import { useEffect, useState } from 'preact/hooks';
import { hashOf, searchOf, type Search } from './history.search.js';

/** What the page's address searches for, and how to search for something else: Back leads to the search before. */
export function useSearch(): readonly [Search, (next: Search) => void] {
  const [search, setSearch] = useState(() => searchOf(window.location.hash));
  useEffect(() => {
    const moved = (): void => { setSearch(searchOf(window.location.hash)); };
    window.addEventListener('hashchange', moved);
    return () => { window.removeEventListener('hashchange', moved); };
  }, []);
  return [search, (next) => { window.location.hash = hashOf(next); }];
}
