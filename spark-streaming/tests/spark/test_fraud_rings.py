"""Fraud rings over a planted graph, against a union-find in plain Python. Schemas come over HTTP, as from the registry; Kafka is not needed."""

from __future__ import annotations

import dataclasses
import io
import json
import random
import threading
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import fastavro
import pytest
from pyspark.sql import SparkSession

from millrace_streaming.config import Config, read_config
from millrace_streaming.contracts import LABELS, ORDERS, schema_of
from millrace_streaming.fraud.rings import RingsError, as_table, compute
from tests.support import plain

Event = dict[str, Any]
IDS = {ORDERS: 1, LABELS: 2}
NOW = 1_790_000_000_000
HOUR = 3_600_000
DAY = 24 * HOUR
FIELDS = {"card": "cardId", "device": "deviceId", "address": "shippingAddressId"}
MOST_SHARED = 12
SCHEMA = "topic string, partition int, offset long, timestamp timestamp, value binary"


@pytest.fixture(scope="module")
def config() -> Iterator[Config]:
    """Settings whose registry has the two contracts."""
    answers = {f"/schemas/ids/{number}": json.dumps({"schema": json.dumps(plain(schema_of(topic)))}) for topic, number in IDS.items()}

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answers[self.path].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield dataclasses.replace(read_config(), lane="live", registry_url=f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


class Shop:
    """Orders and labels in the order of their making."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Event]] = []

    def order(self, customer: str, card: str | None = None, device: str | None = None, address: str | None = None, **given: Any) -> str:
        name = f"o{len(self.events)}"
        empty = {f["name"]: None for f in schema_of(ORDERS)["fields"] if isinstance(f["type"], list)}
        event = {
            **empty,
            "eventId": f"e-{name}",
            "eventType": "PLACED",
            "occurredAt": NOW - len(self.events),
            "orderId": name,
            "customerId": customer,
            "currency": "EUR",
            "totalMinor": 1_000,
            "lines": [],
            "cardId": card,
            "deviceId": device,
            "shippingAddressId": address,
        }
        self.events.append((ORDERS, {**event, **given}))
        return name

    def label(self, order: str, fraud: bool, kind: str = "CHARGEBACK", at: int = NOW) -> None:
        empty = {f["name"]: None for f in schema_of(LABELS)["fields"] if isinstance(f["type"], list)}
        event = {**empty, "eventId": f"l{len(self.events)}", "eventType": kind, "occurredAt": at, "orderId": order, "fraud": fraud}
        self.events.append((LABELS, event))

    def placed(self) -> list[Event]:
        return [event for topic, event in self.events if topic == ORDERS and event["eventType"] == "PLACED"]

    def records(self) -> list[tuple[str, int, int, datetime, bytes]]:
        schemas = {topic: fastavro.parse_schema(plain(schema_of(topic))) for topic in IDS}
        rows = []
        for offset, (topic, event) in enumerate(self.events):
            body = io.BytesIO()
            fastavro.schemaless_writer(body, schemas[topic], event)
            rows.append(
                (
                    topic,
                    offset % 2,
                    offset,
                    datetime.fromtimestamp(NOW / 1000, timezone.utc),
                    b"\0" + IDS[topic].to_bytes(4, "big") + body.getvalue(),
                )
            )
        return rows


def rings_of(spark: SparkSession, config: Config, shop: Shop, least: int = 3, days: int = 30) -> Event:
    frame = spark.createDataFrame(shop.records(), SCHEMA)
    return compute(spark, config, frame, (days, least, MOST_SHARED))


def components(placed: list[Event], least: int) -> tuple[set[frozenset[str]], dict[str, int]]:
    """Customers by component, and hubs by kind: with nothing but a union-find."""
    sharers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for event in placed:
        for kind, field in FIELDS.items():
            if event[field] is not None:
                sharers[kind, event[field]].add(event["customerId"])
    parent: dict[str, str] = {event["customerId"]: event["customerId"] for event in placed}

    def root(of: str) -> str:
        while parent[of] != of:
            of = parent[of]
        return of

    hubs = dict.fromkeys(FIELDS, 0)
    for (kind, _), customers in sharers.items():
        if len(customers) > MOST_SHARED:
            hubs[kind] += 1
            continue
        first, *rest = customers
        for other in rest:
            parent[root(other)] = root(first)
    found: dict[str, set[str]] = defaultdict(set)
    for customer in parent:
        found[root(customer)].add(customer)
    return {frozenset(customers) for customers in found.values() if len(customers) >= least}, hubs


def by_customer(report: Event) -> dict[str, Event]:
    return {customer["id"]: ring for ring in report["rings"] for customer in ring["customers"]["ids"]}


@pytest.fixture(scope="module")
def planted() -> Shop:
    """Two rings, a household, a hub, a chain, and people who share nothing."""
    shop = Shop()
    for n in range(12):  # six accounts, three cards and two devices that go round; most of it charged back
        order = shop.order(f"ring{n % 6}", f"ringcard{n % 3}", f"ringdevice{n % 2}", f"ringhome{n % 4}")
        if n % 4:
            shop.label(order, True)
    for n in range(5):  # one card for five; nobody has said anything yet
        shop.order(f"quiet{n}", "quietcard", f"quietdevice{n}", f"quiethome{n}", currency="CHF", totalMinor=500)
    for n in range(4):  # one home, a card and a phone each
        shop.order(f"family{n}", f"familycard{n}", f"familydevice{n}", "familyhome")
    for n in range(MOST_SHARED + 1):
        shop.order(f"locker{n}", f"lockercard{n}", None, "locker")
    for n in range(MOST_SHARED):  # as many as may share
        shop.order(f"flat{n}", None, None, "flats")
    for n in range(150):
        shop.order(f"chain{n:03}", f"chaincard{n}", None, None)
        shop.order(f"chain{n:03}", f"chaincard{n + 1}", None, None)
    for n in range(50):
        shop.order(f"alone{n}", f"alonecard{n}", f"alonedevice{n}", f"alonehome{n}")
    shop.order("alone0", "alonecard1")  # two of them are one short of a ring
    shop.order("alone2", "familycard0", occurredAt=NOW - 31 * DAY)  # before the range
    shop.order("alone3", "familycard0", eventType="PAID")
    shop.order("alone4", "familycard0", eventType="PAYMENT_DECLINED")
    return shop


@pytest.fixture(scope="module")
def report(spark: SparkSession, config: Config, planted: Shop) -> Event:
    return rings_of(spark, config, planted)


def in_range(shop: Shop) -> list[Event]:
    return [event for event in shop.placed() if event["occurredAt"] > NOW - 30 * DAY]


def test_the_components_are_those_of_a_union_find(report: Event, planted: Shop) -> None:
    expected, hubs = components(in_range(planted), 3)
    assert {len(customers) for customers in expected} == {6, 5, 4, MOST_SHARED, 150}
    assert report["found"] == len(report["rings"]) == len(expected)
    assert {ring["customers"]["count"] for ring in report["rings"]} == {len(customers) for customers in expected}
    small = {frozenset(c["id"] for c in ring["customers"]["ids"]) for ring in report["rings"] if ring["customers"]["count"] <= 100}
    assert small == {customers for customers in expected if len(customers) <= 100}
    assert report["hubs"] == hubs == {"card": 0, "device": 0, "address": 1}
    assert report["orders"] == len(in_range(planted)) and report["until"] == NOW and report["since"] == NOW - 30 * DAY


def test_a_ring_tells_its_orders_money_things_and_labels(report: Event) -> None:
    rings = by_customer(report)
    ring, quiet = rings["ring0"], rings["quiet0"]
    assert (ring["orders"], ring["frauds"], ring["amounts"]) == (12, 9, [{"currency": "EUR", "minor": 12_000}])
    assert (quiet["orders"], quiet["frauds"], quiet["amounts"]) == (5, 0, [{"currency": "CHF", "minor": 2_500}])
    assert {kind: (t["count"], t["shared"]) for kind, t in ring["things"].items()} == {"card": (3, 3), "device": (2, 2), "address": (4, 4)}
    assert {kind: (t["count"], t["shared"]) for kind, t in quiet["things"].items()} == {"card": (1, 1), "device": (5, 0), "address": (5, 0)}
    assert quiet["things"]["card"]["ids"] == [{"id": "quietcard", "customers": 5, "orders": 5}]
    assert quiet["linkCount"] == len(quiet["links"]) == 5 and {link["kind"] for link in quiet["links"]} == {"card"}
    assert quiet["lastAt"] - quiet["firstAt"] == 4
    for link in ring["links"]:
        assert link["customer"] < 6 and link["thing"] < len(ring["things"][link["kind"]]["ids"]) and link["orders"] > 0


def test_the_most_suspicious_comes_first_and_a_household_is_none(report: Event) -> None:
    rings = by_customer(report)
    order = [rings[who]["rank"] for who in ("ring0", "quiet0", "family0")]
    assert order == sorted(order) and order[0] == 1
    assert rings["family0"]["sharing"] == 1 < rings["quiet0"]["sharing"] < rings["ring0"]["sharing"]
    assert [ring["rank"] for ring in report["rings"]] == list(range(1, len(report["rings"]) + 1))


def test_ids_stay_and_repeated_records_count_once(spark: SparkSession, config: Config, planted: Shop, report: Event) -> None:
    twice = Shop()
    twice.events = [*planted.events, *random.Random(1).sample(planted.events, 100)]
    assert rings_of(spark, config, twice)["rings"] == report["rings"]
    grown = Shop()
    grown.events = list(planted.events)
    grown.order("zoe", "quietcard")
    assert by_customer(rings_of(spark, config, grown))["zoe"]["id"] == by_customer(report)["quiet0"]["id"]


def test_of_each_kind_the_latest_label_stands(spark: SparkSession, config: Config) -> None:
    shop = Shop()
    orders = [shop.order(f"c{n}", "card") for n in range(4)]
    shop.label(orders[0], True, "VERDICT", NOW - HOUR)
    shop.label(orders[0], False, "VERDICT", NOW)
    shop.label(orders[1], True, "CHARGEBACK", NOW - HOUR)
    shop.label(orders[1], False, "VERDICT", NOW)
    shop.label("another", True)
    (ring,) = rings_of(spark, config, shop)["rings"]
    assert ring["frauds"] == 1
    assert next((c["id"], c["frauds"]) for c in ring["customers"]["ids"]) == ("c1", 1)


def test_what_is_left_out_is_said(spark: SparkSession, config: Config, report: Event) -> None:
    chain = next(ring for ring in report["rings"] if ring["customers"]["count"] == 150)
    assert len(chain["customers"]["ids"]) == 100 and chain["things"]["card"]["count"] == 151 and len(chain["things"]["card"]["ids"]) == 100
    assert chain["linkCount"] == 298 and len(chain["links"]) < 298
    many = Shop()
    for n in range(230):
        for customer in range(3):
            many.order(f"c{n}.{customer}", f"card{n}")
    found = rings_of(spark, config, many)
    assert (found["found"], len(found["rings"])) == (230, 200)
    assert "30 are left out" in as_table(found)


@pytest.mark.parametrize("seed", range(3))
def test_any_graph_has_the_components_of_a_union_find(spark: SparkSession, config: Config, seed: int) -> None:
    rng = random.Random(seed)
    shop = Shop()
    for _ in range(400):
        some = {kind: f"{kind}{rng.randrange(250)}" if rng.random() < 0.6 else None for kind in FIELDS}
        shop.order(f"c{rng.randrange(300)}", some["card"], some["device"], "home" if rng.random() < 0.1 else some["address"])
    expected, hubs = components(shop.placed(), 2)
    found = rings_of(spark, config, shop, least=2)
    assert sorted(ring["customers"]["count"] for ring in found["rings"]) == sorted(map(len, expected)) and found["hubs"] == hubs
    assert found["found"] == len(expected)


def test_no_orders_are_an_error_that_says_so(spark: SparkSession, config: Config) -> None:
    shop = Shop()
    shop.order("c", eventType="PAID")
    with pytest.raises(RingsError, match="no order placed"):
        rings_of(spark, config, shop)
