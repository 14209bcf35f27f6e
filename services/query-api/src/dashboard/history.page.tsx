import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { ActionsList } from './history.actions.js';
import { AlertsList } from './history.alerts.js';
import { SearchForm } from './history.form.js';
import { MessagesList } from './history.messages.js';
import { RulesList } from './history.rules.js';
import { hashOf, LISTS, type ListName } from './history.search.js';
import { SilencesList } from './history.silences.js';
import { sentence } from './format.js';
import type { ListProps } from './searched.list.js';
import { useSearch } from './use-search.js';

const VIEWS: Readonly<Record<ListName, (props: ListProps) => VNode>> = {
  alerts: AlertsList, messages: MessagesList, silences: SilencesList, actions: ActionsList, rules: RulesList,
};

/** Every alert, message, silence and action that is kept, to be searched; and how each rule does. */
export function HistoryPage(): VNode {
  const [search, onSearch] = useSearch();
  useEffect(() => { document.title = 'Alerts · Millrace'; }, []);
  const View = VIEWS[search.list];
  return (
    <div class="fraud history">
      <div class="fraud-head">
        <h2>Alerts</h2>
        <nav class="pages" aria-label="History">
          {LISTS.map((list) => <a key={list} href={hashOf({ list, filters: {} })} aria-current={list === search.list ? 'page' : undefined}>{sentence(list)}</a>)}
        </nav>
      </div>
      {search.list !== 'rules' && <SearchForm search={search} onSearch={onSearch} />}
      <View key={search.list} search={search} onSearch={onSearch} />
    </div>
  );
}
