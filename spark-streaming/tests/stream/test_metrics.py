"""The job against the real Kafka and registry: a planted day, delivered badly, to a driver that is killed; every number must be exact."""

from __future__ import annotations

import copy
import random
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import fastavro
import pytest

from millrace_streaming.contracts import schema_of
from tests import truth
from tests.stream.checks import Outcome, Row, wrong_late, wrong_letters, wrong_revisions, wrong_windows
from tests.stream.world import SCHEMAS, START_MS, World, deliver_badly, wild_events, wire
from tests.support import plain, prepare_lane, register, remove_lane, topics_of, unregister

KILLS = ("before-commit@2", "after-commit@2", "after-publish@2", "after-commit@1", "after-publish@1")
RECOVERY_S = 60


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    lane = f"t{uuid.uuid4().hex[:10]}"
    ids = prepare_lane(lane)
    made = World(lane, tmp_path_factory.mktemp("home"), ids)
    try:
        live(made)
        yield made
    finally:
        remove_lane(lane)
        if made.newer_id:
            unregister(truth.ORDERS, made.newer_id)


@pytest.fixture(scope="module")
def outcome(world: World) -> Outcome:
    return world.outcome()


def live(world: World) -> None:
    """Five kills, then the end of the day: a new schema, lies about the time, garbage, late rows."""
    rng = random.Random(20261120)
    world.send_events(deliver_badly(truth.make(1, START_MS, 120, 30), rng))
    for fault in KILLS:
        assert world.run(fault) == -9, world.log
    assert world.run() == 0, world.log

    # Wild events are honest history; they may move nobody. They are two days ahead of their neighbours.
    world.send_events(wild_events(2, START_MS + 48 * 3_600_000))
    newer = copy.deepcopy(plain(schema_of(truth.ORDERS)))
    newer["fields"].insert(1, {"name": "channel", "type": ["null", "string"], "default": None, "doc": "Where it was sold."})
    world.newer_id = register(truth.ORDERS, newer)
    more = truth.make(3, START_MS + 121 * 60_000, 40, 30)
    for topic, event in more:
        if topic == truth.ORDERS:
            event["channel"] = "app"
    newer_schemas = {**SCHEMAS, truth.ORDERS: fastavro.parse_schema(newer)}
    world.send_events(deliver_badly(more, rng), {**world.ids, truth.ORDERS: world.newer_id}, newer_schemas)
    plant_garbage(world)
    world.send_events(truth.make(4, START_MS - 3_600_000, 30, 6), late=True)
    assert world.run() == 0, world.log


def plant_garbage(world: World) -> None:
    """Records that must reach the dead-letter topic as they are; tests/spark has the whole corpus of malformed bytes."""
    order = {"eventId": "x", "occurredAt": START_MS, **truth._body(random.Random(1), truth.ORDERS)}
    order["lines"] = [{"productId": "p", "category": None, "quantity": 1, "unitPriceMinor": 1, "amountMinor": 1}]
    good = wire(world.ids[truth.ORDERS], SCHEMAS[truth.ORDERS], order)
    head, body = good[:5], good[5:]

    def changed(**change: Any) -> bytes:
        return wire(world.ids[truth.ORDERS], SCHEMAS[truth.ORDERS], {**order, **change})

    minute = 60_000
    now = int(time.time() * 1000)
    bodies: dict[str, list[bytes | None]] = {
        "undecodable": [
            None,
            b"",
            b"\0",
            good[:4],
            good[:5],
            b"\1" + good[1:],
            good[:-1],
            good[: len(good) // 2],
            good + b"x",
            b'{"json":1}',
            b"\x1f\x8b\x08\0\0",
            head + b"\x04\xff\xfe" + body[4:],
            head + b"\x02x\x12" + body[3:],
            head + b"\x02x\x00" + b"\x80" * 11,
        ],
        "unknown-schema": [b"\0" + n.to_bytes(4, "big", signed=True) + body for n in (0, -1, 2**31 - 1)]
        + [b"\0" + world.ids[truth.CLICKS].to_bytes(4, "big") + body],
        "decode-limit": [head + zigzag(2**31), head + zigzag(-5)] + [bomb(head, order, n) for n in (10**6, 10**7, 2**40, 2**62)],
        "too-large": [good + b"\0" * (1 << 20), b"\0" * 11_000_000],
        "invalid": [
            changed(totalMinor=-1),
            changed(customerId=""),
            changed(currency="euro"),
            changed(lines=[{**order["lines"][0], "quantity": -5}]),
        ],
        # 1970, ten minutes and a day ahead, 2199 and the year 9999.
        "event-time": [
            changed(occurredAt=at) for at in (0, now + 10 * minute, now + 1440 * minute, 7_258_118_400_000, 253_402_300_799_000)
        ],
    }
    headers = [("a", b"1"), ("a", b"2"), ("ce_id", b""), ("bin", b"\xff\x00"), ("none", None)]
    for reason, values in bodies.items():
        for key, value in zip([None, b"", b"k"] * 9, values, strict=False):
            world.send(truth.ORDERS, Row(key, value, headers), reason)


def zigzag(n: int) -> bytes:
    n = (n << 1) ^ (n >> 63)
    out = bytearray()
    while n > 0x7F:
        out.append((n & 0x7F) | 0x80)
        n >>= 7
    return bytes([*out, n])


def bomb(head: bytes, order: truth.Event, count: int) -> bytes:
    """An order whose lines claim to be `count`."""
    whole = wire(0, SCHEMAS[truth.ORDERS], {**order, "lines": []})
    names = [field["name"] for field in SCHEMAS[truth.ORDERS]["fields"]]
    # The end of the lines, and a null for each field behind them.
    tail = len(names) - names.index("lines")
    return head + whole[5:-tail] + zigzag(count) + bytes(tail)


def test_f11_f22_f23_f28_every_metric_equals_the_recount(world: World, outcome: Outcome) -> None:
    wanted = world.wanted()
    assert len(wanted) > 5_000
    assert wrong_windows(outcome, wanted) == []


def test_f28_revisions_are_published_once_and_only_grow(outcome: Outcome) -> None:
    assert wrong_revisions(outcome) == []


def test_windows_before_the_watermark_are_final(outcome: Outcome) -> None:
    checked = 0
    for records in outcome.windows.values():
        last = records[-1]
        assert last["watermark"] is not None
        assert last["final"] == (last["windowEnd"] <= last["watermark"]) or not last["final"]
        checked += last["final"]
    assert checked > 3_000


def test_offsets_name_the_records_behind_a_value(world: World, outcome: Outcome) -> None:
    places: dict[tuple[str, int], list[tuple[str, int, int]]] = defaultdict(list)
    for topic, event, (partition, offset) in world.counted:
        places[topic, event["occurredAt"] // 60_000 * 60_000].append((topic, partition, offset))
    for (metric, dimensions, _, start), records in outcome.windows.items():
        if metric == "events":
            behind: dict[tuple[str, int], list[int]] = defaultdict(list)
            for topic, partition, offset in places[dict(dimensions)["topic"], start]:
                behind[f"{world.lane}.{topic}", partition].append(offset)
            got = {(s["topic"], s["partition"]): (s["firstOffset"], s["lastOffset"]) for s in records[-1]["sourceOffsets"]}
            assert got == {place: (min(offsets), max(offsets)) for place, offsets in behind.items()}


def test_f11_f12_f13_f14_dead_letters_are_whole_and_give_the_reason(world: World, outcome: Outcome) -> None:
    assert wrong_letters(outcome, world.bad) == []


def test_f11_f23_late_rows_are_whole_and_count_nowhere(world: World, outcome: Outcome) -> None:
    assert len(world.late) == 180
    assert wrong_late(outcome, world.late) == []


def test_f28_the_driver_was_killed_five_times_and_came_back_within_a_minute(world: World) -> None:
    assert world.exits == [-9] * len(KILLS) + [0, 0]
    assert max(world.seconds) < RECOVERY_S
    assert "published again" in world.log


def test_the_lane_has_all_its_topics(world: World) -> None:
    assert len(topics_of(world.lane)) == 10
