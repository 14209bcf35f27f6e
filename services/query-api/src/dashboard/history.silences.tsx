import type { VNode } from 'preact';
import type { SilenceDto } from '../wire.dto.js';
import { moment } from './alert.text.js';
import { breakable } from './breakable.js';
import { pathOf } from './history.search.js';
import { Records, type Column } from './records.table.js';
import { Searched, type ListProps } from './searched.list.js';
import { useShopContext } from './shop.context.js';
import { usePages } from './use-pages.js';

const EVERY_MS = 10_000;
const STATES = {
  active: { text: 'Holds now', tone: 'warn' },
  pending: { text: 'Still to come', tone: 'good' },
  expired: { text: 'Over', tone: 'good' },
} as const;

/** Which alerts were to tell nobody, from when to when, by whom and why. */
export function SilencesList(props: ListProps): VNode {
  const { state: shop, format } = useShopContext();
  const pages = usePages<SilenceDto>(pathOf(props.search, shop.timeZone), EVERY_MS, 'silences', ({ id }) => id);
  const columns: readonly [Column<SilenceDto>, ...Column<SilenceDto>[]] = [
    { name: 'Alerts like', cell: ({ matchers }) => <ul class="alert-labels">{matchers.map((matcher) => <li key={matcherText(matcher)}>{breakable(matcherText(matcher))}</li>)}</ul> },
    { name: 'State', cell: ({ state }) => <span class={`pill pill-${STATES[state].tone}`}>{STATES[state].text}</span> },
    { name: 'From', cell: ({ startsAt }) => <time dateTime={startsAt}>{moment(startsAt, format)}</time> },
    { name: 'Until', cell: ({ endsAt }) => <time dateTime={endsAt}>{moment(endsAt, format)}</time> },
    { name: 'By', cell: ({ createdBy }) => createdBy },
    { name: 'Why', cell: ({ comment }) => comment },
  ];
  return <Searched {...props} pages={pages} none="Nobody has silenced anything yet."><Records label="Silences" columns={columns} items={pages.items} keyOf={({ id }) => id} /></Searched>;
}

/** As Alertmanager writes it. */
function matcherText({ name, value, isRegex, isEqual }: SilenceDto['matchers'][number]): string {
  const operator = isRegex ? (isEqual ? '=~' : '!~') : isEqual ? '=' : '!=';
  return `${name}${operator}"${value}"`;
}
