"""Lag per partition, from the query's progress."""

from __future__ import annotations

import json

from pyspark.sql.streaming.listener import (
    QueryIdleEvent,
    QueryProgressEvent,
    QueryStartedEvent,
    QueryTerminatedEvent,
    StreamingQueryListener,
)

from .telemetry import Telemetry


class LagListener(StreamingQueryListener):
    """Sets the lag after each progress report."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry

    def onQueryStarted(self, event: QueryStartedEvent) -> None:
        """The query runs: health checks may pass."""
        self._telemetry.ready.set()

    def onQueryProgress(self, event: QueryProgressEvent) -> None:
        """How far the source is behind."""
        for source in event.progress.sources:
            latest, ended = json.loads(source.latestOffset or "{}"), json.loads(source.endOffset or "{}")
            for topic, partitions in latest.items():
                for partition, offset in partitions.items():
                    behind = offset - ended.get(topic, {}).get(partition, 0)
                    self._telemetry.lag.labels(self._telemetry.lane, topic, partition).set(max(behind, 0))

    def onQueryIdle(self, event: QueryIdleEvent) -> None:
        """Nothing new: the lag stays as it is."""

    def onQueryTerminated(self, event: QueryTerminatedEvent) -> None:
        """The query is over: health checks must fail."""
        self._telemetry.ready.clear()
