"""Decoding, validation and cells, against fastavro and by hand."""

from __future__ import annotations

import copy
import io
import json
import random
from datetime import datetime, timezone
from typing import Any

import fastavro
import pytest
from pyspark.sql import Row, SparkSession

from millrace_streaming import cells as kinds
from millrace_streaming.contracts import SOURCES, catalogue, schema_of, subject_of
from millrace_streaming.gate import Gate
from millrace_streaming.registry import Registry
from tests import truth
from tests.support import plain

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)
AT = int(NOW.timestamp() * 1000)
SCHEMA = fastavro.parse_schema(plain(schema_of(truth.ORDERS)))
ORDER: dict[str, Any] = {
    "eventId": "e",
    "eventType": "PLACED",
    "occurredAt": AT,
    "orderId": "o1",
    "customerId": "c1",
    "visitorId": "v1",
    "sessionId": "ſ",
    "country": "DE",
    "currency": "EUR",
    "totalMinor": 700,
    "lines": [
        {"productId": "p1", "category": "shirts", "quantity": 2, "unitPriceMinor": 100, "amountMinor": 200},
        {"productId": "p2", "category": "shirts", "quantity": 1, "unitPriceMinor": 500, "amountMinor": 500},
    ],
    "paymentMethod": None,
    "reason": None,
}


class Known(Registry):
    """Knows the schemas it is given; the real one is met in tests/stream."""

    def __init__(self, schemas: dict[str, dict[int, Any]]) -> None:
        super().__init__("")
        self._schemas = schemas

    def versions(self, topic: str) -> dict[int, str]:
        return {schema_id: json.dumps(schema) for schema_id, schema in self._schemas.get(topic, {}).items()}


def encode(event: dict[str, Any], schema: Any = SCHEMA, schema_id: int = 1) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, event)
    return b"\0" + schema_id.to_bytes(4, "big") + out.getvalue()


def run(spark: SparkSession, values: list[bytes | None], schemas: dict[int, Any] | None = None, time: datetime = NOW) -> list[Row]:
    metrics = frozenset(catalogue())
    gate = Gate(spark, "live", metrics, Known({truth.ORDERS: schemas or {1: SCHEMA}}))
    gate.learn(SOURCES.index(truth.ORDERS))
    rows = [(truth.ORDERS, 0, offset, time, bytearray(value) if value is not None else None) for offset, value in enumerate(values)]
    frame = spark.createDataFrame(rows, "topic string, partition int, offset long, timestamp timestamp, value binary")
    return [row for row in gate.cells(frame.coalesce(1)).collect() if row.kind != kinds.READ]


def fates(rows: list[Row]) -> dict[int, str]:
    return {row.lo: row.s1 for row in rows if row.kind == kinds.DEAD}


def test_an_order_becomes_its_cells(spark: SparkSession) -> None:
    found = {(r.kind, r.s1, r.s2, r.s3, r.n, r.a, r.b) for r in run(spark, [encode(ORDER)])}
    assert found == {
        (kinds.ORDER, "DE", "EUR", "PLACED", 1, 700, None),
        (kinds.BUYER, "DE", None, None, 1, None, None),
        (kinds.BOUGHT_SESSION, None, None, None, 1, None, None),
        (kinds.LINE, "shirts", "EUR", "p1", 1, 200, 2),
        (kinds.LINE, "shirts", "EUR", "p2", 1, 500, 1),
        (kinds.ORDER_CATEGORY, "shirts", "EUR", None, 1, None, None),
    }


def test_f22_a_copy_is_a_duplicate_however_often_the_batch_is_asked(spark: SparkSession) -> None:
    for _ in range(2):
        rows = run(spark, [encode(ORDER), encode(ORDER), encode({**ORDER, "eventId": "f"})])
        assert sum(r.n for r in rows if r.kind == kinds.DUPLICATE) == 1
        assert sum(r.n for r in rows if r.kind == kinds.ORDER) == 2


def test_a_bad_first_copy_does_not_hide_a_good_second_one(spark: SparkSession) -> None:
    rows = run(spark, [encode({**ORDER, "totalMinor": -1}), encode(ORDER)])
    assert fates(rows) == {0: "invalid"}
    assert sum(r.n for r in rows if r.kind == kinds.ORDER) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"totalMinor": -1}, "totalMinor: -1 is less than 0"),
        ({"customerId": ""}, "customerId: is shorter than 1"),
        ({"currency": "eur"}, "currency: does not match"),
        ({"lines": [{**ORDER["lines"][0], "quantity": 0}]}, "lines[0].quantity: 0 is less than 1"),
        ({"lines": [{**ORDER["lines"][0], "amountMinor": -5}]}, "lines[0].amountMinor: -5 is less than 0"),
    ],
)
def test_a_broken_rule_names_its_field(spark: SparkSession, change: dict[str, Any], words: str) -> None:
    (row,) = run(spark, [encode({**ORDER, **change})])
    assert (row.kind, row.s1) == (kinds.DEAD, "invalid")
    assert row.s2.startswith(words)


@pytest.mark.parametrize("at", [0, 946_684_799_999, AT + 5 * 60_000 + 1, 4_102_444_800_000])
def test_f11_a_wrong_time_is_set_aside(spark: SparkSession, at: int) -> None:
    assert fates(run(spark, [encode({**ORDER, "occurredAt": at})])) == {0: "event-time"}


def test_a_little_ahead_is_well(spark: SparkSession) -> None:
    assert fates(run(spark, [encode({**ORDER, "occurredAt": AT + 5 * 60_000})])) == {}


def test_every_version_is_read_as_the_contract(spark: SparkSession) -> None:
    older = plain(schema_of(truth.ORDERS))
    older["fields"] = [f for f in older["fields"] if f["name"] not in ("country", "reason", "visitorId", "sessionId")]
    newer = copy.deepcopy(plain(schema_of(truth.ORDERS)))
    newer["fields"].insert(0, {"name": "tags", "type": {"type": "map", "values": ["null", "bytes"]}, "default": {}})
    newer["fields"].insert(
        3,
        {
            "name": "inner",
            "type": {
                "type": "record",
                "name": "Inner",
                "fields": [{"name": "f", "type": "double"}, {"name": "x", "type": {"type": "fixed", "name": "X", "size": 3}}],
            },
        },
    )
    newer["fields"][2]["type"]["symbols"].insert(0, "PACKED")
    values = [
        encode({k: v for k, v in ORDER.items() if k in {f["name"] for f in older["fields"]}}, fastavro.parse_schema(older), 2),
        encode(
            {**ORDER, "eventId": "n", "tags": {"a": b"1", "b": None}, "inner": {"f": 1.5, "x": b"abc"}}, fastavro.parse_schema(newer), 3
        ),
        encode(
            {**ORDER, "eventId": "m", "eventType": "PACKED", "tags": {}, "inner": {"f": 1.5, "x": b"abc"}}, fastavro.parse_schema(newer), 3
        ),
    ]
    rows = run(spark, values, {1: SCHEMA, 2: older, 3: newer})
    assert {(r.s1, r.n) for r in rows if r.kind == kinds.ORDER} == {("unknown", 1), ("DE", 1)}
    assert [(r.kind, r.lo) for r in rows if r.lo == 2] == [(kinds.PLAIN, 2)]


def test_an_unknown_id_waits_for_the_registry(spark: SparkSession) -> None:
    rows = run(spark, [encode(ORDER, SCHEMA, 77)])
    assert [(r.kind, r.h) for r in rows] == [(kinds.PENDING, 77)]
    assert subject_of(truth.ORDERS) == "shop.orders.v1-value"


def oracle(value: bytes) -> bool:
    """Whether fastavro reads the value to its end, as an event within the limits that Node and Spark share."""
    if value[:5] != b"\0\0\0\0\1":
        return False
    body = io.BytesIO(value[5:])
    try:
        event: Any = fastavro.schemaless_reader(body, SCHEMA, None)
    except Exception:
        return False
    numbers = [event["totalMinor"], *(line[f] for line in event["lines"] for f in ("unitPriceMinor", "amountMinor", "quantity"))]
    # fastavro takes a negative index of an enum or union from the end of the list: written again, as long but not the same.
    # A number written longer than it need be is well.
    again = encode(event)
    return body.read() == b"" and (again == value or len(again) < len(value)) and all(abs(n) < 2**53 for n in numbers)


def test_f12_flipped_bits_and_prefixes_decode_wholly_or_are_dead(spark: SparkSession) -> None:
    rng = random.Random(20261120)
    good = encode(ORDER)
    values = [good[:n] for n in range(len(good))]
    for _ in range(3000):
        flipped = bytearray(good)
        flipped[rng.randrange(len(good))] ^= 1 << rng.randrange(8)
        values.append(bytes(flipped))
    rows = run(spark, values)
    dead = fates(rows)
    pending = {offset for offset, value in enumerate(values) if value[:1] == b"\0" and len(value) >= 5 and value[1:5] != b"\0\0\0\1"}
    undecoded = {offset for offset, reason in dead.items() if reason in ("undecodable", "decode-limit")}
    wanted = {offset for offset, value in enumerate(values) if offset not in pending and not _reads(value)}
    assert undecoded == wanted


def _reads(value: bytes) -> bool:
    try:
        return oracle(value)
    except (OverflowError, ValueError, OSError):
        return False


def test_f13_nesting_and_counts_are_bounded(spark: SparkSession) -> None:
    nested = copy.deepcopy(plain(schema_of(truth.ORDERS)))
    node = {"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"], "default": None}]}
    nested["fields"].insert(0, {"name": "chain", "type": ["null", node], "default": None})
    nulls = copy.deepcopy(plain(schema_of(truth.ORDERS)))
    nulls["fields"].insert(0, {"name": "nulls", "type": {"type": "array", "items": "null"}, "default": []})
    values = [b"\0\0\0\0\2" + b"\x02" * 10_000, b"\0\0\0\0\3" + b"\x80\xda\xc4\x09" + b"\0" * 100, b"\0\0\0\0\1" + b"\x80\x80\x80\x80\x10"]
    assert set(fates(run(spark, values, {1: SCHEMA, 2: nested, 3: nulls})).values()) == {"decode-limit"}
