"""Ratings of the feedback topic."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from .. import cells as kinds
from .cell import cell, known


def primary(metrics: frozenset[str]) -> Column | None:
    """Number and sum of the ratings by category."""
    if "rating" not in metrics:
        return None
    rating = cell(kinds.RATING, text=(known(F.col("category")),), sums=(F.col("rating"),))
    return F.when(F.col("eventType") != "UNKNOWN", rating).otherwise(cell(kinds.PLAIN))
