"""Features of a range of the topics in batch, by the code that computes them in the stream; and the dataset that training reads."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, cast

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession

from ..config import Config
from ..contracts import CLICKS, LABELS, ORDERS, TRUTH, in_lane, schema_of
from ..registry import Registry
from ..transforms.plan import AHEAD_MS, EARLIEST_MS
from . import features as catalogue

SOURCES = (ORDERS, CLICKS, LABELS)
"""Topics that features are made of; the place in this tuple is the source's code in the JVM (Source in Grounds.scala)."""
_PATIENCE_S = 30
_ROWS = 50_000
_ROW_GROUP_BYTES = 64 << 20


@dataclass(frozen=True)
class Range:
    """Offsets [from, to) by topic on the broker and partition."""

    offsets: dict[str, dict[int, tuple[int, int]]]

    def as_data(self) -> dict[str, Any]:
        """For a manifest."""
        return {topic: {str(p): list(span) for p, span in parts.items()} for topic, parts in self.offsets.items()}


def package(spark: SparkSession) -> Any:
    """The JVM's fraud package."""
    jvm = spark._jvm
    assert jvm is not None
    return jvm.io.millrace.streaming.fraud


def problems_of(error: Py4JJavaError) -> list[str]:
    """What the JVM says is wrong, one problem an item."""
    return str(error.java_exception.getMessage()).splitlines()


def array_of(spark: SparkSession, kind: Any, items: list[Any]) -> Any:
    """A Java array, as the JVM helper's constructors take it."""
    gateway = spark.sparkContext._gateway
    assert gateway is not None
    array = gateway.new_array(kind, len(items))
    for i, item in enumerate(items):
        array[i] = item
    return array


def strings(spark: SparkSession, texts: list[str]) -> Any:
    """A Java array of strings."""
    assert spark._jvm is not None
    return array_of(spark, spark._jvm.java.lang.String, texts)


def record_reader(spark: SparkSession, config: Config) -> Any:
    """The JVM's reader of the lane's topics."""
    topics = strings(spark, [in_lane(config.lane, topic) for topic in SOURCES])
    contracts = strings(spark, [json.dumps(schema_of(topic)) for topic in SOURCES])
    return package(spark).RecordReader(topics, contracts, config.registry_url, EARLIEST_MS, AHEAD_MS)


def _consumer(config: Config) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": config.brokers,
            "group.id": "millrace-fraud-extract",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )


def whole_range(config: Config, topics: tuple[str, ...] = SOURCES) -> Range:
    """All that the lane's topics hold now. Topics that are not there are left out."""
    consumer = _consumer(config)
    try:
        there = consumer.list_topics(timeout=_PATIENCE_S).topics
        found: dict[str, dict[int, tuple[int, int]]] = {}
        for name in (in_lane(config.lane, topic) for topic in topics):
            if name in there:
                places = [TopicPartition(name, p) for p in sorted(there[name].partitions)]
                found[name] = {place.partition: consumer.get_watermark_offsets(place, timeout=_PATIENCE_S) for place in places}
        return Range(found)
    finally:
        consumer.close()


def read(spark: SparkSession, config: Config, part: Range) -> DataFrame:
    """Raw records of the range."""
    reader = spark.read.format("kafka").option("kafka.bootstrap.servers", config.brokers)
    reader = reader.option("assign", json.dumps({topic: sorted(parts) for topic, parts in part.offsets.items()}))
    for option, side in (("startingOffsets", 0), ("endingOffsets", 1)):
        bounds = {topic: {str(p): span[side] for p, span in parts.items()} for topic, parts in part.offsets.items()}
        reader = reader.option(option, json.dumps(bounds))
    return reader.option("failOnDataLoss", "false").load()


def features(spark: SparkSession, config: Config, part: Range, variants: list[Any] | None = None) -> DataFrame:
    """One row per order placed, in the order of event time: orderId, customerId, cardId, currency, country, occurredAt (ms), amountMinor,
    partition, offset, revision, then each feature of the catalogue as a double (NaN: unknown), and what each variant says of it.
    """
    named = array_of(spark, package(spark).Variant, variants or [])
    frame = package(spark).FraudBatch.run(read(spark, config, part)._jdf, catalogue.plan_json(), record_reader(spark, config), named)
    return DataFrame(frame, spark)


def events(config: Config, topic: str, part: Range) -> Iterator[dict[str, Any]]:
    """Decoded events of one topic of the range; what cannot be decoded is passed over. Throws KafkaException."""
    name = in_lane(config.lane, topic)
    parts = {p: span for p, span in part.offsets.get(name, {}).items() if span[0] < span[1]}
    if not parts:
        return
    reader = fastavro.parse_schema(schema_of(topic))
    versions = Registry(config.registry_url).versions(topic)
    schemas = {number: fastavro.parse_schema(json.loads(text)) for number, text in versions.items()}
    consumer = _consumer(config)
    consumer.assign([TopicPartition(name, p, span[0]) for p, span in parts.items()])
    left = set(parts)
    try:
        while left:
            for message in consumer.consume(_ROWS, 1.0):
                place, offset = message.partition(), message.offset()
                assert place is not None and offset is not None
                error = message.error()
                if error is not None:
                    if error.code() != KafkaError._PARTITION_EOF:
                        raise KafkaException(error)
                    left.discard(place)
                elif offset < parts[place][1]:
                    event = _decode(message.value(), schemas, reader)
                    if event is not None:
                        yield event
                if offset + 1 >= parts[place][1]:
                    left.discard(place)
    finally:
        consumer.close()


def _decode(value: bytes | str | None, schemas: dict[int, Any], reader: Any) -> dict[str, Any] | None:
    if not isinstance(value, bytes) or len(value) < 6 or value[0] != 0:
        return None
    writer = schemas.get(int.from_bytes(value[1:5], "big"))
    try:
        return None if writer is None else cast("dict[str, Any]", fastavro.schemaless_reader(io.BytesIO(value[5:]), writer, reader))
    except (EOFError, ValueError, IndexError, KeyError, TypeError):
        return None


def write_dataset(spark: SparkSession, config: Config, part: Range, folder: Path, truth: bool) -> None:
    """What training reads (orders.py): `orders/` with its `dataset.json`, `labels.parquet`, and with `truth` also `truth.parquet`."""
    folder.mkdir(parents=True, exist_ok=True)
    frame = features(spark, config, part)
    # A reader holds a row group of decoded doubles at a time, many times their size in the file, and passes over those of other times.
    frame.write.mode("overwrite").option("parquet.block.size", _ROW_GROUP_BYTES).parquet(str(folder / "orders"))
    labels = [
        (e["orderId"], e["fraud"], _ms(e["occurredAt"]), e["eventType"])
        for e in events(config, LABELS, part)
        if e["eventType"] != "ALERT_OUTCOME"
    ]
    _table(
        labels,
        [("orderId", pa.string()), ("fraud", pa.bool_()), ("labelledAt", pa.int64()), ("kind", pa.string())],
        folder / "labels.parquet",
    )
    if truth:
        known = [(e["orderId"], e["eventType"] == "FRAUD", e["scenario"]) for e in events(config, TRUTH, whole_range(config, (TRUTH,)))]
        _table(known, [("orderId", pa.string()), ("fraud", pa.bool_()), ("scenario", pa.string())], folder / "truth.parquet")
    about = {"lane": config.lane, "ranges": part.as_data(), "features": list(catalogue.NAMES), "catalogue": catalogue.version()}
    (folder / "orders" / "dataset.json").write_text(json.dumps(about, indent=2) + "\n", "utf-8")


def _ms(at: datetime) -> int:
    return int(at.astimezone(timezone.utc).timestamp() * 1000 + 0.5)


def _table(rows: list[tuple[Any, ...]], columns: list[tuple[str, pa.DataType]], file: Path) -> None:
    arrays = [pa.array([row[i] for row in rows], type=kind) for i, (_, kind) in enumerate(columns)]
    pq.write_table(pa.table(arrays, names=[name for name, _ in columns]), file)
