"""One batch from query to outbox: collect, merge, commit, publish. The order is what makes the numbers exact."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator

import pyarrow as pa
from confluent_kafka import KafkaException, Message
from pyspark.sql import DataFrame

from . import cells as kinds
from .aggregate import Aggregate, Outcome
from .cells import Cell, pick, rows
from .config import Config
from .contracts import LIVE_LANE, SOURCES
from .encoding import Encoder, Outgoing
from .errors import RegistryUnavailableError, StateGapError
from .gate import Gate
from .sinks import Publisher
from .sources import RecordReader, topics
from .storage import Changes, Store
from .telemetry import Telemetry

log = logging.getLogger(__name__)
_PART = 20_000
_REGISTRY_PAUSE_S = 2.0


class Stopping(Exception):
    """The job is asked to end; the batch at hand is left to the next start."""


class BatchProcessor:
    """Runs in the query's foreachBatch, and between batches when a watermark moves by the clock."""

    def __init__(
        self,
        config: Config,
        state: Aggregate,
        store: Store,
        gate: Gate,
        encoder: Encoder,
        publisher: Publisher,
        telemetry: Telemetry,
        stop: threading.Event,
    ) -> None:
        self._config, self._state, self._store = config, state, store
        self._gate, self._encoder, self._publisher, self._telemetry = gate, encoder, publisher, telemetry
        self._reader = RecordReader(config.brokers)
        self._topics = topics(config.lane)
        self._partitions = [range(self._reader.partitions(topic)) for topic in self._topics]
        self._told: dict[tuple[int, int], int] = {}
        self._lock = threading.Lock()
        self.stop = stop
        self._commits = 0
        self._fault = os.environ.get("MILLRACE_FAULT_AT", "") if os.environ.get("MILLRACE_TEST_LAUNCHER") else ""

    def resume(self) -> None:
        """Brings what a killed process left: closes what was closed, publishes what may not have been."""
        self._apply_watermarks()
        done = self._publisher.published(1 + max((p for _, p in self._state.positions()), default=0))
        waiting: dict[int, list[Outgoing]] = {}
        for batch, part in self._store.pending():
            if batch > done:
                waiting.setdefault(batch, []).extend(pickle.loads(part))
        for batch, records in waiting.items():
            log.info("batch %d is published again: %d records", batch, len(records))
            self._publisher.wait()
            self._publisher.publish(batch, records, self._state.positions())
        self._publisher.wait()
        self._store.published(self._store.sequence())

    def process(self, frame: DataFrame, batch: int) -> None:
        """One batch of the query. A batch that is in the state already is only waited for."""
        with self._lock:
            if self.stop.is_set():
                raise Stopping
            last = self._store.batch()
            if batch <= last:
                return
            if batch > last + 1:
                raise StateGapError(last, batch, str(self._config.checkpoint))
            began = time.monotonic()
            table = self._collect(frame)
            merged = time.monotonic()
            outcome = self._state.take(table, merged, self._unheard)
            for t, p, following, first in outcome.gaps:
                self._tell_gap(t, p, following, first)
            self._commit(outcome, batch)
            ended = time.monotonic()
            self._report(outcome, {"query": merged - began, "state": ended - merged, "all": ended - began})

    def behind(self) -> Iterator[tuple[str, int, int]]:
        """By topic and partition, how many records are not yet read. Asks the broker; throws KafkaException."""
        for (t, p), following in sorted(self._state.positions().items()):
            yield SOURCES[t], p, max(self._reader.span(self._topics[t], p)[1] - following, 0)

    def tick(self) -> None:
        """Live lane: a topic that has been silent, and of which nothing waits, follows the clock, so that its windows become final."""
        if self._config.lane != LIVE_LANE or not self._lock.acquire(blocking=False):
            return
        try:
            now, lateness = time.monotonic(), self._config.allowed_lateness_ms
            open_from = (int(time.time() * 1000) - 2 * lateness) // 60_000
            moved = False
            for code in range(len(SOURCES)):
                before = self._state.watermarks.open_from(code)
                silent = self._state.watermarks.silent_for(code, now) * 1000 > max(lateness, 60_000)
                if silent and (before is None or before < open_from) and not self._waits(code, self._partitions[code]):
                    self._state.watermarks.raise_to(code, open_from)
                    moved = True
            if moved:
                self._commit(Outcome(), None)
        finally:
            self._lock.release()

    def tell_gaps(self) -> None:
        """After a start: what retention took while nobody read."""
        for (t, p), following in self._state.positions().items():
            self._tell_gap(t, p, following, sys.maxsize)

    def _tell_gap(self, t: int, p: int, following: int, first: int) -> None:
        """Offsets that were never there, such as a transaction's marks, are no loss: only those before the log's first one are."""
        lost_from = max(following, self._told.get((t, p), 0))
        lost_to = min(first, self._reader.span(self._topics[t], p)[0])
        if lost_to > lost_from:
            self._told[t, p] = lost_to
            log.error("%s-%d: retention took the offsets %d to %d before they were read", self._topics[t], p, lost_from, lost_to - 1)
            self._telemetry.lost.labels(self._config.lane, SOURCES[t]).inc(lost_to - lost_from)

    def _unheard(self) -> set[int]:
        """Topics with records in partitions that nothing was read of yet."""
        read = self._state.positions()
        unread = ([p for p in partitions if (code, p) not in read] for code, partitions in enumerate(self._partitions))
        return {code for code, partitions in enumerate(unread) if self._waits(code, partitions)}

    def _waits(self, code: int, partitions: Iterable[int]) -> bool:
        """Whether records of these partitions are yet to be read; so where Kafka does not say."""
        positions = self._state.positions()
        try:
            for p in partitions:
                low, high = self._reader.span(self._topics[code], p)
                if high > positions.get((code, p), low):
                    return True
        except KafkaException as error:
            log.warning("Kafka does not say how far %s is: %s", self._topics[code], error)
            return True
        return False

    def _collect(self, frame: DataFrame) -> pa.Table:
        """Runs the query; again when it met schema ids that were new, which the registry explained meanwhile."""
        self._gate.forget_refusals()
        while True:
            table = self._gate.cells(frame).toArrow()
            unknown = {(cell.t, cell.h or 0) for cell in rows(pick(table, frozenset({kinds.PENDING})))}
            if not unknown:
                return table
            self._resolve(unknown)

    def _resolve(self, unknown: set[tuple[int, int]]) -> None:
        while True:
            try:
                return self._gate.resolve(unknown)
            except RegistryUnavailableError as error:
                log.warning("waiting for the registry, %d schema ids are unknown: %s", len(unknown), error)
                if self.stop.wait(_REGISTRY_PAUSE_S):
                    raise Stopping from error

    def _commit(self, outcome: Outcome, batch: int | None) -> None:
        changes, now_ms = Changes(), int(time.time() * 1000)
        self._commits += 1
        # The verdict "late" was given by the watermarks before this batch, and says so.
        marks = {code: self._state.closed_before.get(code) for code in range(len(SOURCES))}
        revisions = self._state.revisions(changes)
        records = self._encoder.windows(revisions, now_ms)
        for cell, source in self._whole(outcome.dead):
            records.append(self._encoder.dead_letter(cell, source, now_ms))
        for cell, source in self._whole(outcome.late):
            mark = marks[cell.t]
            records.append(self._encoder.late(source, None if mark is None else mark * 60_000))
        sequence = self._store.sequence() + 1
        self._state.save(sequence, changes)
        if batch is not None:
            changes.put("meta", ["batch"], batch)
        self._fail_at("before-commit")
        self._publisher.wait()
        self._store.published(sequence - 1)
        self._store.commit(sequence, changes, [pickle.dumps(records[i : i + _PART]) for i in range(0, len(records), _PART)])
        self._fail_at("after-commit")
        self._publisher.publish(sequence, records, self._state.positions())
        self._fail_at("after-publish")
        self._apply_watermarks()
        self._telemetry.windows.labels(self._config.lane).inc(len(revisions))

    def _whole(self, cells: list[Cell]) -> Iterator[tuple[Cell, Message]]:
        places: dict[tuple[int, int], dict[int, Cell]] = {}
        for cell in cells:
            places.setdefault((cell.t, cell.p), {})[cell.lo] = cell
        for (t, p), by_offset in sorted(places.items()):
            for offset, message in self._reader.fetch(self._topics[t], p, by_offset):
                if message is None:
                    log.error("%s-%d@%d is gone and cannot be handed on", self._topics[t], p, offset)
                    self._telemetry.lost.labels(self._config.lane, SOURCES[t]).inc()
                else:
                    yield by_offset[offset], message

    def _apply_watermarks(self) -> None:
        for code in self._state.watermarks.topics():
            open_from = self._state.watermarks.open_from(code)
            if open_from is not None:
                self._gate.close_before(code, open_from)
                self._state.closed_before[code] = open_from
                self._telemetry.watermark.labels(self._config.lane, SOURCES[code]).set(open_from * 60)

    def _fail_at(self, place: str) -> None:
        """Test launcher only: `after-commit@3` kills this process at its third commit."""
        wanted, _, number = self._fault.partition("@")
        if wanted == place and self._commits >= int(number or 1):
            self._publisher.wait() if place == "after-publish" else None
            os.kill(os.getpid(), signal.SIGKILL)

    def _report(self, outcome: Outcome, seconds: dict[str, float]) -> None:
        t, lane = self._telemetry, self._config.lane
        t.batches.labels(lane).inc()
        t.events.labels(lane).inc(outcome.events)
        t.duplicates.labels(lane).inc(outcome.duplicates)
        for cell in outcome.dead:
            t.dead.labels(lane, SOURCES[cell.t], cell.s1).inc()
        for cell in outcome.late:
            t.late.labels(lane, SOURCES[cell.t]).inc()
        for part, taken in seconds.items():
            t.seconds.labels(lane, part).observe(taken)
        t.remembered.labels(lane).set(self._gate.remembered())
        t.open_windows.labels(lane).set(len(self._state.rollup.open))
        t.last_batch.labels(lane).set(time.time())
        summary = (outcome.events, outcome.duplicates, len(outcome.late), len(outcome.dead), seconds["query"], seconds["state"])
        log.debug("%d events, %d duplicates, %d late, %d dead; query %.3f s, state %.3f s", *summary)

    def close(self) -> None:
        """Waits for the batch at hand and for what is being published."""
        self.stop.set()
        with self._lock:
            self._publisher.close()
            self._reader.close()
            self._store.close()
