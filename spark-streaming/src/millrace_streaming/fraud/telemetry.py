"""What the scoring job says about itself."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from confluent_kafka import KafkaException
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from ..telemetry import Endpoint
from . import DECISIONS
from .extract import SOURCES

log = logging.getLogger(__name__)
"""In the order of their codes in the JVM (Scorer.scala)."""


class FraudTelemetry(Endpoint):
    """Metrics of the scoring job, asked of the JVM when somebody looks."""

    def __init__(self, lane: str) -> None:
        super().__init__(lane)
        self.stats: Callable[[], str] | None = None
        self.ends: Callable[[], dict[tuple[int, int], int]] = dict
        self.registry.register(self)

    def describe(self) -> list[Metric]:
        """Nothing, so that registering asks nobody."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Counters and sizes of the JVM, and how far it is behind."""
        if self.stats is None:
            return
        said = json.loads(self.stats())
        yield from self._counters(said)
        yield from self._gauges(said)
        try:
            ends = self.ends()
        except KafkaException as error:
            log.warning("Kafka does not say how far it is: %s", error)
            return
        lag = GaugeMetricFamily(
            "millrace_fraud_lag_records", "Records not yet in the feature state.", labels=("lane", "topic", "partition")
        )
        for (source, partition), end in ends.items():
            at = said["positions"].get(f"{source}/{partition}", 0)
            lag.add_metric((self.lane, SOURCES[source], str(partition)), max(0, end - at))
        yield lag

    def _counters(self, said: dict[str, Any]) -> Iterator[Metric]:
        def counter(name: str, doc: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
            family = CounterMetricFamily(f"millrace_fraud_{name}", doc, labels=("lane", label) if label else ("lane",))
            for value, n in values:
                family.add_metric((self.lane, value) if label else (self.lane,), n)
            return family

        yield counter("events", "Records read.", "topic", zip(SOURCES, said["events"], strict=True))
        yield counter(
            "decisions",
            "Scores published; an order that is scored again counts again.",
            "decision",
            zip(DECISIONS, said["decisions"], strict=True),
        )
        yield counter("rule_hits", "Times a rule fired.", "rule", said["rules"].items())
        yield counter("shadow_hits", "Times a rule in shadow would have fired.", "rule", said["shadow"].items())
        yield counter("revisions", "Orders scored again because of an event that came late.", "", [("", said["revisions"])])
        yield counter("degraded", "Scores made without a model.", "", [("", said["degraded"])])
        yield counter("refused", "Records that are no events.", "", [("", said["refused"])])
        yield counter(
            "forgotten", "Facts that left the feature state before their time because it was full.", "", [("", said["forgotten"])]
        )

    def _gauges(self, said: dict[str, Any]) -> Iterator[Metric]:
        for name, doc in (("facts", "Facts in the feature state."), ("entities", "Entities in it."), ("sessions", "Visits in it.")):
            family = GaugeMetricFamily(f"millrace_fraud_state_{name}", doc, labels=("lane",))
            family.add_metric((self.lane,), said[name])
            yield family
        info = GaugeMetricFamily("millrace_fraud_versions", "1: what is in force.", labels=("lane", "rules", "model", "challenger"))
        info.add_metric((self.lane, said["rulesVersion"], said["model"] or "", said["challenger"] or ""), 1)
        yield info
        trouble = GaugeMetricFamily(
            "millrace_fraud_problem", "1: a new file is refused, the one before it is in force.", labels=("lane", "part")
        )
        trouble.add_metric((self.lane, "rules"), 1 if said["rulesProblem"] else 0)
        trouble.add_metric((self.lane, "model"), 1 if said["modelProblem"] else 0)
        yield trouble
