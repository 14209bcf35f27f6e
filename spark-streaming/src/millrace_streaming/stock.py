"""What a sum cannot say about stock: the last level of each product, and mean levels."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .storage import Changes

RANKING = 10


@dataclass
class Known:
    """Last level and last reorder point of a product, each as (event time, partition, offset, value)."""

    level: tuple[int, int, int, int] | None = None
    reorder: tuple[int, int, int, int] | None = None

    def take(self, other: Known) -> None:
        """Keeps the later of each."""
        if other.level is not None and (self.level is None or other.level > self.level):
            self.level = other.level
        if other.reorder is not None and (self.reorder is None or other.reorder > self.reorder):
            self.reorder = other.reorder

    def low(self) -> bool:
        """At or under the reorder point."""
        return self.level is not None and self.reorder is not None and self.level[3] <= self.reorder[3]


@dataclass
class LowStock:
    """The low products at the end of a minute: how many, the lowest ten, and the offsets (partition, first, last) that say so."""

    minute: int
    count: int
    events: int
    items: list[tuple[str, int]]
    offsets: dict[int, tuple[int, int]]


class Shelves:
    """Last known levels: as of the last closed minute, and by product in each open minute."""

    SPACE = "shelf"

    def __init__(self) -> None:
        self._closed: dict[str, Known] = {}
        self._closed_low: set[str] = set()
        self._closed_events = 0
        self._open: dict[int, dict[str, Known]] = {}
        self._events: dict[int, int] = {}
        self._dirty: set[tuple[int, str]] = set()

    def take(self, minute: int, product: str, event: Known, n: int = 1) -> None:
        """The latest of `n` events of an open minute."""
        self._open.setdefault(minute, {}).setdefault(product, Known()).take(event)
        self._events[minute] = self._events.get(minute, 0) + n
        self._dirty.add((minute, product))

    def since(self, first: int) -> Iterable[LowStock]:
        """The state at the end of every open minute with events from `first` on; earlier minutes carry into later ones."""
        known: dict[str, Known] = {}
        low = set(self._closed_low)
        events = self._closed_events
        for minute in sorted(self._open):
            events += self._events[minute]
            for product, event in self._open[minute].items():
                state = known.get(product)
                if state is None:
                    before = self._closed.get(product, Known())
                    state = known[product] = Known(before.level, before.reorder)
                state.take(event)
                low.add(product) if state.low() else low.discard(product)
            if minute >= first:
                yield self._describe(minute, events, low, known)

    def _describe(self, minute: int, events: int, low: set[str], known: dict[str, Known]) -> LowStock:
        levels = {product: (known.get(product) or self._closed[product]).level for product in low}
        found = {product: level for product, level in levels.items() if level is not None}
        items = heapq.nsmallest(RANKING, ((level[3], product) for product, level in found.items()))
        offsets: dict[int, tuple[int, int]] = {}
        decided = [*found.values(), *[e.level or e.reorder for e in self._open[minute].values()]]
        for record in decided:
            if record is not None:
                first, last = offsets.get(record[1], (record[2], record[2]))
                offsets[record[1]] = (min(first, record[2]), max(last, record[2]))
        return LowStock(minute, len(found), events, [(product, level) for level, product in items], offsets)

    def close(self, open_from: int, changes: Changes) -> None:
        """Folds the minutes before `open_from` into what is closed."""
        for minute in sorted(m for m in self._open if m < open_from):
            for product, event in self._open.pop(minute).items():
                state = self._closed.setdefault(product, Known())
                state.take(event)
                self._closed_low.add(product) if state.low() else self._closed_low.discard(product)
                changes.delete(self.SPACE, [minute, product])
                changes.put(self.SPACE, [product], [state.level, state.reorder])
                self._dirty.discard((minute, product))
            self._closed_events += self._events.pop(minute)
            changes.delete(self.SPACE, [minute])
            changes.put(self.SPACE, [], self._closed_events)

    def save(self, changes: Changes) -> None:
        """Adds what changed in open minutes to the batch's transaction."""
        for minute, product in self._dirty:
            state = self._open[minute][product]
            changes.put(self.SPACE, [minute, product], [state.level, state.reorder])
            changes.put(self.SPACE, [minute], self._events[minute])
        self._dirty.clear()

    def load(self, rows: Iterable[tuple[list[Any], Any]]) -> None:
        """Takes what `save` and `close` wrote."""
        for key, value in rows:
            if not key:
                self._closed_events = value
            elif len(key) == 1 and isinstance(key[0], int):
                self._events[key[0]] = value
            else:
                state = Known(*(tuple(part) if part else None for part in value))
                if len(key) == 2:
                    self._open.setdefault(key[0], {})[key[1]] = state
                else:
                    self._closed[key[0]] = state
                    if state.low():
                        self._closed_low.add(key[0])


class MeanLevels:
    """Sum and number of the levels seen, by day, category and product."""

    SPACE = "levels"

    def __init__(self) -> None:
        self._days: dict[int, dict[tuple[str, str], list[int]]] = {}
        self._dirty: set[tuple[int, str, str]] = set()

    def take(self, day: int, category: str, product: str, total: int, n: int = 1) -> None:
        """`n` levels seen, and their sum."""
        seen = self._days.setdefault(day, {}).setdefault((category, product), [0, 0])
        seen[0] += total
        seen[1] += n
        self._dirty.add((day, category, product))

    def on_hand(self, day: int, category: str | None) -> float:
        """Sum over the products of their mean level, rounded once so that the order of events does not matter."""
        if category is not None:
            return math.fsum(total / n for (c, _), (total, n) in self._days.get(day, {}).items() if c == category)
        products: dict[str, list[int]] = {}
        for (_, product), (total, n) in self._days.get(day, {}).items():
            seen = products.setdefault(product, [0, 0])
            seen[0] += total
            seen[1] += n
        return math.fsum(total / n for total, n in products.values())

    def close(self, day: int, changes: Changes) -> None:
        """Forgets a closed day."""
        for category, product in self._days.pop(day, {}):
            changes.delete(self.SPACE, [day, category, product])
            self._dirty.discard((day, category, product))

    def save(self, changes: Changes) -> None:
        """Adds what changed to the batch's transaction."""
        for day, category, product in self._dirty:
            changes.put(self.SPACE, [day, category, product], self._days[day][category, product])
        self._dirty.clear()

    def load(self, rows: Iterable[tuple[list[Any], Any]]) -> None:
        """Takes what `save` wrote."""
        for (day, category, product), seen in rows:
            self._days.setdefault(day, {})[category, product] = seen
