import { parseDocument, visit } from 'yaml';

/**
 * The configuration as others may read it, amtool above all: without what is ours, which they would refuse, and without the paths of webhooks,
 * which may hold secrets.
 */
export function shownConfig(original: string): string {
  const document = parseDocument(original);
  visit(document, {
    Pair: (_, pair) => {
      const key = typeof pair.key === 'object' && pair.key !== null && 'value' in pair.key ? pair.key.value : pair.key;
      if (key === 'millrace') return visit.REMOVE;
      if (key === 'url' && typeof pair.value === 'object' && pair.value !== null && 'value' in pair.value && typeof pair.value.value === 'string') pair.value.value = originOf(pair.value.value);
      return undefined;
    },
  });
  return document.toString();
}

function originOf(url: string): string {
  return URL.canParse(url) ? `${new URL(url).origin}/` : 'http://localhost/';
}
