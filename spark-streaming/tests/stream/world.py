"""One lane on the real Kafka: what was sent where, what must come of it, and what did."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import time
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fastavro
from confluent_kafka import Message, Producer

from millrace_streaming.contracts import schema_of
from tests import truth
from tests.stream.checks import Outcome, Place, Row, WindowRecord
from tests.support import brokers, plain, read_all

ZONE = "Europe/Berlin"
# 22:40 to 00:40 in Berlin, so that a day and a month end in the middle.
START_MS = 1_774_989_600_000
Placed = tuple[str, truth.Event, tuple[int, int]]
SCHEMAS: dict[str, Any] = {topic: fastavro.parse_schema(plain(schema_of(topic))) for topic in truth.KEY}


@dataclass
class World:
    """What was sent: events to be counted, bad records with the reason of their dead letter, late rows."""

    lane: str
    home: Path
    ids: dict[str, int]
    counted: list[Placed] = field(default_factory=list)
    bad: dict[Place, tuple[str, Row]] = field(default_factory=dict)
    late: dict[Place, Row] = field(default_factory=dict)
    exits: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    log: str = ""
    newer_id: int = 0

    def env(self, **extra: str) -> dict[str, str]:
        return {
            **os.environ,
            "MILLRACE_LANE": self.lane,
            "MILLRACE_HOME": str(self.home),
            "MILLRACE_HTTP_PORT": "0",
            "MILLRACE_SHOP_TIME_ZONE": ZONE,
            **extra,
        }

    def run(self, fault: str = "") -> int:
        """Drains the lane in a process of its own; `fault` kills it there."""
        env = self.env(
            MILLRACE_SPARK_MAX_OFFSETS="600",
            MILLRACE_LOG_LEVEL="debug",
            # The quick compiler alone: short processes end before the good one pays off.
            MILLRACE_SPARK_JAVA_OPTIONS="-XX:TieredStopAtLevel=1",
            MILLRACE_TEST_LAUNCHER="1",
            MILLRACE_FAULT_AT=fault,
        )
        command = [sys.executable, "-m", "millrace_streaming.jobs.windowed_metrics", "--available-now"]
        began = time.monotonic()
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600, check=False)
        self.log += done.stdout + done.stderr
        self.exits.append(done.returncode)
        self.seconds.append(time.monotonic() - began)
        return done.returncode

    def send(self, topic: str, row: Row, reason: str) -> None:
        """Sends one bad record."""
        producer = Producer({"bootstrap.servers": brokers(), "message.max.bytes": 12_500_000})
        place: list[Place] = []
        producer.produce(
            f"{self.lane}.{topic}",
            value=row.value,
            key=row.key,
            headers=row.headers,
            on_delivery=lambda _, m: place.append((topic, m.partition(), m.offset())),
        )
        assert producer.flush(30) == 0
        self.bad[place[0]] = (reason, row)

    def send_events(
        self,
        events: list[tuple[str, truth.Event]],
        ids: dict[str, int] | None = None,
        schemas: dict[str, Any] | None = None,
        late: bool = False,
    ) -> None:
        """Sends events in this order; the first of an id is one to be counted."""
        ids, schemas = ids or self.ids, schemas or SCHEMAS
        producer = Producer({"bootstrap.servers": brokers(), "linger.ms": 20})
        places: dict[int, tuple[int, int]] = {}

        def remember(i: int) -> Any:
            return lambda error, message: places.__setitem__(i, (message.partition(), message.offset()))

        rows = [Row(str(event[truth.KEY[topic]]).encode(), wire(ids[topic], schemas[topic], event), []) for topic, event in events]
        for i, (topic, _) in enumerate(events):
            producer.produce(f"{self.lane}.{topic}", value=rows[i].value, key=rows[i].key, on_delivery=remember(i))
        assert producer.flush(60) == 0
        seen = {(topic, event["eventId"]) for topic, event, _ in self.counted}
        for i, (topic, event) in enumerate(events):
            if late:
                self.late[(topic, *places[i])] = rows[i]
            elif (topic, event["eventId"]) not in seen:
                seen.add((topic, event["eventId"]))
                self.counted.append((topic, event, places[i]))

    def outcome(self) -> Outcome:
        """Everything the job published."""
        found: dict[truth.Window, list[WindowRecord]] = defaultdict(list)
        schema = fastavro.parse_schema(schema_of("metrics.windows.v1"))
        for message in self.read("metrics.windows.v1"):
            value = message.value()
            assert isinstance(value, bytes) and int.from_bytes(value[1:5], "big") == self.ids["metrics.windows.v1"]
            record = fastavro.schemaless_reader(io.BytesIO(value[5:]), schema, None)
            assert message.key() == record["metricKey"].encode()
            start = int(record["windowStart"].timestamp() * 1000)
            found[record["metric"], tuple(sorted(record["dimensions"].items())), record["window"], start].append(record)
        letters = [self._told(message) for topic in truth.KEY for message in self.read(f"{topic}.metrics.dlq")]
        return Outcome(dict(found), letters, [self._told(message) for message in self.read("metrics.late.v1")])

    def wanted(self) -> dict[truth.Window, truth.Value]:
        """Value, count and items of every window, counted again from what was sent."""
        return truth.Recount(self.counted, ZONE).run()

    def _told(self, message: Message) -> tuple[Place, dict[str, str], Row]:
        headers = list(message.headers() or [])
        told = {name: value.decode() for name, value in headers if name.startswith("millrace_") and isinstance(value, bytes)}
        assert told["millrace_lane"] == self.lane
        place = (told["millrace_topic"].removeprefix(f"{self.lane}."), int(told["millrace_partition"]), int(told["millrace_offset"]))
        return place, told, Row(message.key(), message.value(), headers[: len(headers) - len(told)])

    def read(self, topic: str) -> list[Message]:
        """Every committed record of a topic of the lane."""
        return read_all(f"{self.lane}.{topic}")


def wire(schema_id: int, schema: Any, event: truth.Event) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, event)
    return b"\0" + schema_id.to_bytes(4, "big") + out.getvalue()


def deliver_badly(events: list[tuple[str, truth.Event]], rng: random.Random) -> list[tuple[str, truth.Event]]:
    """Out of order by up to five minutes, and three in ten of them twice or more."""
    timed = [(event["occurredAt"] + rng.randrange(300_000), i) for i, (_, event) in enumerate(events)]
    timed += [(at + rng.randrange(240_000), i) for at, i in timed if rng.random() < 0.3 for _ in range(rng.randint(1, 3))]
    return [events[i] for _, i in sorted(timed)]


def wild_events(seed: int, start_ms: int) -> list[tuple[str, truth.Event]]:
    """Two events of each topic, for keys that lie in different partitions, within a minute: too few for anybody to follow them."""
    return [entry for topic in truth.KEY for entry in _one_per_partition(topic, truth.make(seed, start_ms, 1, 60))]


def _one_per_partition(topic: str, events: list[tuple[str, truth.Event]]) -> list[tuple[str, truth.Event]]:
    mine: dict[int, tuple[str, truth.Event]] = {}
    for name, event in events:
        if name == topic:
            # librdkafka's default for a key: CRC32 over the number of partitions.
            mine.setdefault(zlib.crc32(str(event[truth.KEY[topic]]).encode()) % 2, (name, event))
    assert len(mine) == 2
    return list(mine.values())
