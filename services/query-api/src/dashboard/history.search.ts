import { startOfDay } from './format.js';

/** The lists of the history, as its address names them. */
export const LISTS = ['alerts', 'messages', 'silences', 'actions', 'rules'] as const;
export type ListName = (typeof LISTS)[number];

/** What is searched for: a list, and its filters by name. Days (`from`, `to`) are the shop's, both included. */
export interface Search {
  readonly list: ListName;
  readonly filters: Readonly<Record<string, string>>;
}

/** Filters of each list that its route has. */
const FILTERS: Readonly<Record<ListName, readonly string[]>> = {
  alerts: ['q', 'status', 'severity', 'told', 'acknowledged', 'from', 'to', 'match', 'rule'],
  messages: ['q', 'state', 'from', 'to', 'receiver', 'fingerprint'],
  silences: ['q', 'state', 'author'],
  actions: ['q', 'action', 'from', 'to', 'author', 'fingerprint'],
  rules: [],
};
const ROUTES: Readonly<Record<ListName, string>> = {
  alerts: '/api/alerts', messages: '/api/deliveries', silences: '/api/silences', actions: '/api/actions', rules: '/api/alerting/rules',
};
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const PAGE = 25;

/** Reads `#alerts`, `#alerts/messages?state=failed`; what it does not know it leaves out. */
export function searchOf(hash: string): Search {
  const [path = '', query = ''] = hash.split('?', 2);
  const list = LISTS.find((name) => name === path.split('/')[1]) ?? 'alerts';
  const given = new URLSearchParams(query);
  return { list, filters: kept(list, (name) => given.get(name)?.trim() ?? '') };
}

/** The address of a search, which reads as it again. */
export function hashOf({ list, filters }: Search): string {
  const query = new URLSearchParams(kept(list, (name) => filters[name] ?? '')).toString();
  return `#alerts${list === 'alerts' ? '' : `/${list}`}${query === '' ? '' : `?${query}`}`;
}

/** What the API is asked for. */
export function pathOf({ list, filters }: Search, timeZone: string): string {
  if (list === 'rules') return ROUTES.rules;
  const query = new URLSearchParams({ limit: String(PAGE) });
  for (const [name, value] of Object.entries(kept(list, (one) => filters[one] ?? ''))) {
    query.set(name, DAY.test(value) && (name === 'from' || name === 'to') ? String(startOfDay(value, timeZone, name === 'to' ? 1 : 0)) : value);
  }
  return `${ROUTES[list]}?${query.toString()}`;
}

function kept(list: ListName, valueOf: (name: string) => string): Record<string, string> {
  return Object.fromEntries(FILTERS[list].flatMap((name) => (valueOf(name) === '' ? [] : [[name, valueOf(name)]])));
}
