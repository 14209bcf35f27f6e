"""Orders, revenue, refunds, items, best sellers: what the orders topic says."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType

from .. import cells as kinds
from .cell import CELL, Call, cell, known

BY_ORDER = frozenset({"orders", "revenue", "average_order_value", "refunds", "refund_count", "units_sold", "top_products"})
BY_LINE = frozenset({"units_sold", "top_products"})


def needs_lines(metrics: frozenset[str]) -> bool:
    """Whether any of the metrics looks into the lines of an order."""
    return bool(metrics & (BY_LINE | {"revenue"}))


def primary(metrics: frozenset[str]) -> Column | None:
    """The order itself: count and total by type, country and currency."""
    if not metrics & BY_ORDER:
        return None
    counted = F.col("eventType").isin("PLACED", "REFUNDED")
    order = cell(kinds.ORDER, text=(known(F.col("country")), F.col("currency"), F.col("eventType")), sums=(F.col("totalMinor"),))
    return F.when(counted, order).otherwise(cell(kinds.PLAIN))


def lines(metrics: frozenset[str], call: Call) -> Column | None:
    """An array of cells: one per line of a placed order, and one per category in it (an order of two shirts is one order with shirts)."""
    if not needs_lines(metrics):
        return None
    kinds_wanted = [F.lit(kinds.LINE), F.lit(kinds.ORDER_CATEGORY)]
    return call("lines", ArrayType(CELL).json(), [F.col("lines"), F.col("currency"), *kinds_wanted])
