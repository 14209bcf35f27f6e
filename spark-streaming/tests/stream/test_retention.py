"""F26: what retention took before it was read is told to the offset, and counted as nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from millrace_streaming.contracts import schema_of
from tests import truth
from tests.stream.world import START_MS, World
from tests.support import brokers, plain, prepare_lane, remove_lane

TOPIC = truth.FEEDBACK


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    lane = f"gap{uuid.uuid4().hex[:8]}"
    yield World(lane, tmp_path, prepare_lane(lane))
    remove_lane(lane)


def rate(world: World, n: int) -> int:
    """Sends n ratings of one product, and says their partition."""
    events = [
        (TOPIC, {"eventId": uuid.uuid4().hex, "eventType": "RATED", "occurredAt": START_MS + i, "productId": "p1", "rating": 3})
        for i in range(n)
    ]
    world.send_events(events, world.ids, {TOPIC: plain(schema_of(TOPIC))})
    return world.counted[-1][2][0]


def expire(world: World, partition: int, before: int) -> None:
    admin = AdminClient({"bootstrap.servers": brokers()})
    for answer in admin.delete_records([TopicPartition(f"{world.lane}.{TOPIC}", partition, before)]).values():
        answer.result(30)


def told(world: World, partition: int, first: int, last: int) -> int:
    return world.log.count(f"{world.lane}.{TOPIC}-{partition}: retention took the offsets {first} to {last} before they were read")


def test_f26_a_gap_is_told_once_and_the_rest_is_read(world: World) -> None:
    partition = rate(world, 10)
    assert world.run() == 0
    assert "retention took" not in world.log
    rate(world, 90)
    expire(world, partition, 50)
    assert world.run() == 0
    assert told(world, partition, 10, 49) == 1
    assert world.log.count('"10 events,') == 1
    assert world.log.count('"50 events,') == 1
    rate(world, 30)
    expire(world, partition, 130)
    assert world.run() == 0
    assert told(world, partition, 100, 129) == 1
    assert world.log.count("retention took") == 2
