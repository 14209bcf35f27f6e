"""A partition that nothing was read of yet, although it has records, holds its topic's watermark."""

from __future__ import annotations

import threading
import time
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from millrace_streaming.contracts import schema_of
from tests import truth
from tests.stream.world import START_MS, World
from tests.support import plain, prepare_lane, remove_lane

TOPIC = truth.FEEDBACK
HOUR_MS = 3_600_000


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    lane = f"first{uuid.uuid4().hex[:8]}"
    yield World(lane, tmp_path, prepare_lane(lane))
    remove_lane(lane)


def rate(world: World, partition: int) -> None:
    """Sends ratings of two days into one partition."""
    # librdkafka's default for a key: CRC32 over the number of partitions.
    product = next(name for i in range(99) if zlib.crc32((name := f"p{i}").encode()) % 2 == partition)
    events = [
        (
            TOPIC,
            {"eventId": uuid.uuid4().hex, "eventType": "RATED", "occurredAt": START_MS + i * HOUR_MS, "productId": product, "rating": 3},
        )
        for i in range(48)
    ]
    world.send_events(events, world.ids, {TOPIC: plain(schema_of(TOPIC))})


def test_what_came_into_one_partition_while_the_first_batch_read_another_is_not_late(world: World) -> None:
    rate(world, 0)
    run = threading.Thread(target=world.run)
    run.start()
    planned = world.home / "checkpoints" / world.lane / "metrics" / "query" / "offsets" / "0"
    deadline = time.monotonic() + 120
    while not planned.exists() and run.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert planned.exists(), world.log
    rate(world, 1)
    run.join(300)
    assert not run.is_alive()
    assert world.run() == 0
    # In two batches, the second of which began after the watermark of the first.
    assert world.log.count('"48 events,') == 2
    assert {place[0] for _, _, place in world.counted} == {0, 1}
    assert world.read("metrics.late.v1") == []
