"""Levels, reorder points and sales of the inventory topic. Each event stays a row of its own: the last one decides."""

from __future__ import annotations

from .. import cells as kinds
from .cell import NAMED, CellSpec, Only, Sum, Text, known

METRICS = frozenset({"stock_level", "low_stock", "stock_turnover"})


def inventory(metrics: frozenset[str]) -> list[CellSpec]:
    """The level, the reorder point and what left by sale."""
    if not metrics & METRICS:
        return []
    sums = (Sum("stockLevel"), Sum("reorderPoint"), Sum("change", (Only("reason", ("sale",)),), fallen=True))
    return [CellSpec(kinds.STOCK, (NAMED,), (known("category"), Text("productId")), sums=sums, primary=True, alone=True, time=True)]
