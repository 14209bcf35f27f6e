"""Who was there, what they looked at, who bought: active users, views, conversion, carts left."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from .. import cells as kinds
from .cell import cell, entity_of, known

BY_VISITOR = frozenset({"active_users", "conversion_rate"})


def primary(metrics: frozenset[str]) -> Column | None:
    """The visitor behind a click of a known type."""
    if not metrics & BY_VISITOR:
        return None
    visitor = cell(kinds.VISITOR, text=(known(F.col("country")),), entity=entity_of(F.col("visitorId")))
    return F.when(F.col("eventType") != "UNKNOWN", visitor).otherwise(cell(kinds.PLAIN))


def clicks(metrics: frozenset[str]) -> list[Column]:
    """A product seen; a session that put something into its cart."""
    cells = []
    if "views" in metrics:
        view = cell(kinds.VIEW, text=(known(F.col("category")),))
        cells.append(F.when(F.col("eventType") == "PRODUCT_VIEW", view))
    if "cart_abandonment" in metrics:
        cart = cell(kinds.CART_SESSION, entity=entity_of(F.col("sessionId")))
        cells.append(F.when((F.col("eventType") == "ADD_TO_CART") & F.col("sessionId").isNotNull(), cart))
    return cells


def buyers(metrics: frozenset[str]) -> list[Column]:
    """The visitor and the session behind a placed order, where the order names them."""
    placed = F.col("eventType") == "PLACED"
    cells = []
    if "conversion_rate" in metrics:
        buyer = cell(kinds.BUYER, text=(known(F.col("country")),), entity=entity_of(F.col("visitorId")))
        cells.append(F.when(placed & F.col("visitorId").isNotNull(), buyer))
    if "cart_abandonment" in metrics:
        session = cell(kinds.BOUGHT_SESSION, entity=entity_of(F.col("sessionId")))
        cells.append(F.when(placed & F.col("sessionId").isNotNull(), session))
    return cells
