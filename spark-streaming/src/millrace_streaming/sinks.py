"""Kafka out. A batch is one Kafka transaction that also commits the source offsets with the batch's id, so a batch is published once."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from .config import Config
from .contracts import in_lane
from .encoding import Outgoing
from .errors import KafkaNotReadyError, PublishError
from .sources import topics

log = logging.getLogger(__name__)
_TRANSACTION_S = 60
_LONGEST_PAUSE_S = 15.0
Positions = dict[tuple[int, int], int]


class Publisher:
    """Publishes batches in order, each once, one ahead of the query. Failures of Kafka block and are tried again."""

    def __init__(self, config: Config, identity: str, stop: threading.Event) -> None:
        self._topics = topics(config.lane)
        self._identity = identity
        self._stop = stop
        self._group = in_lane(config.lane, "metrics")
        self._config = {
            "bootstrap.servers": config.brokers,
            "transactional.id": f"{self._group}.windows",
            "transaction.timeout.ms": _TRANSACTION_S * 1000,
            "linger.ms": 2,
            "compression.type": "lz4",
            "message.max.bytes": 13_631_488,
            "queue.buffering.max.messages": 1_000_000,
            "queue.buffering.max.kbytes": 262_144,
        }
        self._member = Consumer({"bootstrap.servers": config.brokers, "group.id": self._group, "enable.auto.commit": False})
        self._producer = self._begin()
        self._thread = ThreadPoolExecutor(1, "publisher")
        self._running: Future[None] | None = None

    def _begin(self) -> Producer:
        producer = Producer(self._config)
        producer.init_transactions(_TRANSACTION_S)
        return producer

    def published(self, partitions: int) -> int:
        """Number of the last batch of this state in the topics, -1 before the first. Throws KafkaNotReadyError."""
        places = [TopicPartition(topic, partition) for topic in self._topics for partition in range(partitions)]
        try:
            found = self._member.committed(places, timeout=_TRANSACTION_S)
        except KafkaException as error:
            # Such as a broker that has only just come up and coordinates no group yet.
            raise KafkaNotReadyError(f"Kafka does not say what is published: {error}") from error
        marks = [place.metadata.partition(":") for place in found if place.metadata]
        return max((int(number) for identity, _, number in marks if identity == self._identity), default=-1)

    def publish(self, batch: int, records: list[Outgoing], positions: Positions) -> None:
        """Starts to publish a batch; `wait` first for the one before."""
        self._running = self._thread.submit(self._publish, batch, records, positions)

    def wait(self) -> None:
        """Until the batch before is published. Throws PublishError where that is given up because the job stops."""
        if self._running is not None:
            self._running.result()
            self._running = None

    def _publish(self, batch: int, records: list[Outgoing], positions: Positions) -> None:
        pause = 0.2
        while True:
            try:
                self._transaction(batch, records, positions)
                return
            except (KafkaException, BufferError, PublishError) as error:
                log.warning("batch %d is not published yet, %d records wait: %s", batch, len(records), error)
                if self._stop.wait(pause):
                    raise PublishError(f"batch {batch} stays in the outbox: {error}") from error
                pause = min(pause * 2, _LONGEST_PAUSE_S)
                self._recover()

    def _recover(self) -> None:
        try:
            self._producer = self._begin()
        except KafkaException as error:
            log.warning("Kafka does not take a new producer: %s", error)

    def _transaction(self, batch: int, records: list[Outgoing], positions: Positions) -> None:
        producer, failed = self._producer, []
        producer.begin_transaction()

        def delivered(error: object, _: object) -> None:
            if error is not None:
                failed.append(str(error))

        for record in records:
            while True:
                try:
                    producer.produce(record.topic, value=record.value, key=record.key, headers=record.headers, on_delivery=delivered)
                    break
                except BufferError:
                    producer.poll(0.1)
        marks = [
            TopicPartition(self._topics[t], p, following, metadata=f"{self._identity}:{batch}") for (t, p), following in positions.items()
        ]
        producer.send_offsets_to_transaction(marks, self._member.consumer_group_metadata(), _TRANSACTION_S)
        if producer.flush(_TRANSACTION_S) or failed:
            producer.abort_transaction(_TRANSACTION_S)
            raise PublishError(failed[0] if failed else "Kafka did not take every record in time")
        producer.commit_transaction(_TRANSACTION_S)

    def close(self) -> None:
        """Waits for what runs and leaves the broker."""
        try:
            self.wait()
        finally:
            self._thread.shutdown()
            self._member.close()
