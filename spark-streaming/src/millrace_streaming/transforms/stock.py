"""Levels, reorder points and sales of the inventory topic. Each event stays a row of its own: the last one decides."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from .. import cells as kinds
from .cell import cell, known

METRICS = frozenset({"stock_level", "low_stock", "stock_turnover"})


def primary(metrics: frozenset[str]) -> Column | None:
    """The level, the reorder point and what left by sale; the entity is the event's time."""
    if not metrics & METRICS:
        return None
    sold = F.when((F.col("reason") == "sale") & (F.col("change") < 0), -F.col("change"))
    stock = cell(
        kinds.STOCK,
        text=(known(F.col("category")), F.col("productId")),
        entity=F.col("occurredAt"),
        sums=(F.col("stockLevel"), F.col("reorderPoint"), sold),
    )
    says = F.coalesce(F.col("stockLevel"), F.col("reorderPoint"), sold).isNotNull()
    return F.when((F.col("eventType") != "UNKNOWN") & says, stock).otherwise(cell(kinds.PLAIN))
