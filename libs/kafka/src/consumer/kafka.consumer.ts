import { once } from 'node:events';
import type { Consumer, ConsumerCrashEvent, ConsumerGroupJoinEvent, EachBatchPayload, Kafka } from 'kafkajs';
import { inLane } from '@millrace/contracts';
import { contractTopic, deadLetterSpec } from '../admin/topic-settings.js';
import type { KafkaAdmin } from '../admin/kafka.admin.js';
import { InfrastructureError } from '../errors.js';
import type { ConsumerOptions, ConsumerSignal, EventConsumer, KafkaSettings } from '../port.js';
import { pause, untilDeadline } from '../timing.js';
import { keyOf, type Positions, standings, type Standing } from './assignment.js';
import { FilteredOffsets } from './filtered.offsets.js';
import type { LaneFactory } from './lane.factory.js';
import type { Membership } from './membership.js';
import type { PartitionLane } from './partition.lane.js';
import { ProgressWatchdog, type PartitionProgress } from './progress.watchdog.js';
import type { SignalHub } from './signal.hub.js';

const HEARTBEAT_MS = 1_000;
const REBALANCE_TIMEOUT_MS = 15_000;
const FETCH_WAIT_MS = 250;
const PARTITIONS_AT_ONCE = 64;
const DRAIN_MS = 8_000;
const LEAVE_MS = 2_000;
const WATCH_SHARE = 6;

export interface ConsumerParts {
  readonly settings: KafkaSettings;
  readonly options: Required<ConsumerOptions>;
  readonly kafka: Kafka;
  readonly admin: KafkaAdmin;
  readonly membership: Membership;
  readonly signals: SignalHub;
  readonly positions: Positions;
  readonly lanes: LaneFactory;
}

type AnyLane = PartitionLane<unknown>;

export class KafkaConsumer implements EventConsumer {
  readonly #consumer: Consumer;
  readonly #watchdog: ProgressWatchdog;
  readonly #group: string;
  readonly #topics: readonly string[];
  readonly #stopping = new AbortController();
  readonly #filtered = new FilteredOffsets();
  #lanes = new Map<string, AnyLane>();
  /** How each assigned partition stood when it was given to us. */
  #assigned = new Map<string, Promise<Standing | undefined>>();
  #assignment: readonly { readonly topic: string; readonly partition: number }[] = [];
  #crash: Error | undefined;
  #beginning: Promise<void> = Promise.resolve();
  #watching: Promise<void> = Promise.resolve();

  constructor(private readonly parts: ConsumerParts) {
    const { kafka, options, settings, signals } = parts;
    this.#group = inLane(settings.lane, options.group);
    this.#topics = options.subscriptions.map(({ contract }) => inLane(settings.lane, contract.topic));
    this.#watchdog = new ProgressWatchdog(options.stallAfterMs, (signal) => {
      signals.emit(signal);
    });
    this.#consumer = kafka.consumer({
      groupId: this.#group,
      sessionTimeout: options.sessionTimeoutMs,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      allowAutoTopicCreation: false,
      retry: { retries: 5, initialRetryTime: 200, maxRetryTime: 2_000 },
    });
  }

  async start(): Promise<void> {
    const joined = this.#joined();
    this.#beginning = this.#begin();
    await this.#beginning;
    const { signal } = this.#stopping;
    if (!signal.aborted) await Promise.race([joined, once(signal, 'abort')]);
    if (!signal.aborted) this.#watching = this.#watch().catch(this.#fail);
  }

  /** Everything until the client is at work; not begun where a stop came first. */
  async #begin(): Promise<void> {
    await this.#createTopics();
    for (const topic of this.#topics) await standings(this.parts.admin, this.#group, topic, this.parts.positions);
    if (!this.#stopping.signal.aborted) await this.#run();
  }

  /** Hears what the client says from now on; resolves when it has joined the group. */
  #joined(): Promise<void> {
    const { GROUP_JOIN, CRASH, HEARTBEAT, REBALANCING, END_BATCH_PROCESS } = this.#consumer.events;
    const joined = new Promise<void>((resolve, reject) => {
      this.#consumer.on(GROUP_JOIN, (event) => {
        this.#onJoin(event);
        resolve();
      });
      this.#consumer.on(CRASH, (event) => {
        if (this.#onCrash(event)) reject(event.payload.error);
      });
    });
    this.#consumer.on(HEARTBEAT, () => {
      this.parts.membership.confirm();
    });
    this.#consumer.on(REBALANCING, () => {
      this.#leaveLanes();
    });
    this.#consumer.on(END_BATCH_PROCESS, ({ payload: { topic, partition, batchSize, firstOffset, lastOffset } }) => {
      if (batchSize === 0) this.#filtered.note(topic, partition, Number(firstOffset), Number(lastOffset));
    });
    // Where the start fails before anybody waits for this.
    joined.catch(() => undefined);
    return joined;
  }

  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    // A client that is told to leave while it joins stays a member. What fails in there, the start tells.
    await untilDeadline(this.#beginning, DRAIN_MS).catch(() => undefined);
    await this.#watching;
    const drained = Promise.all([...this.#lanes.values()].map((lane) => lane.drain()));
    await untilDeadline(drained, DRAIN_MS).catch((error: unknown) => {
      if (!(error instanceof InfrastructureError)) throw error;
    });
    this.#closeLanes();
    await Promise.all([this.#leave(), this.parts.lanes.close(), this.parts.admin.close()]);
  }

  onSignal(listener: (signal: ConsumerSignal) => void): () => void {
    return this.parts.signals.on(listener);
  }

  async lag(): Promise<readonly { readonly topic: string; readonly partition: number; readonly lag: number }[]> {
    return (await this.#progress()).map(({ topic, partition, lag }) => ({ topic, partition, lag }));
  }

  isHealthy(): boolean {
    return this.#crash === undefined && !this.#watchdog.isStalled;
  }

  async #createTopics(): Promise<void> {
    const { admin, settings, options } = this.parts;
    await admin.createTopics(options.subscriptions.map(({ contract }) => contractTopic(settings.lane, contract)));
    for (const { contract } of options.subscriptions) {
      const partitions = (await admin.offsets(inLane(settings.lane, contract.topic))).length;
      await admin.createTopics([deadLetterSpec(settings.lane, contract, options.group, partitions)]);
    }
  }

  async #run(): Promise<void> {
    try {
      await this.#consumer.connect();
      await this.#consumer.subscribe({ topics: [...this.#topics], fromBeginning: this.parts.options.from === 'earliest' });
      await this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
        eachBatch: (payload) => this.#takeBatch(payload),
      });
    } catch (error) {
      throw new InfrastructureError(`consumer ${this.#group} cannot begin`, { cause: error });
    }
  }

  async #takeBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    if (this.#stopping.signal.aborted || payload.isStale() || !payload.isRunning()) return;
    const lane = this.#laneFor(payload);
    if (!lane.isOpen()) return;
    const hasRoom = await lane.offer(batch.messages);
    if (!lane.isOpen()) return;
    payload.resolveOffset(batch.lastOffset());
    const next = Number(batch.messages.at(-1)?.offset) + 1;
    if (Number(batch.lastOffset()) >= next) this.#filtered.note(batch.topic, batch.partition, next, Number(batch.lastOffset()));
    if (!hasRoom) lane.resumeWith(payload.pause());
  }

  #laneFor(payload: EachBatchPayload): AnyLane {
    const { topic, partition } = payload.batch;
    const key = keyOf(topic, partition);
    const held = this.#lanes.get(key);
    if (held !== undefined) return held;
    const { lanes, positions } = this.parts;
    const made: AnyLane = lanes.open(topic, partition, {
      standing: async () => (await (this.#assigned.get(key) ?? Promise.resolve(undefined)))?.position,
      commit: async (offset) => {
        if (this.#lanes.get(key) !== made) return;
        await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset: String(offset) }] }] });
        positions.note(topic, partition, offset);
      },
      fail: this.#fail,
    });
    this.#lanes.set(key, made);
    return made;
  }

  #onJoin(event: ConsumerGroupJoinEvent): void {
    this.#closeLanes();
    this.parts.membership.confirm();
    const { memberAssignment } = event.payload;
    this.#assignment = Object.entries(memberAssignment).flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })));
    const asked = new Map(Object.keys(memberAssignment).map((topic) => [topic, this.#standings(topic)]));
    this.#assigned = new Map(
      this.#assignment.map(({ topic, partition }) => [keyOf(topic, partition), this.#standing(asked.get(topic), topic, partition)]),
    );
    for (const standing of this.#assigned.values()) standing.catch(this.#fail);
    this.parts.signals.emit({ type: 'assigned', partitions: this.#assignment });
  }

  async #standings(topic: string): Promise<ReadonlyMap<number, Standing>> {
    for (;;) {
      try {
        return await standings(this.parts.admin, this.#group, topic, this.parts.positions);
      } catch (error) {
        if (!(error instanceof InfrastructureError)) throw error;
        if (this.#stopping.signal.aborted) return new Map();
        await pause(HEARTBEAT_MS, this.#stopping.signal);
      }
    }
  }

  async #standing(asked: Promise<ReadonlyMap<number, Standing>> | undefined, topic: string, partition: number): Promise<Standing | undefined> {
    const standing = (await asked)?.get(partition);
    if (standing?.gap !== undefined) {
      this.parts.signals.emit({ type: 'gap', topic, partition, ...standing.gap });
      this.parts.positions.note(topic, partition, standing.gap.to);
    }
    return standing;
  }

  /** True where kafkajs will not start again by itself. */
  #onCrash({ payload: { error, restart } }: ConsumerCrashEvent): boolean {
    this.#closeLanes();
    if (!restart) this.#fail(error);
    return !restart;
  }

  readonly #fail = (error: unknown): void => {
    this.#crash = error instanceof Error ? error : new InfrastructureError(String(error));
    this.parts.signals.emit({ type: 'crashed', error: this.#crash });
  };

  /** The group rebalances: what is in hand may still be finished and committed, nothing new begins. */
  #leaveLanes(): void {
    for (const lane of this.#lanes.values()) void lane.drain();
  }

  #closeLanes(): void {
    for (const lane of this.#lanes.values()) lane.close();
    this.#lanes = new Map();
  }

  async #leave(): Promise<void> {
    await untilDeadline(this.#consumer.disconnect(), LEAVE_MS).catch((error: unknown) => {
      if (!(error instanceof InfrastructureError)) throw error;
    });
  }

  async #progress(): Promise<PartitionProgress[]> {
    const topics = [...new Set(this.#assignment.map(({ topic }) => topic))];
    const logs = new Map(await Promise.all(topics.map(async (topic) => [topic, await this.parts.admin.offsets(topic)] as const)));
    return Promise.all(
      this.#assignment.map(async ({ topic, partition }) => {
        const log = logs.get(topic)?.find((offsets) => offsets.partition === partition);
        const key = keyOf(topic, partition);
        const start = this.parts.options.from === 'earliest' ? log?.low : log?.high;
        const position = this.#lanes.get(key)?.position ?? (await this.#assigned.get(key))?.position ?? start ?? 0;
        return { topic, partition, position, lag: Math.max(0, (log?.high ?? 0) - this.#filtered.after(topic, partition, position)) };
      }),
    );
  }

  async #watch(): Promise<void> {
    const everyMs = this.parts.options.stallAfterMs / WATCH_SHARE;
    for (;;) {
      await pause(everyMs, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      try {
        this.#watchdog.observe(await this.#progress());
      } catch (error) {
        // Without the broker's word there is nothing to compare; the next round asks again.
        if (!(error instanceof InfrastructureError)) throw error;
      }
    }
  }
}
