import type { GroupNotice, NoticeAlert } from '../delivery/message.js';
import { isResolved, outageOf, type Alert } from '../grouping/alert.js';
import { Dispatcher, type Notification, type Outcome } from '../grouping/dispatcher.js';
import { Nap } from '../nap.js';
import type { AlertmanagerConfig } from '../routing/alertmanager-config.js';
import type { Integration } from '../routing/integration.js';
import type { Decided, DispatchStore, Inbox, Lease } from './dispatch-store.js';

export interface DispatchOptions {
  /** Names this process. */
  readonly owner: string;
  /** How long the lane is ours without a word from us, ms. */
  readonly leaseMs: number;
  /** What has ended so long ago is forgotten, ms. */
  readonly retentionMs: number;
  /** Whether an integration of that type may be told: what is not of a live lane goes to logs only. */
  readonly isLive: (type: Integration['type']) => boolean;
  /** Deliveries were queued. */
  readonly onQueued: () => void;
  readonly onLeading: (lease: Lease | null) => void;
  readonly onError: (error: unknown) => void;
}

interface Lead {
  readonly lease: Lease;
  readonly dispatcher: Dispatcher;
}

/** How often it looks for what other processes took in. */
const POLL_MS = 250;
const TROUBLE_MS = 1_000;
const FORGET_EVERY_MS = 3_600_000;
/** Events in a round. */
const LIMIT = 1_000;
/** Alerts that a notification holds; of more it says how many. */
const MOST_ALERTS = 1_000;

/**
 * Dispatches a lane while it has the lease: takes what has come, lets the dispatcher decide, and has all that follows written at once. What is
 * in memory is only ever what was written: after any failure it begins anew from there.
 */
export class DispatchLoop {
  #lead: Lead | null = null;
  #stopped = false;
  readonly #nap = new Nap();
  /** When the lease is to be renewed at the latest, ms. */
  #renewAt = 0;
  #running: Promise<void> | null = null;
  #waiting: (() => void)[] = [];
  #forgetting: Promise<void> = Promise.resolve();
  #forgetAt = 0;

  constructor(
    private config: AlertmanagerConfig,
    private readonly store: DispatchStore,
    private readonly options: DispatchOptions,
  ) {}

  start(): void {
    this.#running ??= this.#run();
  }

  /** Something has come. */
  wake(): void {
    this.#nap.wake();
  }

  /** Resolves once what had come by now is taken; at once where another process dispatches. */
  taken(): Promise<void> {
    if (this.#lead === null || this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.wake();
    });
  }

  /** Dispatches by another configuration from now on. */
  reload(config: AlertmanagerConfig): void {
    this.config = config;
    this.#lead?.dispatcher.reload(config, Date.now());
    this.wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.wake();
    await this.#running;
    await this.#forgetting;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        this.#lead ??= await this.#begin();
        // Who has no lane has nothing to wake for.
        if (this.#lead === null) this.#forgetWakes();
        await this.#nap.sleep(this.#lead === null ? this.options.leaseMs / 4 : await this.#look(this.#lead));
      } catch (error) {
        this.#follow();
        this.options.onError(error);
        this.#forgetWakes();
        await this.#nap.sleep(TROUBLE_MS);
      }
    }
    const lease = this.#lead?.lease;
    this.#follow();
    if (lease !== undefined) await this.store.release(lease).catch(this.options.onError);
  }

  /** But for the one that ends it. */
  #forgetWakes(): void {
    if (!this.#stopped) this.#nap.heard();
  }

  async #begin(): Promise<Lead | null> {
    const lease = await this.store.acquire(this.options.owner, this.options.leaseMs);
    if (lease === null) return null;
    const { alerts, log } = await this.store.restore();
    const dispatcher = new Dispatcher(this.config);
    dispatcher.restore(alerts, log, Date.now());
    this.#renewAt = 0;
    this.options.onLeading(lease);
    return { lease, dispatcher };
  }

  #follow(): void {
    if (this.#lead !== null) this.options.onLeading(null);
    this.#lead = null;
    this.#answer(this.#waiting);
  }

  #answer(waiting: (() => void)[]): void {
    this.#waiting = this.#waiting.filter((one) => !waiting.includes(one));
    for (const one of waiting) one();
  }

  /** A round, if there is anything to do: each is a write. Returns how long nothing need be done, ms. */
  async #look(lead: Lead): Promise<number> {
    const isWoken = this.#nap.heard();
    const now = Date.now();
    const isQuiet = !isWoken && now < this.#renewAt && (lead.dispatcher.dueAt() ?? Infinity) > now && !(await this.store.hasNews(lead.lease));
    const isMore = !isQuiet && (await this.#round(lead));
    return isMore ? 0 : Math.min(POLL_MS, Math.max(0, (lead.dispatcher.dueAt() ?? Infinity) - Date.now()));
  }

  /** Returns whether there is more than one round takes. */
  async #round({ lease, dispatcher }: Lead): Promise<boolean> {
    const waiting = [...this.#waiting];
    let queued = 0;
    let events = 0;
    await this.store.round(lease, { leaseMs: this.options.leaseMs, limit: LIMIT }, (inbox) => {
      const decided = this.#decide(dispatcher, inbox);
      queued = decided.deliveries.length;
      events = inbox.events.length;
      return decided;
    });
    if (queued > 0) this.options.onQueued();
    this.#forget();
    this.#renewAt = Date.now() + this.options.leaseMs / 3;
    if (events === LIMIT) return true;
    this.#answer(waiting);
    return false;
  }

  /** Once an hour, beside the rounds: nobody waits for it. */
  #forget(): void {
    const now = Date.now();
    if (now < this.#forgetAt) return;
    this.#forgetAt = now + FORGET_EVERY_MS;
    this.#forgetting = this.store.forget(new Date(now - this.options.retentionMs)).then(() => undefined, this.options.onError);
  }

  #decide(dispatcher: Dispatcher, { events, people }: Inbox): Decided {
    const now = Date.now();
    if (people !== null) {
      dispatcher.replaceSilences(people.silences);
      dispatcher.replaceAcknowledged(people.acknowledged);
    }
    const changed = new Map<string, { readonly alert: Alert; readonly isHeld: boolean; readonly isResolved: boolean }>();
    const note = (alert: Alert, isHeld: boolean): void => {
      changed.set(outageOf(alert), { alert, isHeld, isResolved: !isHeld || isResolved(alert, now) });
    };
    const [taken, forgotten]: [number[], number[]] = [[], []];
    for (const { id, alert } of events) (this.#take(dispatcher, alert, now, note) ? taken : forgotten).push(id);
    const outcome = dispatcher.advance(now);
    for (const alert of outcome.released) note(alert, false);
    return { alerts: [...changed.values()], taken, forgotten, logged: outcome.logged, deliveries: this.#planned(outcome), muted: outcome.muted };
  }

  /** Returns whether it is more than a reminder. */
  #take(dispatcher: Dispatcher, told: Alert, now: number, note: (alert: Alert, isHeld: boolean) => void): boolean {
    const before = dispatcher.known(told.fingerprint);
    if (before === undefined && isResolved(told, now)) {
      // Nobody was told of it, so nobody needs to hear that it is over. Prometheus says so for a quarter of an hour.
      note(told, false);
      return told.decision !== null;
    }
    const after = dispatcher.take(told, now);
    if (before !== undefined && before.firstStartsAt !== after.firstStartsAt) note(before, false);
    note(after, true);
    return told.decision !== null || before?.firstStartsAt !== after.firstStartsAt || isResolved(before, now) !== isResolved(after, now);
  }

  #planned({ notifications }: Outcome): Decided['deliveries'] {
    return notifications.map((notification) => ({
      integration: notification.integration.id, notice: noticeOf(notification), isLive: this.options.isLive(notification.integration.type),
    }));
  }
}

function noticeOf({ integration, groupKey, groupLabels, at, firing, resolved }: Notification): GroupNotice {
  const alerts: NoticeAlert[] = [...firing.map((alert) => noticeAlert(alert, 'firing')), ...resolved.map((alert) => noticeAlert(alert, 'resolved'))];
  return { receiver: integration.receiver, groupKey, groupLabels, at, alerts: alerts.slice(0, MOST_ALERTS), truncated: Math.max(0, alerts.length - MOST_ALERTS) };
}

function noticeAlert({ fingerprint, labels, annotations, startsAt, endsAt, generatorUrl, decision }: Alert, status: NoticeAlert['status']): NoticeAlert {
  return { status, fingerprint, labels, annotations, startsAt, endsAt: status === 'resolved' ? endsAt : null, generatorUrl, decision };
}
