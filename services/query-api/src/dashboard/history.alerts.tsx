import type { VNode } from 'preact';
import type { FoundAlertDto } from '../wire.dto.js';
import { linkTo } from './alert.link.js';
import { moment, outageText } from './alert.text.js';
import { sentence } from './format.js';
import { hashOf, pathOf } from './history.search.js';
import { Records, type Column } from './records.table.js';
import { Searched, type ListProps } from './searched.list.js';
import { useShopContext } from './shop.context.js';
import { alertText } from './shop.state.js';
import { usePages } from './use-pages.js';

const EVERY_MS = 10_000;

/** Every time that an alert fired; each opens down to its evidence. */
export function AlertsList(props: ListProps): VNode {
  const { state, now, format, showAlert } = useShopContext();
  const pages = usePages<FoundAlertDto>(pathOf(props.search, state.timeZone), EVERY_MS, 'alerts', ({ id }) => String(id));
  const columns: readonly [Column<FoundAlertDto>, ...Column<FoundAlertDto>[]] = [
    { name: 'Alert', cell: (alert) => <button type="button" class="number record-open" aria-haspopup="dialog" onClick={() => { showAlert(linkTo(alert)); }}>{alertText(alert, state.productNames)}</button> },
    { name: 'State', cell: (alert) => <State alert={alert} /> },
    { name: 'Began', cell: ({ startsAt }) => <time dateTime={startsAt}>{moment(startsAt, format)}</time> },
    { name: 'Lasted', cell: (alert) => outageText(alert, now) },
    {
      name: 'Told', cell: ({ told, fingerprint }) => (
        <>{told ? 'somebody' : <span class="muted">nobody</span>} · <a href={hashOf({ list: 'messages', filters: { fingerprint } })}>messages</a></>
      ),
    },
    { name: 'Taken on by', cell: ({ acknowledgedBy }) => acknowledgedBy ?? <span class="muted">nobody</span> },
  ];
  return <Searched {...props} pages={pages} none="No alert has fired yet: when one does, it is kept here."><Records label="Alerts" columns={columns} items={pages.items} keyOf={({ id }) => String(id)} /></Searched>;
}

function State({ alert: { status, severity } }: { readonly alert: FoundAlertDto }): VNode {
  const firing = status === 'firing';
  const tone = !firing ? 'good' : severity === 'critical' ? 'bad' : 'warn';
  return <span class="record-state"><span class={`pill pill-${tone}`}>{firing ? 'Firing' : 'Over'}</span> <span class="muted">{sentence(severity)}</span></span>;
}
