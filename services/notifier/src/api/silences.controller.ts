import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, UseFilters } from '@nestjs/common';
import { RequestError } from '@millrace/service-kit';
import { DispatchLoop } from '../dispatch/dispatch-loop.js';
import { MatcherError, type Matcher } from '../routing/matcher.js';
import { matcherOf, type WireMatcher } from '../silences/silence-row.js';
import { silenceState, SilenceStore, type SilenceRecord, type SilenceState } from '../silences/silence-store.js';
import { AlertmanagerErrors } from './alertmanager.filter.js';
import { postableSilence, silencesQuery, type PostableSilence, type SilencesQuery } from './alertmanager.schema.js';
import { filterMatchers } from './filter-matchers.js';

/** `gettableSilence` of Alertmanager's API. */
interface SilenceView {
  readonly id: string;
  readonly status: { readonly state: SilenceState };
  readonly updatedAt: string;
  readonly comment: string;
  readonly createdBy: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly matchers: readonly WireMatcher[];
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ORDER: Readonly<Record<SilenceState, number>> = { active: 0, pending: 1, expired: 2 };

/** Silences, as Alertmanager's API has them. */
@Controller('api/v2')
@UseFilters(AlertmanagerErrors)
export class SilencesController {
  constructor(
    @Inject(SilenceStore) private readonly silences: SilenceStore,
    @Inject(DispatchLoop) private readonly loop: DispatchLoop,
  ) {}

  /** Those that hold first, then those that will, then those that did. `filter`: by the text of their matchers. */
  @Get('silences')
  async list(@Query({ schema: silencesQuery }) { filter }: SilencesQuery): Promise<readonly SilenceView[]> {
    const wanted = filterMatchers(filter);
    const now = Date.now();
    const all = await this.silences.list();
    return all.filter(({ matchers }) => wanted.every((matcher) => speaksOf(matchers, matcher))).map((silence) => viewOf(silence, now))
      .sort((left, right) => ORDER[left.status.state] - ORDER[right.status.state]);
  }

  @Post('silences')
  @HttpCode(200)
  async put(@Body({ schema: postableSilence }) { id, ...draft }: PostableSilence): Promise<{ silenceID: string }> {
    const now = Date.now();
    let matchers: readonly Matcher[];
    try {
      matchers = draft.matchers.map(matcherOf);
    } catch (error) {
      throw error instanceof MatcherError ? new RequestError(400, `invalid silence: ${error.message}`) : error;
    }
    if (draft.endsAt <= draft.startsAt) throw new RequestError(400, 'failed to create silence: start time must be before end time');
    if (draft.endsAt.getTime() <= now) throw new RequestError(400, "failed to create silence: end time can't be in the past");
    if (matchers.every((matcher) => matcher.matches({}))) throw new RequestError(400, 'invalid silence: at least one matcher must not match the empty string');
    const made = await this.silences.put(draft, id, now);
    if (made === null) throw new RequestError(404, 'silence not found');
    await this.loop.taken();
    return { silenceID: made };
  }

  @Get('silence/:id')
  async get(@Param('id') id: string): Promise<SilenceView> {
    const found = UUID.test(id) ? await this.silences.find(id) : null;
    if (found === null) throw new RequestError(404, 'silence not found');
    return viewOf(found, Date.now());
  }

  @Delete('silence/:id')
  @HttpCode(200)
  async expire(@Param('id') id: string): Promise<void> {
    const outcome = UUID.test(id) ? await this.silences.expire(id) : 'unknown';
    if (outcome === 'unknown') throw new RequestError(404, 'silence not found');
    if (outcome === 'expired') throw new RequestError(400, `silence ${id} already expired`);
    await this.loop.taken();
  }
}

/** As Alertmanager filters: one of its matchers is on that label, and the filter matches its value. */
function speaksOf(matchers: readonly WireMatcher[], wanted: Matcher): boolean {
  return matchers.some(({ name, value }) => name === wanted.label && wanted.matches({ [name]: value }));
}

function viewOf(silence: SilenceRecord, now: number): SilenceView {
  const { id, matchers, startsAt, endsAt, createdBy, comment, updatedAt } = silence;
  return {
    id, status: { state: silenceState(silence, now) }, updatedAt: updatedAt.toISOString(), comment, createdBy, startsAt: startsAt.toISOString(), endsAt: endsAt.toISOString(), matchers,
  };
}
