"""The JVM helper as Python sees it: schemas, watermarks and the calls inside the query."""

from __future__ import annotations

import json
import logging
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from .contracts import SOURCES, schema_of
from .registry import Negatives, Registry
from .sources import topics
from .transforms.plan import plan_json

log = logging.getLogger(__name__)


class Gate:
    """Decodes and admits records inside the query."""

    def __init__(self, spark: SparkSession, lane: str, metrics: frozenset[str], registry: Registry) -> None:
        self._spark = spark
        jvm: Any = spark._jvm
        self._gate = jvm.io.millrace.streaming.Gate
        self._frames = jvm.org.apache.spark.sql.millrace.Frames
        self._registry = registry
        self._negatives = Negatives()
        self._gate.open(topics(lane), [json.dumps(schema_of(topic)) for topic in SOURCES], plan_json(metrics))

    def cells(self, records: DataFrame) -> DataFrame:
        """Raw records of the Kafka source as rows of cells.COLUMNS, equal cells of a partition added up."""
        return DataFrame(self._frames.cells(records._jdf), self._spark)

    def learn(self, code: int) -> None:
        """Takes every schema of the topic's subject. Throws RegistryUnavailableError."""
        for schema_id, text in self._registry.versions(SOURCES[code]).items():
            problem = self._gate.accept(code, schema_id, text)
            if problem:
                log.error("schema %d of %s cannot be read as the contract: %s", schema_id, SOURCES[code], problem)
                self._negatives.add(code, schema_id)

    def resolve(self, unknown: set[tuple[int, int]]) -> None:
        """Asks the registry about ids by topic code; what it does not know is refused for a while. Throws RegistryUnavailableError."""
        for code in {code for code, _ in unknown}:
            known = self._registry.versions(SOURCES[code])
            for schema_id in {schema_id for c, schema_id in unknown if c == code}:
                if schema_id in known:
                    problem = self._gate.accept(code, schema_id, known[schema_id])
                    log.info("schema %d of %s learned: %s", schema_id, SOURCES[code], problem or "readable")
                else:
                    self._gate.refuse(code, schema_id, f"schema id {schema_id} is not of {SOURCES[code]}")
                    self._negatives.add(code, schema_id)

    def forget_refusals(self) -> None:
        """Ids refused for long enough are asked about again."""
        for code, schema_id in self._negatives.expired():
            self._gate.forget(code, schema_id)

    def close_before(self, code: int, open_from: int) -> None:
        """Minutes before this one are closed."""
        self._gate.close(code, open_from)

    def remembered(self) -> int:
        """Ids held for duplicates."""
        return int(self._gate.remembered())
