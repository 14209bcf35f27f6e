"""Everything the JVM helper must know to make cells of records, as one JSON."""

from __future__ import annotations

import json

from pyspark.sql.types import ArrayType, DataType, IntegerType, LongType, StringType, StructField, StructType

from .. import cells as kinds
from ..contracts import CLICKS, FEEDBACK, INVENTORY, ORDERS, SOURCES
from . import ratings, sales, stock, traffic
from .cell import CellSpec

EARLIEST_MS = 946_684_800_000
"""2000-01-01: nothing honest is older."""
AHEAD_MS = 5 * 60_000
"""How far an event may be ahead of the broker, or of the clock where that is behind."""

_TYPES: dict[str, DataType] = {
    "occurredAt": LongType(),
    "totalMinor": LongType(),
    "stockLevel": LongType(),
    "change": LongType(),
    "reorderPoint": LongType(),
    "rating": IntegerType(),
    "lines[].quantity": IntegerType(),
    "lines[].amountMinor": LongType(),
}
"""Fields that are no text; equal names have equal types in the contracts."""


def cells_of(metrics: frozenset[str]) -> dict[str, list[CellSpec]]:
    """By source topic, what an event of it adds to these metrics."""
    return {
        ORDERS: sales.orders(metrics) + traffic.buyers(metrics),
        CLICKS: traffic.clicks(metrics),
        INVENTORY: stock.inventory(metrics),
        FEEDBACK: ratings.feedback(metrics),
    }


def event_type(specs: list[CellSpec]) -> StructType:
    """The fields that these cells read, and the id and time of every event: nothing else is built while decoding."""
    names = {"eventId", "eventType", "occurredAt"}
    for spec in specs:
        names |= {only.field for only in spec.when} | {text.field for text in spec.texts} | ({spec.entity} if spec.entity else set())
        names |= {total.field for total in spec.sums} | {only.field for total in spec.sums for only in total.when}
    items: dict[str, list[StructField]] = {}
    fields = []
    for name in sorted(names):
        of, _, item = name.rpartition("[].")
        field = StructField(item if of else name, _TYPES.get(name, StringType()))
        items.setdefault(of, []).append(field) if of else fields.append(field)
    fields += [StructField(of, ArrayType(StructType(inner))) for of, inner in items.items()]
    return StructType(fields)


def plan_json(metrics: frozenset[str]) -> str:
    """Read by Plan in Cells.scala."""
    cells = cells_of(metrics)
    named = {"read": kinds.READ, "plain": kinds.PLAIN, "dead": kinds.DEAD, "late": kinds.LATE}
    named |= {"duplicate": kinds.DUPLICATE, "pending": kinds.PENDING}
    plan = {
        "event": event_type([spec for specs in cells.values() for spec in specs]).jsonValue(),
        "kinds": named,
        "earliestMs": EARLIEST_MS,
        "aheadMs": AHEAD_MS,
        "topics": [[spec.as_data() for spec in cells[topic]] for topic in SOURCES],
    }
    return json.dumps(plan)
