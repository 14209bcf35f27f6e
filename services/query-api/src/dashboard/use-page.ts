import { useEffect, useState } from 'preact/hooks';

export type PageName = 'shop' | 'fraud' | 'alerts';

/** What follows the page's name is the page's own. */
function pageOf(hash: string): PageName {
  const name = hash.slice(1).split(/[/?]/, 1)[0];
  return name === 'fraud' || name === 'alerts' ? name : 'shop';
}

/** Which page the address names: `#fraud`, `#alerts`, or the shop's numbers. */
export function usePage(): PageName {
  const [page, setPage] = useState<PageName>(() => pageOf(window.location.hash));
  useEffect(() => {
    const changed = (): void => { setPage(pageOf(window.location.hash)); };
    window.addEventListener('hashchange', changed);
    return () => { window.removeEventListener('hashchange', changed); };
  }, []);
  return page;
}
