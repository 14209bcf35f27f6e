"""From cells to windows: which metric a cell feeds, and what has come together in each window."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from . import cells as kinds
from .cells import Cell
from .contracts import SOURCES, Metric
from .storage import Changes
from .zones import Windows

Offsets = dict[tuple[int, int], tuple[int, int]]
"""First and last offset by topic code and partition."""


class WindowKey(NamedTuple):
    """One window of one metric for one set of dimension values, in the catalogue's order of names."""

    metric: str
    names: tuple[str, ...]
    values: tuple[str, ...]
    window: str
    start: int


class Sum:
    """What has come together: events, up to two sums or a last value with its order, and the records behind it."""

    __slots__ = ("a", "at", "n", "offsets")

    def __init__(self) -> None:
        self.n = 0
        self.a = 0
        self.at: tuple[int, int, int] | None = None
        self.offsets: Offsets = {}

    def add(self, n: int, a: int, offsets: Offsets) -> None:
        """Adds events, a sum and the records behind them."""
        self.n += n
        self.a += a
        for place, (lo, hi) in offsets.items():
            known = self.offsets.get(place)
            self.offsets[place] = (lo, hi) if known is None else (min(lo, known[0]), max(hi, known[1]))


class Feed(NamedTuple):
    """A cell of this kind (and order type) adds to the metric: whether it is an event of it, and which sum is its value."""

    kind: int
    order_type: str | None
    metric: str
    counts: int
    value: str | None
    only_with: str | None = None


_DIMENSIONS: dict[int, tuple[str, ...]] = {
    kinds.ORDER: ("country", "currency"),
    kinds.LINE: ("category", "currency"),
    kinds.ORDER_CATEGORY: ("category", "currency"),
    kinds.VIEW: ("category",),
    kinds.RATING: ("category",),
    kinds.VISITOR: ("country",),
    kinds.BUYER: ("country",),
    kinds.CART_SESSION: (),
    kinds.BOUGHT_SESSION: (),
    kinds.STOCK: ("category", "product"),
}
"""What s1 and s2 of a cell are."""

_FEEDS = (
    Feed(kinds.ORDER, "PLACED", "orders", 1, None),
    Feed(kinds.ORDER, "PLACED", "revenue", 1, "a"),
    Feed(kinds.ORDER, "PLACED", "average_order_value", 1, "a"),
    Feed(kinds.ORDER, "PLACED", "units_sold", 1, None),
    Feed(kinds.ORDER, "PLACED", "top_products", 1, None),
    Feed(kinds.ORDER, "REFUNDED", "refunds", 1, "a"),
    Feed(kinds.ORDER, "REFUNDED", "refund_count", 1, None),
    Feed(kinds.LINE, None, "revenue", 0, "a", "category"),
    Feed(kinds.LINE, None, "units_sold", 0, "b"),
    Feed(kinds.LINE, None, "top_products", 0, "b"),
    Feed(kinds.ORDER_CATEGORY, None, "revenue", 1, None, "category"),
    Feed(kinds.ORDER_CATEGORY, None, "units_sold", 1, None, "category"),
    Feed(kinds.VIEW, None, "views", 1, None),
    Feed(kinds.RATING, None, "rating", 1, "a"),
    Feed(kinds.VISITOR, None, "active_users", 1, None),
    Feed(kinds.VISITOR, None, "conversion_rate", 1, None),
    Feed(kinds.BUYER, None, "conversion_rate", 1, None),
    Feed(kinds.CART_SESSION, None, "cart_abandonment", 1, None),
    Feed(kinds.BOUGHT_SESSION, None, "cart_abandonment", 1, None),
)


def feeds_of(
    catalogue: Iterable[Metric],
) -> dict[tuple[int, str | None], list[tuple[str, tuple[str, ...], tuple[int, ...], int, str | None]]]:
    """By kind and order type: metric, dimension names, their places in the cell, whether it counts, which sum it adds."""
    metrics = {metric.name: metric for metric in catalogue}
    plan: dict[tuple[int, str | None], list[tuple[str, tuple[str, ...], tuple[int, ...], int, str | None]]] = {}
    for feed in _FEEDS:
        metric = metrics.get(feed.metric)
        for names in metric.dimensions if metric else ():
            carried = _DIMENSIONS[feed.kind]
            if set(names) <= set(carried) and (feed.only_with is None or feed.only_with in names):
                entry = (feed.metric, names, tuple(carried.index(name) for name in names), feed.counts, feed.value)
                plan.setdefault((feed.kind, feed.order_type), []).append(entry)
    return plan


class Rollup:
    """Sums of every open window."""

    SPACE = "window"

    def __init__(self, catalogue: dict[str, Metric], windows: Windows) -> None:
        self._catalogue = catalogue
        self._plan = feeds_of(catalogue.values())
        self._windows = windows
        self._minutes: dict[tuple[str, tuple[str, ...], tuple[str, ...], int], Sum] = {}
        self.open: dict[WindowKey, Sum] = {}
        self.dirty: set[WindowKey] = set()

    def take(self, cell: Cell) -> None:
        """One cell, to every metric it feeds."""
        self.take_parts(cell.kind, cell.s3 if cell.kind == kinds.ORDER else None, (cell.s1, cell.s2), cell)
        if cell.kind in kinds.PRIMARY:
            self.take_event(cell.t, cell.p, cell.minute, cell.n, cell.lo, cell.hi)

    def take_parts(self, kind: int, order_type: str | None, texts: tuple[str | None, ...], cell: Any) -> None:
        """Adds n and a sum of `cell` by the texts that are its dimensions."""
        offsets = {(cell.t, cell.p): (cell.lo, cell.hi)}
        for metric, names, places, counts, value in self._plan.get((kind, order_type), ()):
            values = tuple([texts[place] or "" for place in places])
            self.add(metric, names, values, cell.minute, cell.n * counts, getattr(cell, value) or 0 if value else 0, offsets)

    def take_event(self, t: int, p: int, minute: int, n: int, lo: int, hi: int) -> None:
        """Counts admitted events of a topic."""
        if "events" in self._catalogue:
            self.add("events", ("topic",), (SOURCES[t],), minute, n, 0, {(t, p): (lo, hi)})

    def add(self, metric: str, names: tuple[str, ...], values: tuple[str, ...], minute: int, n: int, a: int, offsets: Offsets) -> None:
        """Adds to a minute; `flush` carries the minutes into windows, so that many cells of a minute cost one visit per window."""
        key = (metric, names, values, minute)
        total = self._minutes.get(key)
        if total is None:
            total = self._minutes[key] = Sum()
        total.add(n, a, offsets)

    def flush(self) -> None:
        """Carries the batch's minutes into their windows."""
        for (metric, names, values, minute), total in self._minutes.items():
            for window in self._catalogue[metric].windows:
                for start in self._windows.starts(window, minute):
                    self.touch(WindowKey(metric, names, values, window, start)).add(total.n, total.a, total.offsets)
        self._minutes = {}

    def touch(self, key: WindowKey) -> Sum:
        """The window's sums, to be changed."""
        self.dirty.add(key)
        total = self.open.get(key)
        if total is None:
            total = self.open[key] = Sum()
        return total

    def close(self, key: WindowKey, changes: Changes) -> None:
        """Forgets a closed window."""
        del self.open[key]
        changes.delete(self.SPACE, _row(key))

    def save(self, changes: Changes) -> None:
        """Adds what changed to the batch's transaction."""
        for key in self.dirty:
            total = self.open.get(key)
            if total is not None:
                offsets = [(t, p, lo, hi) for (t, p), (lo, hi) in total.offsets.items()]
                changes.put(self.SPACE, _row(key), [total.n, total.a, total.at, offsets])
        self.dirty = set()

    def load(self, rows: Iterable[tuple[list[Any], Any]]) -> None:
        """Takes what `save` wrote."""
        for (metric, names, values, window, start), (n, a, at, offsets) in rows:
            total = self.open[WindowKey(metric, tuple(names), tuple(values), window, start)] = Sum()
            total.n, total.a, total.at = n, a, tuple(at) if at else None
            total.offsets = {(t, p): (lo, hi) for t, p, lo, hi in offsets}


def _row(key: WindowKey) -> list[Any]:
    return [key.metric, key.names, key.values, key.window, key.start]
