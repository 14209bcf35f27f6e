import { useEffect, useState } from 'preact/hooks';
import { addressOf, linkOf, type AlertLink } from './alert.link.js';

/** Kept with an address that this page made: going back leads to the page without it. */
const OPENED_HERE = 'alert-opened-here';

interface AlertAddress {
  readonly link: AlertLink | null;
  readonly open: (link: AlertLink) => void;
  /** Takes out of the address what a link answered with: it is answered. */
  readonly answered: () => void;
  /** Takes the alert out of the address. */
  readonly close: () => void;
}

/** The alert that the page's address names, so that it can be passed on, and Back closes it. */
export function useAlertLink(): AlertAddress {
  const [link, setLink] = useState(() => linkOf(window.location.search));
  useEffect(() => {
    const moved = (): void => { setLink(linkOf(window.location.search)); };
    window.addEventListener('popstate', moved);
    return () => { window.removeEventListener('popstate', moved); };
  }, []);
  const open = (next: AlertLink): void => {
    const address = addressOf(window.location.href, next);
    if (link === null) window.history.pushState(OPENED_HERE, '', address);
    else window.history.replaceState(window.history.state, '', address);
    setLink(next);
  };
  const answered = (): void => { if (link !== null) window.history.replaceState(window.history.state, '', addressOf(window.location.href, link)); };
  const close = (): void => {
    if (window.history.state === OPENED_HERE) window.history.back();
    else window.history.replaceState(null, '', addressOf(window.location.href, null));
    setLink(null);
  };
  return { link, open, answered, close };
}
