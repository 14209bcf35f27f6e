import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, HttpCode, Inject, Post, Query, UseFilters } from '@nestjs/common';
import { RequestError } from '@millrace/service-kit';
import { fingerprint } from '@millrace/service-kit/fingerprint';
import { ConfigBook } from '../config-book.js';
import { DispatchLoop } from '../dispatch/dispatch-loop.js';
import { DISPATCH_STORE, type DispatchStore } from '../dispatch/dispatch-store.js';
import type { ToldAlert } from '../dispatch/told-alert.js';
import { NotifierSignals } from '../notifier.signals.js';
import { readSilences } from '../silences/silence-row.js';
import { SilenceStore } from '../silences/silence-store.js';
import { AlertmanagerErrors } from './alertmanager.filter.js';
import { alertsQuery, postableAlert, type AlertsQuery, type PostableAlert } from './alertmanager.schema.js';
import { AlertViews, type AlertView, type GroupView, type ViewFilter } from './alert-views.js';
import { filterMatchers, receiverExpression } from './filter-matchers.js';
import { shownConfig } from './shown-config.js';

/** The release whose API this is. */
const API_OF = '0.34.1';

interface StatusView {
  readonly cluster: { readonly status: 'disabled'; readonly peers: readonly never[] };
  readonly versionInfo: Readonly<Record<'version' | 'revision' | 'branch' | 'buildUser' | 'buildDate' | 'goVersion', string>>;
  readonly config: { readonly original: string };
  readonly uptime: string;
}

/**
 * Alertmanager's API, version 2: Prometheus sends its alerts here, amtool asks.
 * @see https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
 */
@Controller('api/v2')
@UseFilters(AlertmanagerErrors)
export class AlertmanagerController {
  readonly #startedAt = new Date().toISOString();

  constructor(
    @Inject(ConfigBook) private readonly book: ConfigBook,
    @Inject(DISPATCH_STORE) private readonly store: DispatchStore,
    @Inject(SilenceStore) private readonly silences: SilenceStore,
    @Inject(DispatchLoop) private readonly loop: DispatchLoop,
    @Inject(NotifierSignals) private readonly signals: NotifierSignals,
  ) {}

  @Get('status')
  status(): StatusView {
    return {
      cluster: { status: 'disabled', peers: [] },
      versionInfo: { version: API_OF, revision: '', branch: '', buildUser: 'millrace', buildDate: '', goVersion: '' },
      config: { original: shownConfig(this.book.inForce.config.original) },
      uptime: this.#startedAt,
    };
  }

  @Get('receivers')
  receivers(): readonly { readonly name: string }[] {
    return [...this.book.inForce.config.receivers.keys()].map((name) => ({ name }));
  }

  @Get('alerts')
  async alerts(@Query({ schema: alertsQuery }) query: AlertsQuery): Promise<readonly AlertView[]> {
    const filter = filterOf(query);
    return (await this.#views()).alerts(filter);
  }

  @Get('alerts/groups')
  async groups(@Query({ schema: alertsQuery }) query: AlertsQuery): Promise<readonly GroupView[]> {
    const filter = filterOf(query);
    return (await this.#views()).groups(filter);
  }

  /** Takes alerts; they are durable when it answers. Of a list with mistakes the good ones are taken, as Alertmanager does. */
  @Post('alerts')
  @HttpCode(200)
  async take(@Body() body: unknown): Promise<void> {
    if (!Array.isArray(body)) throw new RequestError(400, 'a list of alerts is expected');
    const now = Date.now();
    const read = body.map((one: unknown) => postableAlert.safeParse(one));
    const told = read.flatMap((one) => (one.success ? [toldOf(one.data, now, this.book.inForce.config.resolveTimeoutMs)] : []));
    if (told.length > 0) {
      this.signals.accepted(told.length, await this.store.accept(told));
      await this.loop.taken();
    }
    const mistakes = read.flatMap((one, index) => (one.success ? [] : one.error.issues.map(({ path, message }) => ({ path: [index, ...path].map(String).join('.'), message }))));
    if (mistakes.length > 0) throw new RequestError(400, 'alerts are invalid', mistakes.slice(0, 20));
  }

  async #views(): Promise<AlertViews> {
    const [alerts, silences] = await Promise.all([this.store.held(), this.silences.list()]);
    return new AlertViews(this.book.inForce.config, alerts, readSilences(silences), Date.now());
  }
}

function filterOf({ active, silenced, inhibited, filter, receiver }: AlertsQuery): ViewFilter {
  return { active, silenced, inhibited, matchers: filterMatchers(filter), receiver: receiverExpression(receiver) };
}

/** As Alertmanager fills in what is not told. */
function toldOf({ labels, annotations, startsAt, endsAt, generatorURL }: PostableAlert, now: number, resolveTimeoutMs: number): ToldAlert {
  const began = startsAt ?? (endsAt === null ? now : Math.min(now, endsAt));
  const alert = {
    fingerprint: fingerprint(labels), labels, annotations, startsAt: began, firstStartsAt: began, endsAt: endsAt ?? now + resolveTimeoutMs,
    isTimeout: endsAt === null, updatedAt: now, generatorUrl: generatorURL, decision: null,
  };
  return { eventId: randomUUID(), alert, position: null };
}
