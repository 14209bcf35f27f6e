import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ListName, Search } from './history.search.js';
import { sentence } from './format.js';
import { useMedia } from './use-media.js';

type Options = readonly (readonly [value: string, text: string])[];
interface Field {
  readonly name: string;
  readonly label: string;
  /** What may be chosen, the first of it for any; without: text. */
  readonly options?: Options;
  readonly type?: 'date';
  readonly hint?: string;
}

/** What each list is searched for by its text. */
const HINTS: Readonly<Record<ListName, string>> = {
  alerts: 'What the alert says: a product, a rule, a word…', messages: 'A receiver, a rule, an error…', silences: 'A person, a reason, a label…', actions: 'A person, a comment, an alert…', rules: '',
};
const DAYS: readonly Field[] = [{ name: 'from', label: 'From day', type: 'date' }, { name: 'to', label: 'To day', type: 'date' }];
const FIELDS: Readonly<Record<ListName, readonly Field[]>> = {
  alerts: [
    { name: 'status', label: 'State', options: [['', 'Firing or over'], ['firing', 'Firing'], ['resolved', 'Over']] },
    { name: 'severity', label: 'Severity', options: [['', 'Any'], ['critical', 'Critical'], ['warning', 'Warning'], ['info', 'Info']] },
    { name: 'told', label: 'Told', options: [['', 'Told or not'], ['true', 'Somebody was told'], ['false', 'Nobody was told']] },
    { name: 'acknowledged', label: 'Taken on', options: [['', 'Taken on or not'], ['true', 'Somebody took it on'], ['false', 'Nobody took it on']] },
    ...DAYS,
    { name: 'match', label: 'Labels', hint: 'product="p-10412"' },
  ],
  messages: [
    {
      name: 'state', label: 'State',
      options: [['', 'Any'], ['delivered', 'Delivered'], ['pending', 'Waiting'], ['failed', 'Given up'], ['replaced', 'Replaced by a later one'], ['disabled', 'Receiver switched off'], ['suppressed', 'Recorded only']],
    },
    ...DAYS,
  ],
  silences: [
    { name: 'state', label: 'State', options: [['', 'Any'], ['active', 'Holds now'], ['pending', 'Still to come'], ['expired', 'Over']] },
  ],
  actions: [
    {
      name: 'action', label: 'What',
      options: [['', 'Anything'], ['acknowledged', 'Took it on'], ['unacknowledged', 'Gave it back'], ['commented', 'Wrote a comment'], ['snoozed', 'Silenced it for a while'], ['judged', 'Judged it']],
    },
    ...DAYS,
  ],
  rules: [],
};

interface FormProps {
  readonly search: Search;
  readonly onSearch: (search: Search) => void;
}

/** The fields of a list. What is chosen holds at once, what is written with Enter or the button. */
export function SearchForm({ search, onSearch }: FormProps): VNode {
  const [draft, setDraft] = useState(search.filters);
  useEffect(() => { setDraft(search.filters); }, [search]);
  const look = (filters: Search['filters']): void => { onSearch({ list: search.list, filters }); };
  const isNarrow = useMedia('(max-width: 45rem)');
  const input = (field: Field): VNode => (
    <FieldInput
      key={field.name} field={field} value={draft[field.name] ?? ''}
      onWrite={(value) => { setDraft({ ...draft, [field.name]: value }); }} onChoose={(value) => { look({ ...draft, [field.name]: value }); }}
    />
  );
  const fields = FIELDS[search.list];
  const others = <div class="history-fields">{fields.map(input)}</div>;
  return (
    <search class="history-search">
      <form onSubmit={(event) => { event.preventDefault(); look(draft); }}>
        <div class="history-text">
          {input({ name: 'q', label: 'Search', hint: HINTS[search.list] })}
          <button type="submit" class="button">Search</button>
          {Object.keys(search.filters).length > 0 && <button type="button" class="button" onClick={() => { look({}); }}>Clear</button>}
        </div>
        {isNarrow ? <details open={fields.some(({ name }) => name in search.filters)}><summary>Narrow it down</summary>{others}</details> : others}
      </form>
      <Others search={search} shown={fields} onSearch={onSearch} />
    </search>
  );
}

interface FieldProps {
  readonly field: Field;
  readonly value: string;
  readonly onWrite: (value: string) => void;
  readonly onChoose: (value: string) => void;
}

function FieldInput({ field: { name, label, options, type, hint }, value, onWrite, onChoose }: FieldProps): VNode {
  return (
    <label class={name === 'q' ? 'field field-wide' : 'field'}><span>{label}</span>
      {options !== undefined && (
        <select value={value} onChange={(event) => { onChoose(event.currentTarget.value); }}>
          {options.map(([one, text]) => <option key={one} value={one}>{text}</option>)}
        </select>
      )}
      {type === 'date' && <input type="date" value={value} onChange={(event) => { onChoose(event.currentTarget.value); }} />}
      {options === undefined && type === undefined && (
        <input type="search" maxLength={200} placeholder={hint ?? ''} value={value} onInput={(event) => { onWrite(event.currentTarget.value); }} />
      )}
    </label>
  );
}

/** What a link searches for beyond the fields; each can be taken away. */
function Others({ search, shown, onSearch }: FormProps & { readonly shown: readonly Field[] }): VNode | null {
  const others = Object.entries(search.filters).filter(([name]) => name !== 'q' && !shown.some((field) => field.name === name));
  if (others.length === 0) return null;
  return (
    <ul class="history-others" aria-label="Also searched for">
      {others.map(([name, value]) => (
        <li key={name} class="lane">
          <span class="muted">{name === 'fingerprint' ? 'only about one alert' : sentence(name).toLowerCase()}</span> {name === 'fingerprint' ? '' : value}
          <button type="button" class="number" aria-label={`Without ${name === 'fingerprint' ? 'that alert' : `${name} ${value}`}`} onClick={() => { onSearch({ list: search.list, filters: { ...search.filters, [name]: '' } }); }}>×</button>
        </li>
      ))}
    </ul>
  );
}
