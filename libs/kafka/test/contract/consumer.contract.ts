import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InfrastructureError, type ConsumedEvent } from '@millrace/kafka';
import { CLEAN, judge, makeClick, until, uniqueName, type Loop } from '@millrace/testing';
import type { ClickEvent } from '@millrace/contracts';
import type { CreateKafka } from './connect.js';
import { ceId, clicksOf, placeOf } from './log.js';
import { reasonsOf, Stage } from './stage.js';

type Click = ConsumedEvent<ClickEvent>;

/** Ids, and what became of them when the handler failed on one. */
export interface WithPill {
  readonly sent: readonly string[];
  readonly pill: string;
  readonly done: readonly string[];
  readonly letters: readonly string[];
  readonly alive: boolean;
}

/** F17: the pill is the one dead letter, all others have their effect, and the consumer lives. What is wrong, a line each. */
export function wrongWithPill({ sent, pill, done, letters, alive }: WithPill): string[] {
  const expected = new Set(sent.filter((id) => id !== pill));
  const missing = [...expected].filter((id) => !done.includes(id));
  return [
    ...(alive ? [] : ['the consumer is dead']),
    ...(missing.length === 0 ? [] : [`${String(missing.length)} events without effect`]),
    ...(done.includes(pill) ? ['the pill had an effect'] : []),
    ...(letters.length === 1 && letters[0] === pill ? [] : [`${String(letters.length)} dead letters`]),
  ];
}

/** Effect, then offset; order; nothing stops for good. */
export function consumerContract(createKafka: CreateKafka): void {
  let stage: Stage;
  beforeEach(() => { stage = new Stage(createKafka); });
  afterEach(() => stage.end());

  it('reads everything once, in order per key, and creates its topics', async () => {
    const seen: Click[] = [];
    const { consumer, of } = await stage.listen((events) => { seen.push(...events); return Promise.resolve(); });
    const events = clicksOf(uniqueName('all-'), 5_000, 30);
    await stage.publish(events);
    await until('5000 events', () => seen.length >= 5_000);
    expect(judge({ attempted: events.map(({ eventId }) => placeOf(eventId)), acked: events.map(({ eventId }) => eventId), arrived: seen.map(({ event }) => placeOf(event.eventId)) })).toEqual(CLEAN);
    expect(seen[0]).toMatchObject({ topic: stage.topic, key: seen[0]?.event.visitorId, headers: { 'content-type': Buffer.from('application/avro') } });
    expect(of('assigned')).toHaveLength(1);
    await until('no lag', async () => (await consumer.lag()).every(({ lag }) => lag === 0));
    expect(consumer.isHealthy()).toBe(true);
  });

  it('calls the handler with at most maxBatch events', async () => {
    const sizes: number[] = [];
    await stage.publish(clicksOf(uniqueName('max-'), 500, 5));
    await stage.listen((events) => { sizes.push(events.length); return Promise.resolve(); }, { maxBatch: 64 });
    await until('500 events', () => sizes.reduce((sum, size) => sum + size, 0) === 500);
    expect(Math.max(...sizes)).toBe(64);
  });

  it('F2: stop finishes what is in hand, commits it and leaves: nothing is read again', async () => {
    expect(judge(await stopMidway(stage))).toEqual(CLEAN);
  });

  it('F1: the check goes red for a consumer that commits before the effect', async () => {
    const events = clicksOf(uniqueName('early-'), 200, 1);
    await stage.publish(events);
    const done: string[] = [];
    // The mutant: it says "done" at once, and its effect dies with it.
    const mutant = await stage.listen((batch) => { if (done.length === 0) done.push(...batch.slice(0, 10).map(({ event }) => event.eventId)); return Promise.resolve(); });
    await until('an early commit', async () => (await mutant.consumer.lag()).every(({ lag }) => lag === 0));
    await mutant.consumer.stop();
    await stage.listen((batch) => { done.push(...batch.map(({ event }) => event.eventId)); return Promise.resolve(); });
    const verdict = judge({ attempted: events.map(({ eventId }) => placeOf(eventId)), acked: events.map(({ eventId }) => eventId), arrived: done.map(placeOf) });
    expect(verdict.lost).toHaveLength(190);
  });

  describe.each([
    ['a TypeError', () => { throw new TypeError('undefined is not a function'); }],
    ['a SyntaxError', () => { JSON.parse('{'); }],
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- that is the fault under test
    ['something that is no Error', () => { throw 'a string'; }],
    ['an error in a finaliser', () => { try { throw new RangeError('first'); } finally { JSON.parse('}'); } }],
  ])('F17: a handler that throws %s', (_name, fail) => {
    it('makes the pill a dead letter; the others have their effect', async () => {
      const events = clicksOf(uniqueName('pill-'), 60, 3);
      const pill = events[31]?.eventId ?? '';
      const done = new Set<string>();
      const calls: string[] = [];
      const { consumer, of } = await stage.listen((batch) => {
        for (const { event } of batch) {
          if (batch.length === 1) calls.push(event.eventId);
          if (event.eventId === pill) fail();
          done.add(event.eventId);
        }
        return Promise.resolve();
      });
      await stage.publish(events);
      await until('all but the pill', () => done.size === 59);
      await until('a dead letter', () => of('dead-letter').length === 1);
      const letters = await stage.readLetters();
      expect(wrongWithPill({ sent: events.map(({ eventId }) => eventId), pill, done: [...done], letters: letters.map(ceId), alive: consumer.isHealthy() })).toEqual([]);
      expect(reasonsOf(letters)).toEqual(['handler']);
      expect(String(letters[0]?.headers['millrace_attempts'])).toBe('3');
      expect(calls.filter((id) => id === pill)).toHaveLength(3);
    });
  });

  it('F17: cuts off a handler that never settles, and goes on', async () => {
    const events = clicksOf(uniqueName('stuck-'), 8, 1);
    const done = new Set<string>();
    const signals: AbortSignal[] = [];
    await stage.publish(events);
    const { of } = await stage.listen(
      (batch, { signal }) => {
        signals.push(signal);
        if (batch.some(({ event }) => event.eventId === events[5]?.eventId)) return new Promise(() => undefined);
        for (const { event } of batch) done.add(event.eventId);
        return Promise.resolve();
      },
      { handlerTimeoutMs: 200 },
    );
    await until('all but the stuck one', () => done.size === 7);
    await until('a dead letter', () => of('dead-letter').length === 1);
    expect(of('dead-letter')[0]?.detail).toContain('did not settle within 200 ms');
    expect(signals[0]?.aborted).toBe(true);
  });

  it('an infrastructure error blocks the partition, never the others, and never makes a dead letter', async () => {
    const events = clicksOf(uniqueName('infra-'), 200, 20);
    let down = true;
    const done: Click[] = [];
    const { consumer, of } = await stage.listen((batch, { partition }) => {
      if (down && partition === 0) throw new InfrastructureError('the database is away');
      done.push(...batch);
      return Promise.resolve();
    });
    await stage.publish(events);
    await until('partition 0 to be blocked three times', () => of('blocked').filter(({ partition }) => partition === 0).length >= 3);
    await stage.publish(clicksOf(uniqueName('more-'), 200, 20));
    await until('partition 1 to go on', async () => (await consumer.lag()).some(({ partition, lag }) => partition === 1 && lag === 0));
    expect(done.every(({ partition }) => partition === 1)).toBe(true);
    down = false;
    await until('everything', () => done.length === 400);
    expect(await stage.readLetters()).toEqual([]);
    expect(of('blocked').every(({ partition }) => partition === 0)).toBe(true);
  });

  it('F25: a handler that takes longer than the session keeps its partitions, and has one effect', async () => {
    let effects = 0;
    const { of } = await stage.listen(
      async (batch) => {
        await new Promise((resolve) => setTimeout(resolve, 9_000));
        effects += batch.length;
      },
      { sessionTimeoutMs: 6_000 },
    );
    await stage.publish([makeClick()]);
    await until('the effect', () => effects === 1);
    await until('its commit', async () => (await stage.kafka.admin().then(async (admin) => { const groups = await admin.listGroups(); await admin.close(); return groups; })).length > 0);
    expect(of('assigned')).toHaveLength(1);
    expect(effects).toBe(1);
  });

  it('says that it stands still: lag, and no progress', async () => {
    let down = true;
    const { consumer, of } = await stage.listen(() => (down ? Promise.reject(new InfrastructureError('away')) : Promise.resolve()), { stallAfterMs: 1_200 });
    expect(consumer.isHealthy()).toBe(true);
    await stage.publish([makeClick()]);
    await until('a stall', () => of('stalled').length > 0);
    expect(of('stalled')[0]).toMatchObject({ topic: stage.topic, lag: 1 });
    expect(consumer.isHealthy()).toBe(false);
    down = false;
    await until('health', () => consumer.isHealthy());
  });

  it('rejects of the handler become dead letters, in order', async () => {
    const events = clicksOf(uniqueName('reject-'), 30, 1);
    const done: string[] = [];
    await stage.publish(events);
    await stage.listen((batch, { reject }) => {
      for (const event of batch) {
        if (placeOf(event.event.eventId).sequence % 3 === 0) reject(event, 'not for us');
        else done.push(event.event.eventId);
      }
      return Promise.resolve();
    });
    await until('20 effects', () => done.length === 20);
    const letters = await until('10 dead letters', async () => { const all = await stage.readLetters(); return all.length === 10 ? all : undefined; });
    expect(reasonsOf(letters)).toEqual(Array.from({ length: 10 }, () => 'invalid'));
    expect(letters.map((letter) => placeOf(String(letter.headers['ce_id'])).sequence)).toEqual([0, 3, 6, 9, 12, 15, 18, 21, 24, 27]);
  });

  it('a member that loses its partitions is told, and the group handles everything', async () => {
    const done = new Set<string>();
    const first: AbortSignal[] = [];
    await stage.listen(async (batch, { signal }) => {
      first.push(signal);
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (!signal.aborted) for (const { event } of batch) done.add(event.eventId);
    }, { maxBatch: 20 });
    const events = clicksOf(uniqueName('two-'), 2_000, 20);
    await stage.publish(events);
    await until('the first member to work', () => done.size > 0);
    const second = await stage.listen((batch) => { for (const { event } of batch) done.add(event.eventId); return Promise.resolve(); });
    await until('all events', () => done.size === 2_000);
    expect(second.of('assigned')[0]?.partitions).toHaveLength(1);
  });
}

/** F2: a consumer is stopped in the middle of 3,000 events, another takes over: what both of them handled. */
export async function stopMidway(stage: Stage): Promise<Loop> {
  const events = clicksOf(uniqueName('stop-'), 3_000, 4);
  await stage.publish(events);
  const seen: string[] = [];
  const handle = async (batch: readonly Click[]): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(...batch.map(({ event }) => event.eventId));
  };
  const first = await stage.listen(handle, { maxBatch: 50 });
  await until('some events', () => seen.length >= 100);
  await first.consumer.stop();
  expect(seen.length).toBeLessThan(3_000);
  const second = await stage.listen(handle);
  await until('no lag', async () => (await second.consumer.lag()).every(({ lag }) => lag === 0));
  return { attempted: events.map(({ eventId }) => placeOf(eventId)), acked: events.map(({ eventId }) => eventId), arrived: seen.map(placeOf) };
}
