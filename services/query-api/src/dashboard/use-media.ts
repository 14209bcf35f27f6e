import { useEffect, useState } from 'preact/hooks';

/** Whether a media query holds, as it changes. */
export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => window.matchMedia(query).matches);
  useEffect(() => {
    const media = window.matchMedia(query);
    const changed = (): void => { setMatches(media.matches); };
    changed();
    media.addEventListener('change', changed);
    return () => { media.removeEventListener('change', changed); };
  }, [query]);
  return matches;
}
