"""Orders, revenue, refunds, items, best sellers: what the orders topic says."""

from __future__ import annotations

from .. import cells as kinds
from .cell import CellSpec, Sum, Text, any_of, known

BY_ORDER = frozenset({"orders", "revenue", "average_order_value", "refunds", "refund_count", "units_sold", "top_products"})
BY_LINE = frozenset({"revenue", "units_sold", "top_products"})


def orders(metrics: frozenset[str]) -> list[CellSpec]:
    """The order itself by type, country and currency; its lines, and its categories (an order of two shirts is one order with shirts)."""
    cells = []
    if metrics & BY_ORDER:
        texts = (known("country"), Text("currency"), Text("eventType"))
        cells.append(CellSpec(kinds.ORDER, (any_of("PLACED", "REFUNDED"),), texts, sums=(Sum("totalMinor"),), primary=True))
    if metrics & BY_LINE:
        placed, category, currency = (any_of("PLACED"),), known("lines[].category"), Text("currency")
        sums = (Sum("lines[].amountMinor"), Sum("lines[].quantity"))
        cells.append(CellSpec(kinds.LINE, placed, (category, currency, Text("lines[].productId")), sums=sums))
        cells.append(CellSpec(kinds.ORDER_CATEGORY, placed, (category, currency), once=True))
    return cells
