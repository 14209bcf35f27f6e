import type { VNode } from 'preact';
import type { ActionDto } from '../wire.dto.js';
import { linkTo } from './alert.link.js';
import { moment } from './alert.text.js';
import type { Formats } from './format.js';
import { pathOf } from './history.search.js';
import { Records, type Column } from './records.table.js';
import { Searched, type ListProps } from './searched.list.js';
import { useShopContext } from './shop.context.js';
import { alertText } from './shop.state.js';
import { usePages } from './use-pages.js';

const EVERY_MS = 10_000;
const VERDICTS = { true: 'right', false: 'a false alarm', unsure: 'hard to say' } as const;

/** What people did about alerts. */
export function ActionsList(props: ListProps): VNode {
  const { state, format } = useShopContext();
  const pages = usePages<ActionDto>(pathOf(props.search, state.timeZone), EVERY_MS, 'actions', ({ id }) => String(id));
  const columns: readonly [Column<ActionDto>, ...Column<ActionDto>[]] = [
    { name: 'What', cell: (action) => <><strong>{action.author}</strong> {actionText(action, format)}</> },
    { name: 'About', cell: (action) => <About action={action} /> },
    { name: 'When', cell: ({ actedAt }) => <time dateTime={actedAt}>{moment(actedAt, format)}</time> },
    { name: 'Comment', cell: ({ comment }) => comment },
  ];
  return <Searched {...props} pages={pages} none="Nobody has taken an alert on, silenced or judged one yet."><Records label="Actions" columns={columns} items={pages.items} keyOf={({ id }) => String(id)} /></Searched>;
}

function About({ action: { alert, fingerprint, startsAt } }: { readonly action: ActionDto }): VNode {
  const { state, showAlert } = useShopContext();
  if (alert === null) return <span class="muted">an alert that is not kept any more</span>;
  return <button type="button" class="number record-open" aria-haspopup="dialog" onClick={() => { showAlert(linkTo({ fingerprint, startsAt })); }}>{alertText(alert, state.productNames)}</button>;
}

function actionText({ action, until, verdict }: ActionDto, format: Formats): string {
  switch (action) {
    case 'acknowledged':
      return 'took it on';
    case 'unacknowledged':
      return 'gave it back';
    case 'commented':
      return 'wrote';
    case 'snoozed':
      return `silenced it${until === null ? '' : ` until ${moment(until, format)}`}`;
    case 'judged':
      return `judged it${verdict === null ? '' : `: ${VERDICTS[verdict]}`}`;
    default:
      return action;
  }
}
