"""From raw records to cells: decode, judge, spread. The only place that knows the order of these steps."""

from __future__ import annotations

import json

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, IntegerType, LongType, StringType, StructField, StructType

from .. import cells as kinds
from ..contracts import CLICKS, FEEDBACK, INVENTORY, ORDERS, SOURCES
from . import ratings, sales, stock, traffic
from .cell import Call, cell
from .validation import event_time_fault

_LINE = StructType(
    [
        StructField("productId", StringType()),
        StructField("category", StringType()),
        StructField("quantity", IntegerType()),
        StructField("amountMinor", LongType()),
    ]
)
_TEXT = ("eventId", "eventType")
_FIELDS = {
    "visitorId": StringType(),
    "sessionId": StringType(),
    "country": StringType(),
    "category": StringType(),
    "productId": StringType(),
    "currency": StringType(),
    "reason": StringType(),
    "totalMinor": LongType(),
    "stockLevel": LongType(),
    "change": LongType(),
    "reorderPoint": LongType(),
    "rating": IntegerType(),
    "lines": ArrayType(_LINE),
}


def event_type(metrics: frozenset[str]) -> StructType:
    """Fields of any source topic that these metrics read; equal names have equal types in the contracts."""
    wanted = set(_FIELDS)
    if not sales.needs_lines(metrics):
        wanted.discard("lines")
    if not metrics & (traffic.BY_VISITOR | {"cart_abandonment"}):
        wanted -= {"visitorId", "sessionId"}
    if not metrics & stock.METRICS:
        wanted -= {"productId", "reason", "stockLevel", "change", "reorderPoint"}
    fields = [StructField(name, StringType()) for name in _TEXT]
    fields.append(StructField("occurredAt", LongType()))
    fields += [StructField(name, kind) for name, kind in _FIELDS.items() if name in wanted]
    return StructType(fields)


def decoded_type(metrics: frozenset[str]) -> StructType:
    """What the helper's `decode` returns."""
    head = [StructField("t", IntegerType(), False), StructField("status", StringType()), StructField("detail", StringType())]
    return StructType([*head, StructField("schemaId", IntegerType(), False), *event_type(metrics).fields])


def to_cells(records: DataFrame, metrics: frozenset[str], call: Call) -> DataFrame:
    """Columns t (topic code), p (partition), o (offset), minute, then the FIELDS of one cell per row. Needs a source of Kafka's columns."""
    decoded = call("decode", decoded_type(metrics).json(), [F.col("topic"), F.col("value")])
    events = records.select("partition", "offset", F.unix_millis("timestamp").alias("time"), decoded.alias("e")).select(
        "partition", "offset", "time", "e.*"
    )
    fault = event_time_fault(F.col("occurredAt"), F.col("time"), F.unix_millis(F.current_timestamp()))
    judged = events.withColumns({"fault": F.when(F.col("status").isNull(), fault), "minute": F.floor(F.col("occurredAt") / 60_000)})
    # Only a whole event may be remembered by its id: a bad first copy must not hide a good second one.
    arguments = [F.col("t"), F.col("partition"), F.col("offset"), F.col("eventId"), F.col("minute")]
    whole = F.col("status").isNull() & F.col("fault").isNull()
    verdict = F.when(whole, call("admit", '"integer"', arguments)).otherwise(-1)
    place = (F.col("t"), F.col("partition").alias("p"), F.col("offset").alias("o"))
    minute = F.when(F.col("verdict") == 0, F.col("minute")).otherwise(0).alias("minute")
    spread = (
        judged.withColumn("verdict", verdict)
        .withColumn("cells", _cells(metrics, call))
        .select(*place, minute, F.explode("cells").alias("cell"))
    )
    return spread.where(F.col("cell").isNotNull()).select("t", "p", "o", "minute", "cell.*")


def _cells(metrics: frozenset[str], call: Call) -> Column:
    plain = cell(kinds.PLAIN)

    def spread(primary: Column | None, others: list[Column]) -> Column:
        return F.array(primary if primary is not None else plain, *others)

    orders = spread(sales.primary(metrics), traffic.buyers(metrics))
    lines = sales.lines(metrics, call)
    if lines is not None:
        orders = F.when(F.col("eventType") == "PLACED", F.concat(orders, lines)).otherwise(orders)
    by_topic = {
        ORDERS: orders,
        CLICKS: spread(traffic.primary(metrics), traffic.clicks(metrics)),
        INVENTORY: spread(stock.primary(metrics), []),
        FEEDBACK: spread(ratings.primary(metrics), []),
    }
    code, verdict = F.col("t"), F.col("verdict")
    counted = F.when(code == SOURCES.index(ORDERS), by_topic[ORDERS])
    for topic in (CLICKS, INVENTORY, FEEDBACK):
        counted = counted.when(code == SOURCES.index(topic), by_topic[topic])
    dead_text = (F.coalesce("status", F.lit("event-time")), F.coalesce("detail", "fault"))
    return (
        F.when(verdict == 0, counted)
        .when(verdict == 1, F.array(cell(kinds.DUPLICATE)))
        .when(verdict == 2, F.array(cell(kinds.LATE)))
        .when(F.col("status") == "pending", F.array(cell(kinds.PENDING, entity=F.col("schemaId"))))
        .otherwise(F.array(cell(kinds.DEAD, text=dead_text)))
    )


def grouped(cells: DataFrame) -> DataFrame:
    """Equal cells of one partition as one row: their number, their sums, the first and last offset behind them (lo, hi)."""
    alone = F.when(F.col("kind").isin(kinds.STOCK, kinds.DEAD, kinds.LATE), F.col("o")).alias("u")
    sums = [F.sum(name).alias(name) for name in ("a", "b", "c")]
    keys = ("t", "p", "kind", "minute", "s1", "s2", "s3", "h", "u")
    return cells.withColumn("u", alone).groupBy(*keys).agg(F.count("*").alias("n"), *sums, F.min("o").alias("lo"), F.max("o").alias("hi"))


def event_json(metrics: frozenset[str]) -> str:
    """The struct the helper fills, as JSON."""
    return json.dumps(event_type(metrics).jsonValue())
