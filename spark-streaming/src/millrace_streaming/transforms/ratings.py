"""Ratings of the feedback topic."""

from __future__ import annotations

from .. import cells as kinds
from .cell import NAMED, CellSpec, Sum, known


def feedback(metrics: frozenset[str]) -> list[CellSpec]:
    """Number and sum of the ratings by category."""
    if "rating" not in metrics:
        return []
    return [CellSpec(kinds.RATING, (NAMED,), (known("category"),), sums=(Sum("rating"),), primary=True)]
