"""Kafka in: the query's stream, and single records fetched whole."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from pyspark.sql import DataFrame, SparkSession

from .config import Config
from .contracts import LATE_TOPIC, SOURCES, WINDOWS_TOPIC, in_lane
from .errors import KafkaNotReadyError

_NEAR = 2_000
_PATIENCE_S = 30.0
_LOOK_S = 5.0
_FETCH = {
    "kafka.max.partition.fetch.bytes": "16777216",
    "kafka.fetch.max.bytes": "67108864",
    "kafka.max.poll.records": "4000",
    # A batch asks each consumer for its offsets, and the broker answers that after the empty fetch which the batch before left waiting:
    # the default of 500 ms is half a second a batch.
    "kafka.fetch.max.wait.ms": "5",
}


def topics(lane: str) -> list[str]:
    """The lane's source topics on the broker, in the order of their codes."""
    return [in_lane(lane, topic) for topic in SOURCES]


def require_topics(config: Config) -> None:
    """As `require`, for the topics of the windowed metrics."""
    require(config, [*topics(config.lane), in_lane(config.lane, WINDOWS_TOPIC), in_lane(config.lane, LATE_TOPIC)])


def require(config: Config, wanted: list[str]) -> None:
    """Throws KafkaNotReadyError where the broker or a topic is not there: a query that meets neither would end."""
    # Its own words for a broker that is still starting are many.
    client = AdminClient({"bootstrap.servers": config.brokers, "log_level": 2})
    try:
        there = client.list_topics(timeout=_LOOK_S).topics
    except KafkaException as error:
        raise KafkaNotReadyError(f"Kafka at {config.brokers} does not answer: {error}") from error
    missing = set(wanted) - there.keys()
    if missing:
        raise KafkaNotReadyError(f"the broker has no {', '.join(sorted(missing))}: run `millrace topics create`")


def read_stream(spark: SparkSession, config: Config) -> DataFrame:
    """Raw records of the lane's source topics."""
    reader = spark.readStream.format("kafka").options(**_FETCH).option("kafka.bootstrap.servers", config.brokers)
    reader = reader.option("subscribe", ",".join(topics(config.lane))).option("startingOffsets", "earliest")
    # What retention took is reported by BatchProcessor, which sees the gap in the offsets; stopping would not bring it back.
    return reader.option("failOnDataLoss", "false").option("maxOffsetsPerTrigger", str(config.max_offsets)).load()


def read_range(spark: SparkSession, config: Config, ranges: dict[tuple[int, int], tuple[int, int]]) -> DataFrame:
    """Raw records of [from, to) by topic code and partition."""
    names = topics(config.lane)
    bounds: list[dict[str, dict[str, int]]] = [{}, {}]
    for (code, partition), span in ranges.items():
        for side, offset in zip(bounds, span, strict=True):
            side.setdefault(names[code], {})[str(partition)] = offset
    reader = spark.read.format("kafka").options(**_FETCH).option("kafka.bootstrap.servers", config.brokers)
    reader = reader.option("assign", json.dumps({topic: sorted(map(int, parts)) for topic, parts in bounds[0].items()}))
    return (
        reader.option("startingOffsets", json.dumps(bounds[0]))
        .option("endingOffsets", json.dumps(bounds[1]))
        .option("failOnDataLoss", "false")
        .load()
    )


class RecordReader:
    """Fetches records by offset, byte for byte as they are in the log."""

    def __init__(self, brokers: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": brokers,
                "group.id": "millrace-record-reader",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_uncommitted",
                "fetch.message.max.bytes": 16_777_216,
                # A fetch at the end of a partition must not hold up the seek after it.
                "fetch.wait.max.ms": 10,
                "receive.message.max.bytes": 100_000_000,
            }
        )

    def fetch(self, topic: str, partition: int, offsets: Iterable[int]) -> Iterator[tuple[int, Message | None]]:
        """Each record with its offset, in order; None where the log no longer has it. Throws KafkaException when Kafka does not answer."""
        position = -1
        ahead: Message | None = None
        for offset in sorted(offsets):
            if position < 0 or not position <= offset <= position + _NEAR:
                self._consumer.assign([TopicPartition(topic, partition, offset)])
                ahead = None
            while ahead is None or (ahead.offset() or 0) < offset:
                ahead = self._poll()
            position = (ahead.offset() or 0) + 1
            yield offset, ahead if ahead.offset() == offset else None
        # What is assigned is fetched for ever.
        self._consumer.unassign()

    def _poll(self) -> Message:
        message = self._consumer.poll(_PATIENCE_S)
        if message is None:
            raise KafkaException("no record within the time")
        error = message.error()
        if error is not None:
            raise KafkaException(error)
        return message

    def partitions(self, topic: str) -> int:
        """How many the topic has. Throws KafkaException."""
        return len(self._consumer.list_topics(topic, timeout=10).topics[topic].partitions)

    def span(self, topic: str, partition: int) -> tuple[int, int]:
        """First offset in the log, and the one after the last. Throws KafkaException."""
        low, high = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
        return low, high

    def close(self) -> None:
        """Leaves the broker."""
        self._consumer.close()
