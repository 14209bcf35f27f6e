"""A fraud lane on the real Kafka and registry: a shop's events, the scoring process, and the scores it writes."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import fastavro
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from millrace_streaming.config import read_config
from millrace_streaming.contracts import CLICKS, LABELS, ORDERS, SCORES_TOPIC, in_lane, schema_of
from millrace_streaming.fraud.extract import SOURCES
from millrace_streaming.fraud.stream import committed_offsets
from tests.stream.world import wire
from tests.support import brokers, plain, register, until

START_MS = 1_790_000_000_000
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
Event = dict[str, Any]
KEYS = {ORDERS: "customerId", CLICKS: "visitorId", LABELS: "orderId"}


def shop(seed: int, orders: int) -> list[tuple[str, Event]]:
    """Orders over three weeks by few customers, cards, devices and lines, so that they meet; visits before them, labels after."""
    rng = random.Random(seed)
    out: list[tuple[str, Event]] = []
    for n in range(orders):
        at = START_MS + rng.randrange(21 * DAY)
        customer = rng.randrange(orders // 6)
        # Some share card, device and line with strangers; some have none.
        card, device = (customer if rng.random() < 0.8 else rng.randrange(20)), (customer if rng.random() < 0.7 else rng.randrange(10))
        placed = order(rng, f"o{n}", "PLACED", at, customer, card, device)
        visit = placed["sessionId"]
        out.append((ORDERS, placed))
        if rng.random() < 0.15:
            out.append((ORDERS, {**placed, "eventId": f"d{n}", "eventType": "PAYMENT_DECLINED", "occurredAt": at + rng.randrange(MINUTE)}))
        if rng.random() < 0.1:
            out.append((ORDERS, {**placed, "eventId": f"r{n}", "eventType": "REFUNDED", "occurredAt": at + rng.randrange(5 * DAY)}))
        if visit is not None:
            for c in range(rng.randrange(6)):
                kind = rng.choice(["PAGE_VIEW", "PRODUCT_VIEW", "SEARCH", "ADD_TO_CART", "REMOVE_FROM_CART"])
                out.append((CLICKS, click(f"c{n}.{c}", kind, at - rng.randrange(20 * MINUTE), customer, visit)))
        if rng.random() < 0.1:
            out.append((LABELS, label(f"l{n}", f"o{n}", at + rng.randrange(10 * DAY), True)))
        elif rng.random() < 0.05:
            out.append((LABELS, label(f"v{n}", f"o{n}", at + rng.randrange(DAY), False)))
    return sorted(out, key=lambda item: int(item[1]["occurredAt"]))


def order(rng: random.Random, name: str, kind: str, at: int, customer: int, card: int, device: int) -> Event:
    lines = [
        {
            "productId": f"p{rng.randrange(30)}",
            "category": None,
            "quantity": rng.randint(1, 3),
            "unitPriceMinor": price,
            "amountMinor": price,
        }
        for price in (rng.randint(100, 20_000) for _ in range(rng.randint(1, 3)))
    ]
    return {
        "eventId": f"e-{name}",
        "eventType": kind,
        "occurredAt": at,
        "orderId": name,
        "customerId": f"k{customer}",
        "visitorId": f"v{customer}",
        "sessionId": f"s-{name}" if rng.random() < 0.8 else None,
        "country": rng.choice(["DE", "FR", None]),
        "currency": "EUR",
        "totalMinor": sum(line["amountMinor"] for line in lines),
        "lines": lines,
        "paymentMethod": "card",
        "reason": None,
        "deviceId": f"dev{device}" if rng.random() < 0.9 else None,
        "ipAddress": f"10.0.0.{rng.randrange(60)}",
        "ipCountry": rng.choice(["DE", "FR", "PL"]),
        "emailDomain": rng.choice(["a.example", "b.example", "c.example"]),
        "accountCreatedAt": START_MS - rng.randrange(400 * DAY) if rng.random() < 0.9 else None,
        "cardId": f"card{card}",
        "cardCountry": rng.choice(["DE", "US"]),
        "cardFunding": rng.choice(["credit", "prepaid"]),
        "billingAddressId": f"a{customer}",
        "billingCountry": "DE",
        "shippingAddressId": f"a{customer if rng.random() < 0.8 else rng.randrange(8)}",
        "promoCode": rng.choice([None, "WELCOME"]),
        "discountMinor": rng.choice([None, 500]),
    }


def click(name: str, kind: str, at: int, customer: int, visit: str) -> Event:
    empty = {f["name"]: None for f in schema_of(CLICKS)["fields"] if isinstance(f["type"], list)}
    return {**empty, "eventId": name, "eventType": kind, "occurredAt": at, "visitorId": f"v{customer}", "sessionId": visit}


def label(name: str, of: str, at: int, fraud: bool) -> Event:
    empty = {f["name"]: None for f in schema_of(LABELS)["fields"] if isinstance(f["type"], list)}
    return {**empty, "eventId": name, "eventType": "CHARGEBACK", "occurredAt": at, "orderId": of, "fraud": fraud}


def delivered_badly(events: list[tuple[str, Event]], rng: random.Random) -> list[tuple[str, Event]]:
    """Neighbours change places, some come minutes late, some twice."""
    keyed = []
    for topic, event in events:
        at = event["occurredAt"] + rng.randrange(2_000) + (rng.randrange(9 * MINUTE) if rng.random() < 0.05 else 0)
        keyed.append((at, topic, event))
        if rng.random() < 0.05:
            keyed.append((at + rng.randrange(HOUR), topic, event))
    return [(topic, event) for _, topic, event in sorted(keyed, key=lambda item: item[0])]


@dataclass
class Lane:
    name: str
    home: Path
    ids: dict[str, int]
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)

    def env(self) -> dict[str, str]:
        small = {"MILLRACE_FRAUD_BATCH": "5s", "MILLRACE_SPARK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1"}
        return {**os.environ, "MILLRACE_LANE": self.name, "MILLRACE_HOME": str(self.home), "MILLRACE_HTTP_PORT": "0", **small, **self.extra}

    def send(self, events: list[tuple[str, Event]]) -> None:
        schemas = {topic: fastavro.parse_schema(plain(schema_of(topic))) for topic in KEYS}
        producer = Producer({"bootstrap.servers": brokers(), "linger.ms": 5})
        for topic, event in events:
            value = wire(self.ids[topic], schemas[topic], event)
            producer.produce(in_lane(self.name, topic), value=value, key=str(event[KEYS[topic]]).encode())
            producer.poll(0)
        assert producer.flush(60) == 0

    @contextmanager
    def job(self) -> Iterator[subprocess.Popen[str]]:
        """The scoring process; killed at the end unless it has ended."""
        log = (self.home / f"log{len(self.processes)}").open("w+")
        process = subprocess.Popen(
            [sys.executable, "-m", "millrace_streaming.jobs.fraud_scores"], env=self.env(), stdout=log, stderr=subprocess.STDOUT, text=True
        )
        self.processes.append(process)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(60)

    def scores(self, until: Any) -> list[Event]:
        """Reads scores as they come until `until(all so far)` holds."""
        schema = fastavro.parse_schema(schema_of(SCORES_TOPIC))
        consumer = Consumer({"bootstrap.servers": brokers(), "group.id": uuid.uuid4().hex, "fetch.wait.max.ms": 50})
        topic = in_lane(self.name, SCORES_TOPIC)
        consumer.assign([TopicPartition(topic, p, 0) for p in (0, 1)])
        found: list[Event] = []
        waited = 0
        while not until(found):
            messages = consumer.consume(1000, 1.0)
            waited = 0 if messages else waited + 1
            assert self.processes[-1].poll() is None, self.logs()
            assert waited < 300, f"{len(found)} scores and no more:\n{self.logs()}"
            for message in messages:
                value = message.value()
                assert message.error() is None and isinstance(value, bytes)
                found.append(cast(Event, fastavro.schemaless_reader(io.BytesIO(value[5:]), schema, None)))
        consumer.close()
        return found

    def refusal(self) -> str:
        """What the job says is to be done, when it will not start."""
        with self.job() as process:
            assert process.wait(120) == 1, self.logs()
        last = (self.home / f"log{len(self.processes) - 1}").read_text().splitlines()[-1]
        return last.partition("; ")[2]

    def until_committed(self, records: int) -> None:
        """Waits until the checkpoint says that so many records were scored."""
        query = read_config(self.env()).fraud_checkpoint / "query"
        self._until(lambda: sum(sum(topic.values()) for topic in committed_offsets(query).values()) >= records, "the checkpoint")

    def until_journalled(self, name: str, blocks: int) -> None:
        """Waits until the journal holds so many blocks of that name on disk."""
        folder = read_config(self.env()).fraud_checkpoint / "state"
        self._until(lambda: sum(file.read_bytes().count(b"MILL") for file in folder.glob(f"{name}-*")) >= blocks, "the journal's blocks")

    def _until(self, holds: Callable[[], bool], what: str) -> None:
        def looked() -> bool:
            assert self.processes[-1].poll() is None, self.logs()
            return holds()

        until(looked, what)

    def logs(self) -> str:
        return "\n".join(file.read_text()[-3000:] for file in sorted(self.home.glob("log*")))


def final(scores: list[Event]) -> dict[str, Event]:
    """Of each order the highest revision, of equal ones the first."""
    best: dict[str, Event] = {}
    for score in scores:
        if score["orderId"] not in best or score["revision"] > best[score["orderId"]]["revision"]:
            best[score["orderId"]] = score
    return best


@contextmanager
def fraud_lane(home: Path) -> Iterator[Lane]:
    """A lane with topics and contracts of its own, deleted afterwards."""
    name = f"f{uuid.uuid4().hex[:10]}"
    admin = AdminClient({"bootstrap.servers": brokers()})
    topics = [in_lane(name, topic) for topic in (*SOURCES, SCORES_TOPIC)]
    for future in admin.create_topics([NewTopic(topic, 2, 1) for topic in topics]).values():
        future.result()
    yield Lane(name, home, {topic: register(topic, schema_of(topic)) for topic in (*SOURCES, SCORES_TOPIC)})
    admin.delete_topics(topics)
