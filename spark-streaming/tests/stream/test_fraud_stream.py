"""Fraud scores against the real Kafka and registry: a shop's weeks, delivered badly to a process that is killed. What the stream ends
with must be what the batch says, feature by feature, and lead to the right bytes."""

from __future__ import annotations

import dataclasses
import io
import math
import os
import random
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fastavro
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from pyspark.sql import SparkSession

from millrace_streaming.config import read_config
from millrace_streaming.contracts import CLICKS, LABELS, ORDERS, SCORES_TOPIC, in_lane, schema_of
from millrace_streaming.fraud.extract import SOURCES, features, whole_range
from millrace_streaming.fraud.features import NAMES, version
from tests.support import brokers, plain, read_all, register

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
    log: str = ""
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)

    def env(self) -> dict[str, str]:
        small = {"MILLRACE_FRAUD_BATCH": "5s", "MILLRACE_SPARK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1"}
        return {**os.environ, "MILLRACE_LANE": self.name, "MILLRACE_HOME": str(self.home), "MILLRACE_HTTP_PORT": "0", **small, **self.extra}

    def send(self, events: list[tuple[str, Event]]) -> None:
        schemas = {topic: fastavro.parse_schema(plain(schema_of(topic))) for topic in KEYS}
        producer = Producer({"bootstrap.servers": brokers(), "linger.ms": 5})
        for topic, event in events:
            body = io.BytesIO()
            fastavro.schemaless_writer(body, schemas[topic], event)
            value = b"\0" + self.ids[topic].to_bytes(4, "big") + body.getvalue()
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
                found.append(fastavro.schemaless_reader(io.BytesIO(value[5:]), schema, None))  # type: ignore[arg-type]
        consumer.close()
        return found

    def logs(self) -> str:
        return "\n".join(file.read_text()[-3000:] for file in sorted(self.home.glob("log*")))


def final(scores: list[Event]) -> dict[str, Event]:
    """Of each order the highest revision, of equal ones the first."""
    best: dict[str, Event] = {}
    for score in scores:
        if score["orderId"] not in best or score["revision"] > best[score["orderId"]]["revision"]:
            best[score["orderId"]] = score
    return best


@pytest.fixture(scope="module")
def lane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lane]:
    name = f"f{uuid.uuid4().hex[:10]}"
    admin = AdminClient({"bootstrap.servers": brokers()})
    topics = [in_lane(name, topic) for topic in (*SOURCES, SCORES_TOPIC)]
    for future in admin.create_topics([NewTopic(topic, 2, 1) for topic in topics]).values():
        future.result()
    made = Lane(name, tmp_path_factory.mktemp("fraud"), {topic: register(topic, schema_of(topic)) for topic in (*SOURCES, SCORES_TOPIC)})
    yield made
    admin.delete_topics(topics)


@pytest.fixture(scope="module")
def outcome(lane: Lane, spark: SparkSession) -> tuple[dict[str, Event], dict[str, Any], list[Event]]:
    """Half of the weeks; kill -9 while they are scored; the rest; kill -9 again; the end. And the batch over the same topics."""
    events = delivered_badly(shop(1, 1_500), random.Random(2))
    first, rest = events[: len(events) // 2], events[len(events) // 2 :]
    lane.send(first)
    with lane.job():
        lane.scores(lambda found: len(found) > 300)
    with lane.job():
        lane.scores(lambda found: len(final(found)) >= 500)
        lane.send(rest)
        lane.scores(lambda found: len(final(found)) >= 1_000)
    frame = features(
        spark,
        dataclasses.replace(read_config(lane.env()), lane=lane.name),
        whole_range(dataclasses.replace(read_config(lane.env()), lane=lane.name)),
    )
    batch = {row["orderId"]: row.asDict() for row in frame.toLocalIterator()}
    with lane.job() as process:
        known = {name: row["revision"] for name, row in batch.items()}
        scores = lane.scores(lambda found: {o: s["revision"] for o, s in final(found).items()} == known)
        process.terminate()
        assert process.wait(60) == 0, lane.logs()
    return final(scores), batch, scores


def test_every_order_has_one_final_score(outcome: tuple[dict[str, Event], dict[str, Any], list[Event]]) -> None:
    scored, batch, scores = outcome
    assert len(scored) == 1_500 and scored.keys() == batch.keys()
    assert len(scores) > 1_500, "nothing was scored twice: neither kills nor late events were met"
    assert len({s["revision"] for s in scores if s["orderId"] == max(scored, key=lambda o: scored[o]["revision"])}) >= 1


def test_stream_is_batch_row_by_row(outcome: tuple[dict[str, Event], dict[str, Any], list[Event]]) -> None:
    scored, batch, _ = outcome
    wrong = []
    for name, row in batch.items():
        said = scored[name]["features"]
        assert tuple(said) == NAMES
        for feature in NAMES:
            a, b = said[feature], row[feature]
            if (math.nan if a is None else a) != b and not (a is None and math.isnan(b)):
                wrong.append((name, feature, a, b))
    assert not wrong, f"{len(wrong)}: {wrong[:10]}"


def test_a_recount_in_python_agrees(outcome: tuple[dict[str, Event], dict[str, Any], list[Event]]) -> None:
    """Some features counted again by the plainest code there is, from the events themselves."""
    scored, _, _ = outcome
    events = shop(1, 1_500)
    placed = [e for topic, e in events if topic == ORDERS and e["eventType"] == "PLACED"]
    declined = [e for topic, e in events if topic == ORDERS and e["eventType"] == "PAYMENT_DECLINED"]
    known_at = {e["orderId"]: e["occurredAt"] for topic, e in events if topic == LABELS and e["fraud"]}
    clicks = [e for topic, e in events if topic == CLICKS]
    for me in placed:
        at, said = me["occurredAt"], scored[me["orderId"]]["features"]
        week = [e for e in placed if at - 7 * DAY < e["occurredAt"] <= at and e["cardId"] == me["cardId"]]
        assert said["card_orders_7d"] == len(week)
        assert said["card_amount_7d"] == sum(e["totalMinor"] for e in week)
        assert said["card_declines_24h"] == sum(e["cardId"] == me["cardId"] and at - DAY < e["occurredAt"] <= at for e in declined)
        month = [e for e in placed if e["occurredAt"] <= at and e["shippingAddressId"] == me["shippingAddressId"]]
        assert said["address_customers_30d"] == len({e["customerId"] for e in month})
        assert said["address_frauds_30d"] == sum(known_at.get(e["orderId"], math.inf) <= at for e in month)
        visit = [e for e in clicks if me["sessionId"] is not None and e["sessionId"] == me["sessionId"]]
        if visit:
            assert said["session_searches"] == sum(e["eventType"] == "SEARCH" and e["occurredAt"] <= at for e in visit)


def test_evidence_leads_to_the_right_bytes(lane: Lane, outcome: tuple[dict[str, Event], dict[str, Any], list[Event]]) -> None:
    scored, _, _ = outcome
    log = {(m.topic(), m.partition(), m.offset()): m.value() for topic in SOURCES for m in read_all(in_lane(lane.name, topic))}
    schemas = {in_lane(lane.name, topic): fastavro.parse_schema(schema_of(topic)) for topic in SOURCES}
    for name, score in scored.items():
        first = score["evidence"][0]
        assert first["firstOffset"] == first["lastOffset"]
        me: Any = fastavro.schemaless_reader(
            io.BytesIO(log[first["topic"], first["partition"], first["firstOffset"]][5:]), schemas[first["topic"]], None
        )
        assert me["orderId"] == name and me["eventType"] == "PLACED"
        for other in score["evidence"][1:]:
            for offset in range(other["firstOffset"], other["lastOffset"] + 1):
                assert (other["topic"], other["partition"], offset) in log
            if other["topic"].endswith(ORDERS):
                event: Any = fastavro.schemaless_reader(
                    io.BytesIO(log[other["topic"], other["partition"], other["firstOffset"]][5:]), schemas[other["topic"]], None
                )
                shared = ("customerId", "cardId", "deviceId", "ipAddress", "shippingAddressId")
                assert any(event[f] is not None and event[f] == me[f] for f in shared) and event["occurredAt"] <= me["occurredAt"]


def test_a_score_says_what_it_rests_on(outcome: tuple[dict[str, Event], dict[str, Any], list[Event]]) -> None:
    scored, _, _ = outcome
    for score in scored.values():
        assert score["versions"]["features"] == version() and score["versions"]["rules"]
        assert score["degraded"] and score["modelScore"] is None, "no model was there, and nobody said so"
        assert {r["name"] for r in score["reasons"]} == set(score["rulesHit"])
        assert {link["kind"] for link in score["linked"]} >= {"customer", "card", "ip", "address"}


def test_the_state_can_be_made_anew_from_the_topics(lane: Lane, outcome: tuple[dict[str, Event], dict[str, Any], list[Event]]) -> None:
    """Without its journal the job reads the topics again, and an order of today gets the features it would have had."""
    assert outcome
    subprocess.run(
        [sys.executable, "-m", "millrace_streaming.jobs.fraud", "rebuild"], env=lane.env(), check=True, capture_output=True, text=True
    )
    assert not (lane.home / "checkpoints" / lane.name / "fraud" / "state").exists()
    rng = random.Random(9)
    new = order(rng, "new", "PLACED", START_MS + 21 * DAY, 1, 1, 1)
    with lane.job():
        lane.send([(ORDERS, new)])
        found = final(lane.scores(lambda so_far: any(s["orderId"] == "new" for s in so_far)))["new"]
    month = sum(e["cardId"] == new["cardId"] for topic, e in shop(1, 1_500) if topic == ORDERS and e["eventType"] == "PLACED")
    assert found["features"]["card_orders_30d"] == month + 1
