"""Puts the parts of the job together and keeps them running until it is asked to stop."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import TypeVar

from pyspark.sql import SparkSession

from .aggregate import Aggregate
from .batch import BatchProcessor
from .checkpoint import reconcile
from .config import Config
from .contracts import SOURCES, WINDOWS_TOPIC, catalogue
from .encoding import Encoder
from .errors import MillraceError
from .gate import Gate
from .registry import Registry
from .session import open_session
from .sinks import Publisher
from .sources import read_range, read_stream, require_topics
from .storage import Store
from .telemetry import Telemetry

log = logging.getLogger(__name__)
_LOOK_S = 0.2
_IDLE = "Waiting for data to arrive"
_PAUSE_S = 0.5
T = TypeVar("T")


class Runner:
    """One lane's job in this process."""

    def __init__(self, config: Config, spark: SparkSession | None = None) -> None:
        self._config = config
        self._own_session = spark is None
        self._telemetry = Telemetry(config.lane)
        self._spark = spark or open_session(config)
        metrics = {name: metric for name, metric in catalogue().items() if name in config.metrics}
        self._state = Aggregate(metrics, config.shop_time_zone, config.allowed_lateness_ms)
        self._store = Store(config.checkpoint / "state.sqlite")
        reconcile(config.checkpoint, self._store.batch())
        self._state.load(self._store)
        patiently(partial(require_topics, config))
        registry = Registry(config.registry_url)
        self._gate = Gate(self._spark, config.lane, config.metrics, registry)
        for code in range(len(SOURCES)):
            patiently(partial(self._gate.learn, code))
        encoder = Encoder(config.lane, patiently(lambda: registry.id_to_write(WINDOWS_TOPIC)))
        self.stop = threading.Event()
        publisher = Publisher(config, self._store.identity(), self.stop)
        self.processor = BatchProcessor(config, self._state, self._store, self._gate, encoder, publisher, self._telemetry, self.stop)

    def run(self, available_now: bool) -> int:
        """Runs until a signal, or until everything there was is read. Returns the exit code."""
        config, processor = self._config, self.processor
        server = self._telemetry.serve(config.http_port)
        patiently(processor.resume)
        processor.tell_gaps()
        self._remember_ids()
        writer = read_stream(self._spark, config).writeStream.queryName(f"metrics-{config.lane}").foreachBatch(processor.process)
        writer = writer.option("checkpointLocation", str(config.checkpoint / "query"))
        writer = writer.trigger(processingTime=f"{0 if available_now else config.trigger_ms} milliseconds")
        query = writer.start()
        self._telemetry.alive = lambda: query.isActive
        self._telemetry.behind = processor.behind
        self._telemetry.ready.set()
        log.info("lane %s: %d metrics, checkpoint %s", config.lane, len(config.metrics), config.checkpoint)
        while query.isActive and not self.stop.wait(_LOOK_S):
            if available_now and query.status["message"] == _IDLE:
                self.stop.set()
            processor.tick()
        stopped = self.stop.is_set()
        failure = None if stopped else query.exception()
        processor.close()
        if query.isActive:
            query.stop()
        server.shutdown()
        if failure is not None:
            log.error("the query failed: %s", failure)
        if self._own_session:
            self._spark.stop()
        return 1 if failure is not None else 0

    def _remember_ids(self) -> None:
        """After a restart: reads the ids of the open minutes again, up to where the state is."""
        ranges = self._state.ranges()
        if ranges:
            began = time.monotonic()
            n = self._gate.cells(read_range(self._spark, self._config, ranges)).count()
            log.info("%d ids of open minutes are known again, %d cells in %.1f s", self._gate.remembered(), n, time.monotonic() - began)


def patiently(ask: Callable[[], T]) -> T:
    """Asks until the infrastructure answers; an error that waiting cannot mend is thrown."""
    told = ""
    while True:
        try:
            return ask()
        except MillraceError as error:
            if not error.retriable:
                raise
            if told != str(error):
                told = str(error)
                log.warning("waiting: %s", error)
            time.sleep(_PAUSE_S)


def stop_on_signals(stop: threading.Event) -> None:
    """The first SIGTERM or SIGINT drains, the second ends at once."""

    def handle(number: int, _: FrameType | None) -> None:
        if stop.is_set():
            os._exit(128 + number)
        log.info("stopping after the batch at hand")
        stop.set()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
