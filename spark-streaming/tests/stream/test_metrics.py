"""The job against the real Kafka and registry: a planted day, delivered badly, to a driver that is killed; every number must be exact."""

from __future__ import annotations

import copy
import io
import os
import random
import subprocess
import sys
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fastavro
import pytest
from confluent_kafka import Consumer, Message, Producer, TopicPartition

from millrace_streaming.contracts import schema_of
from tests import truth
from tests.support import brokers, plain, prepare_lane, register, remove_lane, topics_of, unregister

ZONE = "Europe/Berlin"
# 22:40 to 00:40 in Berlin, so that a day and a month end in the middle.
START_MS = 1_774_989_600_000
Placed = tuple[str, truth.Event, tuple[int, int]]


@dataclass
class World:
    """One lane: what was sent where, and what must come of it."""

    lane: str
    home: Path
    ids: dict[str, int]
    counted: list[Placed] = field(default_factory=list)
    bad: dict[tuple[str, int, int], tuple[str, bytes | None, bytes | None, Any]] = field(default_factory=dict)
    late: set[tuple[str, int, int]] = field(default_factory=set)
    exits: list[int] = field(default_factory=list)
    log: str = ""
    newer_id: int = 0

    def run(self, fault: str = "", **extra: str) -> int:
        """Drains the lane in a process of its own; `fault` kills it there."""
        env = {
            **os.environ,
            "MILLRACE_LANE": self.lane,
            "MILLRACE_HOME": str(self.home),
            "MILLRACE_HTTP_PORT": "0",
            "MILLRACE_SHOP_TIME_ZONE": ZONE,
            "MILLRACE_SPARK_MAX_OFFSETS": "900",
            "MILLRACE_LOG_LEVEL": "debug",
            # The quick compiler alone: five short processes end before the good one pays off.
            "MILLRACE_SPARK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1",
            "MILLRACE_TEST_LAUNCHER": "1",
            "MILLRACE_FAULT_AT": fault,
            **extra,
        }
        command = [sys.executable, "-m", "millrace_streaming.jobs.windowed_metrics", "--available-now"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600, check=False)
        self.log += done.stdout + done.stderr
        self.exits.append(done.returncode)
        return done.returncode

    def send(
        self, topic: str, value: bytes | None, key: bytes | None = b"k", headers: Any = None, timestamp: int = 0
    ) -> tuple[str, int, int]:
        """Sends one record, and says where it is."""
        places: list[tuple[str, int, int]] = []
        producer = Producer({"bootstrap.servers": brokers(), "message.max.bytes": 12_500_000})
        name = f"{self.lane}.{topic}"
        producer.produce(
            name,
            value=value,
            key=key,
            headers=headers,
            timestamp=timestamp,
            on_delivery=lambda _, m: places.append((topic, m.partition(), m.offset())),
        )
        assert producer.flush(30) == 0
        return places[0]

    def send_events(self, events: list[tuple[str, truth.Event]], ids: dict[str, int], schemas: dict[str, Any], count: bool = True) -> None:
        """Sends events in this order; the first of an id is one to be counted."""
        producer = Producer({"bootstrap.servers": brokers(), "linger.ms": 20})
        places: dict[int, tuple[int, int]] = {}

        def remember(i: int) -> Any:
            return lambda error, message: places.__setitem__(i, (message.partition(), message.offset()))

        for i, (topic, event) in enumerate(events):
            key = str(event[truth.KEY[topic]]).encode()
            producer.produce(f"{self.lane}.{topic}", value=wire(ids[topic], schemas[topic], event), key=key, on_delivery=remember(i))
        assert producer.flush(60) == 0
        seen = {(topic, event["eventId"]) for topic, event, _ in self.counted}
        for i, (topic, event) in enumerate(events):
            if count and (topic, event["eventId"]) not in seen:
                seen.add((topic, event["eventId"]))
                self.counted.append((topic, event, places[i]))
            elif not count:
                self.late.add((topic, *places[i]))

    def read(self, topic: str) -> list[Message]:
        """Every committed record of a topic of the lane."""
        consumer = Consumer(
            {
                "bootstrap.servers": brokers(),
                "group.id": uuid.uuid4().hex,
                "enable.partition.eof": True,
                "fetch.message.max.bytes": 13_000_000,
            }
        )
        consumer.assign([TopicPartition(f"{self.lane}.{topic}", p, 0) for p in (0, 1)])
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


def wire(schema_id: int, schema: Any, event: truth.Event) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, event)
    return b"\0" + schema_id.to_bytes(4, "big") + out.getvalue()


def deliver_badly(events: list[tuple[str, truth.Event]], rng: random.Random) -> list[tuple[str, truth.Event]]:
    """Out of order by up to five minutes, and three in ten of them twice or more."""
    timed = [(event["occurredAt"] + rng.randrange(300_000), i) for i, (_, event) in enumerate(events)]
    timed += [(at + rng.randrange(240_000), i) for at, i in timed if rng.random() < 0.3 for _ in range(rng.randint(1, 3))]
    return [events[i] for _, i in sorted(timed)]


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


def live(world: World) -> None:
    """Three kills, then the end of the day: a new schema, lies about the time, garbage, late rows."""
    rng = random.Random(20261120)
    schemas: dict[str, Any] = {topic: fastavro.parse_schema(plain(schema_of(topic))) for topic in truth.KEY}
    world.send_events(deliver_badly(truth.make(1, START_MS, 120, 30), rng), world.ids, schemas)
    for fault in ("before-commit@2", "after-commit@2", "after-publish@2"):
        assert world.run(fault) == -9, world.log
    assert world.run() == 0, world.log

    # A wild past event is honest history; it may move nobody. It is two days ahead of its neighbours.
    wild = truth.make(2, START_MS + 48 * 3_600_000, 1, 1)
    world.send_events(wild, world.ids, schemas)
    newer = copy.deepcopy(plain(schema_of(truth.ORDERS)))
    newer["fields"].insert(1, {"name": "channel", "type": ["null", "string"], "default": None, "doc": "Where it was sold."})
    new_ids = {**world.ids, truth.ORDERS: register(truth.ORDERS, newer)}
    world.newer_id = new_ids[truth.ORDERS]
    more = truth.make(3, START_MS + 121 * 60_000, 40, 30)
    for topic, event in more:
        if topic == truth.ORDERS:
            event["channel"] = "app"
    world.send_events(deliver_badly(more, rng), new_ids, {**schemas, truth.ORDERS: fastavro.parse_schema(newer)})
    plant_garbage(world, schemas)
    world.send_events(truth.make(4, START_MS - 3_600_000, 30, 6), world.ids, schemas, count=False)
    assert world.run() == 0, world.log


def plant_garbage(world: World, schemas: dict[str, Any]) -> None:
    """Records that must reach the dead-letter topic as they are."""
    order = {"eventId": "x", "occurredAt": START_MS, **truth._body(random.Random(1), truth.ORDERS)}
    order["lines"] = [{"productId": "p", "category": None, "quantity": 1, "unitPriceMinor": 1, "amountMinor": 1}]
    good = wire(world.ids[truth.ORDERS], schemas[truth.ORDERS], order)
    head, body = good[:5], good[5:]
    tomorrow = 4_102_444_800_000
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
            wire(world.ids[truth.ORDERS], schemas[truth.ORDERS], {**order, **change})
            for change in ({"totalMinor": -1}, {"customerId": ""}, {"currency": "euro"}, {"lines": [{**order["lines"][0], "quantity": -5}]})
        ],
        "event-time": [
            wire(world.ids[truth.ORDERS], schemas[truth.ORDERS], {**order, "occurredAt": at}) for at in (0, tomorrow, 7_258_118_400_000)
        ],
    }
    headers = [("a", b"1"), ("a", b"2"), ("ce_id", b""), ("bin", b"\xff\x00"), ("none", None)]
    for reason, values in bodies.items():
        for key, value in zip([None, b"", b"k"] * 9, values, strict=False):
            world.bad[world.send(truth.ORDERS, value, key, headers)] = (reason, key, value, headers)


def zigzag(n: int) -> bytes:
    n = (n << 1) ^ (n >> 63)
    out = bytearray()
    while n > 0x7F:
        out.append((n & 0x7F) | 0x80)
        n >>= 7
    return bytes([*out, n])


def bomb(head: bytes, order: truth.Event, count: int) -> bytes:
    """An order whose lines claim to be `count`."""
    schema = fastavro.parse_schema(plain(schema_of(truth.ORDERS)))
    whole = wire(0, schema, {**order, "lines": []})
    return head + whole[5:-3] + zigzag(count) + b"\0\0\0"


def windows(world: World) -> dict[truth.Window, list[dict[str, Any]]]:
    schema = fastavro.parse_schema(schema_of("metrics.windows.v1"))
    found: dict[truth.Window, list[dict[str, Any]]] = defaultdict(list)
    for message in world.read("metrics.windows.v1"):
        value = message.value()
        assert isinstance(value, bytes) and int.from_bytes(value[1:5], "big") == world.ids["metrics.windows.v1"]
        record = fastavro.schemaless_reader(io.BytesIO(value[5:]), schema, None)
        assert message.key() == record["metricKey"].encode()
        start = int(record["windowStart"].timestamp() * 1000)
        found[record["metric"], tuple(sorted(record["dimensions"].items())), record["window"], start].append(record)
    return found


def test_f11_f22_f23_f28_every_metric_equals_the_recount(world: World) -> None:
    found = {key: max(records, key=lambda r: r["revision"]) for key, records in windows(world).items()}
    wanted = truth.Recount(world.counted, ZONE).run()
    assert len(wanted) > 5_000
    assert found.keys() == wanted.keys()
    wrong = []
    for key, (value, count, items) in wanted.items():
        got = found[key]
        same = (got["count"], [(i["key"], i["value"]) for i in got["items"]]) == (count, items)
        if not same or got["value"] != pytest.approx(value, rel=1e-12, abs=0):
            wrong.append((key, (got["value"], got["count"], got["items"]), (value, count, items)))
    assert not wrong, f"{len(wrong)} of {len(wanted)}: {wrong[:5]}"


def test_revisions_are_published_once_and_only_grow(world: World) -> None:
    for key, records in windows(world).items():
        revisions = [record["revision"] for record in records]
        assert revisions == sorted(set(revisions)), key
        assert [r["final"] for r in records[:-1]] == [False] * (len(records) - 1), key
        assert records[-1]["revision"] == records[-1]["count"] + records[-1]["final"]


def test_windows_before_the_watermark_are_final(world: World) -> None:
    checked = 0
    for records in windows(world).values():
        last = records[-1]
        assert last["watermark"] is not None
        assert last["final"] == (last["windowEnd"] <= last["watermark"]) or not last["final"]
        checked += last["final"]
    assert checked > 3_000


def test_offsets_name_the_records_behind_a_value(world: World) -> None:
    places: dict[tuple[str, int], list[tuple[str, int, int]]] = defaultdict(list)
    for topic, event, (partition, offset) in world.counted:
        places[topic, event["occurredAt"] // 60_000 * 60_000].append((topic, partition, offset))
    for (metric, dimensions, _, start), records in windows(world).items():
        if metric == "events":
            behind: dict[tuple[str, int], list[int]] = defaultdict(list)
            for topic, partition, offset in places[dict(dimensions)["topic"], start]:
                behind[f"{world.lane}.{topic}", partition].append(offset)
            got = {(s["topic"], s["partition"]): (s["firstOffset"], s["lastOffset"]) for s in records[-1]["sourceOffsets"]}
            assert got == {place: (min(offsets), max(offsets)) for place, offsets in behind.items()}


def test_f12_f13_f14_dead_letters_are_whole_and_give_the_reason(world: World) -> None:
    found = {}
    for topic in truth.KEY:
        for message in world.read(f"{topic}.metrics.dlq"):
            headers = message.headers() or []
            told = {name: value for name, value in headers if name.startswith("millrace_")}
            place = (topic, int(told["millrace_partition"]), int(told["millrace_offset"]))
            assert place not in found, f"{place} came twice"
            found[place] = (told["millrace_reason"].decode(), message.key(), message.value(), headers[: len(headers) - len(told)])
            assert told["millrace_detail"] and told["millrace_lane"] == world.lane.encode()
    assert {place: entry[0] for place, entry in found.items()} == {place: entry[0] for place, entry in world.bad.items()}
    for place, (reason, key, value, headers) in world.bad.items():
        assert found[place][1:] == (key, value, headers), (place, reason)


def test_f23_late_rows_are_whole_and_count_nowhere(world: World) -> None:
    found = set()
    for message in world.read("metrics.late.v1"):
        told = dict(message.headers() or [])
        assert told["millrace_reason"] == b"late" and int(told["millrace_watermark"]) > 0
        found.add(
            (told["millrace_topic"].decode().removeprefix(f"{world.lane}."), int(told["millrace_partition"]), int(told["millrace_offset"]))
        )
    assert found == world.late


def test_f28_the_driver_was_killed_three_times(world: World) -> None:
    assert world.exits == [-9, -9, -9, 0, 0]
    assert "published again" in world.log


def test_the_lane_has_all_its_topics(world: World) -> None:
    assert len(topics_of(world.lane)) == 10
