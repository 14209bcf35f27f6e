"""Items ordered by product, for the best sellers of sliding windows."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Any

from .storage import Changes
from .zones import MINUTE_MS, Windows

PLACES = 10


class BestSellers:
    """Items by product in each open window; on disk by minute, so that a line is written once and not ten times."""

    SPACE = "sold"

    def __init__(self, windows: Windows) -> None:
        self._windows = windows
        self._minutes: dict[int, dict[str, int]] = {}
        self._totals: dict[int, dict[str, int]] = {}
        self._dirty: set[tuple[int, str]] = set()

    def take(self, minute: int, product: str, items: int) -> None:
        """Items of a product ordered in a minute."""
        sold = self._minutes.setdefault(minute, {})
        sold[product] = sold.get(product, 0) + items
        self._dirty.add((minute, product))
        self._spread(minute, product, items)

    def _spread(self, minute: int, product: str, items: int) -> None:
        for start in self._windows.starts("10m", minute):
            totals = self._totals.setdefault(start, {})
            totals[product] = totals.get(product, 0) + items

    def best(self, start: int) -> list[tuple[str, float]]:
        """Most items first, ties by product id."""
        sold = self._totals.get(start, {})
        return [(product, float(-items)) for items, product in heapq.nsmallest(PLACES, ((-n, p) for p, n in sold.items()))]

    def close(self, start: int, changes: Changes) -> None:
        """Forgets a closed window, and the minute that no open window holds any more."""
        self._totals.pop(start, None)
        for minute in [m for m in self._minutes if m * MINUTE_MS <= start]:
            for product in self._minutes.pop(minute):
                changes.delete(self.SPACE, [minute, product])
                self._dirty.discard((minute, product))

    def save(self, changes: Changes) -> None:
        """Adds what changed to the batch's transaction."""
        for minute, product in self._dirty:
            changes.put(self.SPACE, [minute, product], self._minutes[minute][product])
        self._dirty.clear()

    def load(self, rows: Iterable[tuple[list[Any], Any]]) -> None:
        """Takes what `save` wrote."""
        for (minute, product), items in rows:
            self._minutes.setdefault(minute, {})[product] = items
            self._spread(minute, product, items)
