import type { ActionsQuery, SilencesQuery } from './alert.schema.js';
import type { Page } from './page.js';
import type { ActionDto, SilenceDto } from './wire.dto.js';

export const PEOPLE_STORE = Symbol('PEOPLE_STORE');

/** What people did about alerts, as the notifier keeps it; newest first. All methods throw `StoreUnavailableError`. */
export interface PeopleStore {
  silences(query: SilencesQuery): Promise<Page<SilenceDto>>;
  actions(query: ActionsQuery): Promise<Page<ActionDto>>;
}
