"""Lanes on the real Kafka and registry, for tests and benches."""

from __future__ import annotations

import json
import os
import time
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from millrace_streaming.contracts import LATE_TOPIC, SOURCES, WINDOWS_TOPIC, dead_letter_topic, in_lane, schema_of, subject_of


def until(holds: Callable[[], bool], what: str = "it", patience_s: float = 60) -> None:
    """Looks again and again until it holds; nobody tells a process apart when a file has changed."""
    deadline = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.02)


def brokers() -> str:
    """Address of the real Kafka; a test without it fails here."""
    return os.environ["MILLRACE_KAFKA_BROKERS"]


def plain(schema: Any) -> Any:
    """The schema as it is registered: without the attributes that only we read."""
    if isinstance(schema, dict):
        return {name: plain(value) for name, value in schema.items() if name not in ("topic", "valid")}
    return [plain(item) for item in schema] if isinstance(schema, list) else schema


def register(topic: str, schema: dict[str, Any]) -> int:
    """Registers a schema for the topic's values; the same text gives the same id."""
    url = f"{os.environ['MILLRACE_REGISTRY_URL']}/subjects/{subject_of(topic)}/versions"
    body = json.dumps({"schema": json.dumps(plain(schema), separators=(",", ":"), ensure_ascii=False)}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/vnd.schemaregistry.v1+json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(json.load(answer)["id"])


def unregister(topic: str, schema_id: int) -> None:
    """Takes a version away again, so that a test leaves the subject as it was."""
    url = f"{os.environ['MILLRACE_REGISTRY_URL']}/subjects/{subject_of(topic)}/versions"
    with urllib.request.urlopen(url, timeout=30) as answer:
        versions = json.load(answer)
    for version in versions:
        with urllib.request.urlopen(f"{url}/{version}", timeout=30) as answer:
            found = json.load(answer)["id"]
        if found == schema_id:
            urllib.request.urlopen(urllib.request.Request(f"{url}/{version}", method="DELETE"), timeout=30).close()


def topics_of(lane: str) -> list[str]:
    """Every topic this job reads or writes in the lane."""
    return [in_lane(lane, topic) for topic in (*SOURCES, WINDOWS_TOPIC, LATE_TOPIC)] + [dead_letter_topic(lane, topic) for topic in SOURCES]


def prepare_lane(lane: str) -> dict[str, int]:
    """Creates the lane's topics and registers the contracts. Returns schema ids by topic."""
    admin = AdminClient({"bootstrap.servers": brokers()})
    wanted = [NewTopic(topic, 2, 1, config={"max.message.bytes": "12648448"}) for topic in topics_of(lane)]
    for future in admin.create_topics(wanted).values():
        try:
            future.result()
        except Exception as error:
            if "already exists" not in str(error):
                raise
    return {topic: register(topic, schema_of(topic)) for topic in (*SOURCES, WINDOWS_TOPIC)}


def remove_lane(lane: str) -> None:
    """Deletes the lane's topics."""
    admin = AdminClient({"bootstrap.servers": brokers()})
    for future in admin.delete_topics(topics_of(lane)).values():
        future.exception()


def read_all(topic: str) -> list[Message]:
    """Every committed record of a topic with two partitions, by its name on the broker."""
    consumer = Consumer(
        {
            "bootstrap.servers": brokers(),
            "group.id": uuid.uuid4().hex,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 10,
            "fetch.message.max.bytes": 13_000_000,
        }
    )
    consumer.assign([TopicPartition(topic, p, 0) for p in (0, 1)])
    found, ended = [], 0
    while ended < 2:
        message = consumer.poll(30)
        assert message is not None, f"{topic} does not end"
        if message.error() is not None:
            ended += 1
        else:
            found.append(message)
    consumer.close()
    return found
