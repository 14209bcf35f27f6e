import { useEffect, useState } from 'preact/hooks';

export type PageName = 'shop' | 'fraud';

const pageOf = (hash: string): PageName => (hash === '#fraud' ? 'fraud' : 'shop');

/** Which page the address names: `#fraud`, or the shop's numbers. */
export function usePage(): PageName {
  const [page, setPage] = useState<PageName>(() => pageOf(window.location.hash));
  useEffect(() => {
    const changed = (): void => {
      setPage((held) => (window.location.hash === '#main' ? held : pageOf(window.location.hash)));
    };
    window.addEventListener('hashchange', changed);
    return () => { window.removeEventListener('hashchange', changed); };
  }, []);
  return page;
}
