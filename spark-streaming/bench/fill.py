"""Fills the topics of a lane fast: bodies from a pool, ids and times fresh. `fill.py LANE orders|mixed COUNT [RATE]`; prints what it sent."""

from __future__ import annotations

import io
import os
import random
import sys
import time
import uuid
from typing import Any

import fastavro
from confluent_kafka import Producer

from millrace_streaming.contracts import CLICKS, FEEDBACK, INVENTORY, ORDERS, in_lane, schema_of

COUNTRIES = ["DE", "FR", "GB", "US", "NL", "ES", "IT", "PL", "SE", "AT"]
CATEGORIES = ["shirts", "shoes", "books", "toys", "garden", "music"]
CLICK_TYPES = ["PAGE_VIEW", "SEARCH", "PRODUCT_VIEW", "PRODUCT_VIEW", "ADD_TO_CART", "CHECKOUT"]
SHARES = [(CLICKS, 0.70), (ORDERS, 0.15), (INVENTORY, 0.12), (FEEDBACK, 0.03)]
HEADERS = [
    ("ce_specversion", b"1.0"),
    ("ce_id", b"0b0a5c66-5f4e-4c55-9a55-6f5a5f4e4c55"),
    ("ce_source", b"/millrace/simulator"),
    ("ce_type", b"io.millrace.Event"),
    ("ce_time", b"2026-11-21T01:00:00.000Z"),
    ("content-type", b"application/avro"),
    ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
]


def event(rng: random.Random, topic: str) -> dict[str, Any]:
    """A valid event of the topic without id and time."""
    product = int(rng.paretovariate(1.1)) % 2000
    common = {"category": CATEGORIES[product % 6], "productId": f"p{product}"}
    if topic == ORDERS:
        lines = [
            {
                "productId": f"p{(product + i) % 2000}",
                "category": CATEGORIES[(product + i) % 6],
                "quantity": 1 + i,
                "unitPriceMinor": 1999,
                "amountMinor": 1999 * (1 + i),
            }
            for i in range(rng.randint(1, 2))
        ]
        visitor = rng.randrange(200_000)
        return {
            "eventType": rng.choice(["PLACED"] * 8 + ["PAID", "REFUNDED"]),
            "orderId": f"o{rng.randrange(10**9)}",
            "customerId": f"c{visitor}",
            "visitorId": f"v{visitor}",
            "sessionId": f"s{visitor}",
            "country": rng.choice(COUNTRIES),
            "currency": "EUR",
            "totalMinor": sum(line["amountMinor"] for line in lines),
            "lines": lines,
            "paymentMethod": "card",
        }
    if topic == CLICKS:
        visitor = rng.randrange(200_000)
        return {
            **common,
            "eventType": rng.choice(CLICK_TYPES),
            "visitorId": f"v{visitor}",
            "sessionId": f"s{visitor}",
            "country": COUNTRIES[visitor % 10],
            "device": "mobile",
            "pageUrl": "/p/" + common["productId"],
        }
    if topic == INVENTORY:
        return {**common, "eventType": "STOCK_LEVEL", "stockLevel": rng.randrange(200), "change": -1, "reorderPoint": 20, "reason": "sale"}
    return {**common, "eventType": "RATED", "rating": rng.randint(1, 5), "customerId": f"c{rng.randrange(9999)}"}


def varint(n: int) -> bytes:
    """Zigzag varint."""
    n = (n << 1) ^ (n >> 63)
    out = bytearray()
    while n > 0x7F:
        out.append((n & 0x7F) | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def pool(topic: str, size: int, seed: int) -> list[tuple[bytes, bytes, bytes]]:
    """Key, event type byte and the body after the time."""
    rng = random.Random(seed)
    schema = fastavro.parse_schema(schema_of(topic))
    made = []
    for _ in range(size):
        record = {"eventId": "", "occurredAt": 0, **event(rng, topic)}
        body = io.BytesIO()
        fastavro.schemaless_writer(body, schema, record)
        raw = body.getvalue()
        key = record.get("customerId" if topic == ORDERS else "visitorId" if topic == CLICKS else "productId")
        made.append((str(key).encode(), raw[1:2], raw[3:]))
    return made


def fill(lane: str, kind: str, count: int, ids: dict[str, int], rate: float = 0) -> dict[str, int]:
    """Sends `count` events, 1,000 of event time per second or at `rate` in real time. Returns how many by topic."""
    producer = Producer(
        {
            "bootstrap.servers": os.environ["MILLRACE_KAFKA_BROKERS"],
            "linger.ms": 20 if not rate else 1,
            "batch.size": 262144,
            "queue.buffering.max.messages": 500_000,
            "compression.type": "lz4",
        }
    )
    pools = {topic: pool(topic, 20_000, 7) for topic, _ in SHARES}
    rng = random.Random(11)
    topics = [ORDERS] * 100 if kind == "orders" else [t for t, share in SHARES for _ in range(round(share * 100))]
    headers = None if kind == "orders" else HEADERS
    sent = dict.fromkeys(pools, 0)
    start = int(time.time() * 1000) - (0 if rate else count)
    began = time.monotonic()
    for i in range(count):
        topic = topics[rng.randrange(100)]
        key, kind_byte, rest = pools[topic][rng.randrange(20_000)]
        now = int(time.time() * 1000) if rate else start + i
        value = (
            b"\0"
            + ids[topic].to_bytes(4, "big")
            + b"\x40"
            + uuid.UUID(int=rng.getrandbits(128)).hex.encode()
            + kind_byte
            + varint(now)
            + rest
        )
        while True:
            try:
                producer.produce(in_lane(lane, topic), value=value, key=key, headers=headers)
                break
            except BufferError:
                producer.poll(0.05)
        sent[topic] += 1
        if i % 1000 == 0 or rate:
            producer.poll(0)
        if rate and (ahead := (i + 1) / rate - (time.monotonic() - began)) > 0.002:
            time.sleep(ahead)
    producer.flush()
    return sent


if __name__ == "__main__":
    from tests.support import prepare_lane

    lane_name, what, amount = sys.argv[1], sys.argv[2], int(sys.argv[3])
    print(fill(lane_name, what, amount, prepare_lane(lane_name), float(sys.argv[4]) if len(sys.argv) > 4 else 0))
