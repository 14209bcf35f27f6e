"""The scoring query of one lane: in Spark's Real-Time Mode, over the feature state in its JVM."""

from __future__ import annotations

import json
import logging
import shutil
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession

from ..config import Config
from ..contracts import SCORES_TOPIC, in_lane, schema_of
from ..errors import ConfigError, MillraceError
from ..registry import Registry
from ..runner import patiently
from ..session import open_session
from ..sources import RecordReader, require
from .extract import SOURCES, array_of, package, problems_of, record_reader, strings, whole_range
from .features import ENTITIES, FEATURES, NAMES, plan_json, state_version, version
from .telemetry import FraudTelemetry

log = logging.getLogger(__name__)
_LOOK_S = 0.2
_SLACK_MS = 5_000
"""How far one partition of a backlog may be ahead of another, in event time."""
_ANEW = "remove {} to score the lane anew from its topics: each order keeps its one final score"
_REMEDIES = {"CheckpointException": _ANEW, "JournalException": "run `millrace fraud rebuild` to make the state anew from the topics"}
_FETCH = {"kafka.fetch.max.wait.ms": "500", "kafka.max.partition.fetch.bytes": "4194304", "kafka.max.poll.records": "500"}


class FraudStateError(MillraceError):
    """What the job left behind cannot be gone on from; the topics have it all."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}; {remedy}")


class FraudStream:
    """One lane's scoring in this process."""

    def __init__(self, config: Config, stop: threading.Event) -> None:
        self._config = config
        self.stop = stop
        self._telemetry = FraudTelemetry(config.lane)
        self._topics = [in_lane(config.lane, topic) for topic in SOURCES]
        patiently(partial(require, config, [*self._topics, in_lane(config.lane, SCORES_TOPIC)]))
        found = whole_range(config).offsets
        self._partitions = [len(found[topic]) for topic in self._topics]
        # In Real-Time Mode each partition's task runs for the whole batch.
        self._spark = open_session(config, "fraud", sum(self._partitions) + 1, config.fraud_heap)
        self._query = self._open()

    def _open(self) -> Any:
        config, spark, jvm = self._config, self._spark, package(self._spark)
        schema_id = patiently(lambda: Registry(config.registry_url).id_to_write(SCORES_TOPIC))
        assert spark._jvm is not None
        folder = config.fraud_checkpoint / "state"
        counts = array_of(spark, spark._jvm.int, self._partitions)
        names = strings(spark, list(NAMES))
        try:
            rules = jvm.RuleFile(str(config.fraud_rules), names)
        except Py4JJavaError as error:
            raise ConfigError([f"MILLRACE_FRAUD_RULES: {problem}" for problem in problems_of(error)]) from error
        features = jvm.Features.parse(plan_json())
        journal = jvm.Journal(_path(spark, folder), len(ENTITIES), state_version())
        return jvm.FraudQuery(
            config.lane,
            record_reader(spark, config),
            strings(spark, self._topics),
            counts,
            features,
            strings(spark, [feature.doc for feature in FEATURES]),
            journal,
            config.fraud_revise_ms,
            _SLACK_MS,
            config.fraud_batch_ms,
            config.fraud_orders,
            rules,
            jvm.ModelFolder(_path(spark, config.fraud_models), names),
            json.dumps(schema_of(SCORES_TOPIC)),
            schema_id,
        )

    def run(self) -> int:
        """Runs until a signal. Returns the exit code."""
        config, telemetry = self._config, self._telemetry
        server = telemetry.serve(config.http_port)
        began = time.monotonic()
        until = committed_offsets(config.fraud_checkpoint / "query")
        try:
            entries = self._query.restore()
            read = self._query.catchUp(config.brokers, json.dumps(until))
        except Py4JJavaError as error:
            remedy = _REMEDIES.get(str(error.java_exception.getClass().getSimpleName()))
            if remedy is None:
                raise
            raise FraudStateError("; ".join(problems_of(error)), remedy.format(config.fraud_checkpoint)) from error
        if entries or read:
            log.info("feature state: %d entries of the journal, %d records read again, %.1f s", entries, read, time.monotonic() - began)
        query = self._start(until)
        telemetry.alive = lambda: bool(query.isActive())
        telemetry.stats = self._query.stats
        reader = RecordReader(config.brokers)
        telemetry.ends = lambda: {
            (code, p): reader.span(topic, p)[1] for code, topic in enumerate(self._topics) for p in range(self._partitions[code])
        }
        telemetry.ready.set()
        log.info("lane %s: %d features, catalogue %s", config.lane, len(NAMES), version())
        while query.isActive() and not self.stop.wait(_LOOK_S):
            pass
        failure = None if self.stop.is_set() or not query.exception().isDefined() else query.exception().get().toString()
        if query.isActive():
            query.stop()
        telemetry.stats = None
        self._query.close()
        server.shutdown()
        reader.close()
        if failure is not None:
            log.error("the query failed: %s", failure)
        self._spark.stop()
        return 0 if self.stop.is_set() else 1

    def _start(self, until: dict[str, dict[str, int]]) -> Any:
        config, spark = self._config, self._spark
        reader = spark.readStream.format("kafka").options(**_FETCH).option("kafka.bootstrap.servers", config.brokers)
        reader = reader.option("subscribe", ",".join(self._topics)).option("startingOffsets", "earliest").option("failOnDataLoss", "false")
        scores = DataFrame(self._query.scoresOf(reader.load()._jdf, config.brokers, json.dumps(until)), spark)
        writer = scores.writeStream.format("kafka").outputMode("update").queryName(f"fraud-{config.lane}")
        writer = writer.option("kafka.bootstrap.servers", config.brokers).option("topic", in_lane(config.lane, SCORES_TOPIC))
        writer = writer.option("kafka.compression.type", "lz4").option("kafka.linger.ms", "2").option("includeHeaders", "true")
        # A score takes 5 kB: the default of 16 kB would be a batch of three, each compressed by itself.
        writer = writer.option("kafka.batch.size", "262144")
        writer = writer.option("checkpointLocation", str(config.fraud_checkpoint / "query"))
        assert spark._jvm is not None
        # Not in PySpark's own API before 4.2 (spark-notes.md, 4).
        trigger = spark._jvm.org.apache.spark.sql.streaming.Trigger.RealTime(f"{config.fraud_batch_ms} milliseconds")
        return writer._jwrite.trigger(trigger).start()


def committed_offsets(query: Path) -> dict[str, dict[str, int]]:
    """Where the query goes on after a restart: next offset by topic and partition; empty before its first checkpoint.

    Throws FraudStateError.
    """
    commits = [int(entry.name) for entry in (query / "commits").glob("*") if entry.name.isdigit()]
    if not commits:
        return {}
    file = query / "offsets" / str(max(commits))
    try:
        found: dict[str, dict[str, int]] = json.loads(file.read_text("utf-8").splitlines()[2])
    except (OSError, ValueError, IndexError) as error:
        raise FraudStateError(f"{file} cannot be read ({error})", _ANEW.format(query.parent)) from error
    return found


def rebuild(config: Config) -> bool:
    """Forgets the feature state, so that the next start makes it anew from the topics. False where there was none."""
    folder = config.fraud_checkpoint / "state"
    if not folder.exists():
        return False
    shutil.rmtree(folder)
    return True


def _path(spark: SparkSession, path: Path) -> Any:
    assert spark._jvm is not None
    return spark._jvm.java.nio.file.Path.of(str(path), strings(spark, []))
