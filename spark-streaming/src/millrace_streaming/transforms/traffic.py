"""Who was there, what they looked at, who bought: active users, views, conversion, carts left."""

from __future__ import annotations

from .. import cells as kinds
from .cell import NAMED, CellSpec, any_of, known

BY_VISITOR = frozenset({"active_users", "conversion_rate"})


def clicks(metrics: frozenset[str]) -> list[CellSpec]:
    """The visitor behind a click; a product seen; a session that put something into its cart."""
    cells = []
    if metrics & BY_VISITOR:
        cells.append(CellSpec(kinds.VISITOR, (NAMED,), (known("country"),), "visitorId", primary=True))
    if "views" in metrics:
        cells.append(CellSpec(kinds.VIEW, (any_of("PRODUCT_VIEW"),), (known("category"),)))
    if "cart_abandonment" in metrics:
        cells.append(CellSpec(kinds.CART_SESSION, (any_of("ADD_TO_CART"),), (), "sessionId"))
    return cells


def buyers(metrics: frozenset[str]) -> list[CellSpec]:
    """The visitor and the session behind a placed order, where the order names them."""
    cells = []
    if "conversion_rate" in metrics:
        cells.append(CellSpec(kinds.BUYER, (any_of("PLACED"),), (known("country"),), "visitorId"))
    if "cart_abandonment" in metrics:
        cells.append(CellSpec(kinds.BOUGHT_SESSION, (any_of("PLACED"),), (), "sessionId"))
    return cells
