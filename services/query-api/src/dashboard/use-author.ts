import { useState } from 'preact/hooks';

const NAME_KEY = 'millrace-analyst';

/** Who decides at this browser; it remembers the name once something was decided. */
export function useAuthor(): { readonly author: string; readonly setAuthor: (name: string) => void; readonly remember: () => void } {
  const [author, setAuthor] = useState(() => window.localStorage.getItem(NAME_KEY) ?? '');
  return { author, setAuthor, remember: () => { window.localStorage.setItem(NAME_KEY, author); } };
}
