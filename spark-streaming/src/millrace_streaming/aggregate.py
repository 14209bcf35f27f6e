"""The state of a lane: takes a batch's cells, says which windows changed or closed. Plain Python; knows no Spark and no Kafka."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from . import cells as kinds
from .cells import Cell, StockGroup, pick, rows, stock_groups
from .contracts import INVENTORY, SOURCES, Metric
from .entities import Entities, Hashes
from .ranking import BestSellers
from .rollup import Offsets, Rollup, Sum, WindowKey
from .stock import Known, LowStock, MeanLevels, Shelves
from .storage import Changes, Store
from .watermark import Watermarks
from .zones import MINUTE_MS, Windows


@dataclass
class Revision:
    """One revision of one window, ready to be encoded."""

    key: WindowKey
    end: int
    value: float
    count: int
    items: list[tuple[str, float]]
    revision: int
    watermark: int | None
    final: bool
    offsets: Offsets


@dataclass
class Outcome:
    """What a batch came to, and the records that must leave whole."""

    dead: list[Cell] = field(default_factory=list)
    late: list[Cell] = field(default_factory=list)
    gaps: list[tuple[int, int, int, int]] = field(default_factory=list)
    """Topic code, partition, and the offsets [from, to) that were not in the log any more."""
    duplicates: int = 0
    events: int = 0


class Aggregate:
    """Everything a lane remembers."""

    def __init__(self, catalogue: dict[str, Metric], time_zone: str, lateness_ms: int) -> None:
        self._catalogue = catalogue
        self.windows = Windows(time_zone)
        self.watermarks = Watermarks(lateness_ms)
        self.rollup = Rollup(catalogue, self.windows)
        self._entities = Entities()
        self._sellers = BestSellers(self.windows)
        self._shelves = Shelves()
        self._levels = MeanLevels()
        self._low: dict[int, LowStock] = {}
        self._ends: dict[tuple[str, ...], list[tuple[int, WindowKey]]] = {}
        self._queued: set[WindowKey] = set()
        self._first: dict[tuple[int, int], dict[int, int]] = {}
        self._next: dict[tuple[int, int], int] = {}
        self._touched: set[tuple[int, int]] = set()
        self.closed_before: dict[int, int] = {}
        """First open minute by topic as the query judges by it; set by who tells the query."""

    def load(self, store: Store) -> None:
        """Takes the state after the last committed batch."""
        for part in (self.watermarks, self.rollup, self._entities, self._sellers, self._shelves, self._levels):
            part.load(store.rows(part.SPACE))
        for (t, p), (following, first) in store.rows("read"):
            self._next[t, p] = following
            self._first[t, p] = {int(minute): int(offset) for minute, offset in first}
        self._queue(self.rollup.open)

    def positions(self) -> dict[tuple[int, int], int]:
        """The next offset of each partition."""
        return dict(self._next)

    def ranges(self) -> dict[tuple[int, int], tuple[int, int]]:
        """By partition, the offsets [from, to) whose ids must be known to tell duplicates: of the open minutes."""
        return {place: (min(first.values()), self._next[place]) for place, first in self._first.items() if first}

    def take(self, table: pa.Table, now: float, held: Callable[[], Collection[int]]) -> Outcome:
        """Merges a batch. `held` says, once it is known what was read, which topics' watermarks stay. `now` is monotonic, in seconds."""
        outcome = Outcome()
        counts: dict[tuple[int, int], dict[int, int]] = {}
        changed_stock: set[int] = set()
        for stock in stock_groups(pick(table, frozenset({kinds.STOCK}))):
            self._count(counts, stock, outcome)
            self.rollup.take_event(stock.t, stock.p, stock.minute, stock.n, stock.lo, stock.hi)
            self._take_stock(stock, changed_stock)
        for cell in rows(pick(table, frozenset(range(25)) - {kinds.STOCK})):
            self._take_cell(cell, counts, outcome)
        self.rollup.flush()
        self.watermarks.advance(counts, self._touched, now, held())
        if changed_stock:
            self._low.update({low.minute: low for low in self._shelves.since(min(changed_stock))})
            for low in self._low.values():
                self._touch_low(low)
        self._queue(self.rollup.dirty)
        return outcome

    def _take_cell(self, cell: Cell, counts: dict[tuple[int, int], dict[int, int]], outcome: Outcome) -> None:
        if cell.kind == kinds.READ:
            self._take_read(cell, outcome)
        elif cell.kind == kinds.DEAD:
            outcome.dead.append(cell)
        elif cell.kind == kinds.LATE:
            outcome.late.append(cell)
        elif cell.kind == kinds.DUPLICATE:
            outcome.duplicates += cell.n
        else:
            self.rollup.take(cell)
            if cell.hs is not None:
                self._take_entities(cell, np.frombuffer(cell.hs, np.int64))
            if cell.kind in kinds.PRIMARY:
                self._count(counts, cell, outcome)
            if cell.kind == kinds.LINE and "top_products" in self._catalogue:
                self._sellers.take(cell.minute, cell.s3 or "", cell.b or 0)

    def _count(self, counts: dict[tuple[int, int], dict[int, int]], cell: Cell | StockGroup, outcome: Outcome) -> None:
        minutes = counts.setdefault((cell.t, cell.p), {})
        minutes[cell.minute] = minutes.get(cell.minute, 0) + cell.n
        outcome.events += cell.n
        first = self._first.setdefault((cell.t, cell.p), {})
        first[cell.minute] = min(first.get(cell.minute, cell.lo), cell.lo)

    def _take_read(self, cell: Cell, outcome: Outcome) -> None:
        place = (cell.t, cell.p)
        following = self._next.get(place)
        if following is not None and cell.lo > following:
            outcome.gaps.append((*place, following, cell.lo))
        self._next[place] = max(following or 0, cell.hi + 1)
        self._touched.add(place)

    def _take_entities(self, group: Cell, hashes: Hashes) -> None:
        minute, hour = group.minute * MINUTE_MS, group.minute // 60 * 60 * MINUTE_MS
        country = group.s1 or ""
        families: list[tuple[str, int]] = []
        if group.kind == kinds.VISITOR:
            families = [("active", minute)] if "active_users" in self._catalogue else []
        if group.kind in (kinds.VISITOR, kinds.BUYER) and "conversion_rate" in self._catalogue:
            families.append(("seen", hour))
            if group.kind == kinds.BUYER:
                families.append(("bought", hour))
        for family, start in families:
            self._entities.add((family, start, ""), hashes)
            self._entities.add((family, start, f"={country}"), hashes)
        if group.kind == kinds.CART_SESSION:
            self._entities.add(("cart", hour, ""), hashes)
        elif group.kind == kinds.BOUGHT_SESSION:
            self._entities.add(("ordered", hour, ""), hashes)

    def _take_stock(self, group: StockGroup, changed: set[int]) -> None:
        place = (group.t, group.p)
        if "stock_level" in self._catalogue and group.level is not None:
            at, value = group.level[:3], group.level[3]
            last = self.rollup.touch(WindowKey("stock_level", ("product",), (group.product,), "1m", group.minute * MINUTE_MS))
            last.add(group.levels, 0, {place: (group.level_lo, group.level_hi)})
            if last.at is None or at > last.at:
                last.at, last.a = at, value
        if "low_stock" in self._catalogue and group.told:
            self._shelves.take(group.minute, group.product, Known(group.level, group.reorder), group.told)
            changed.add(group.minute)
        if "stock_turnover" in self._catalogue and group.turned:
            for names in self._catalogue["stock_turnover"].dimensions:
                values = (group.category,) if names else ()
                self.rollup.add("stock_turnover", names, values, group.minute, group.turned, group.sold, {place: (group.lo, group.hi)})
            if group.levels:
                day = self.windows.starts("1d", group.minute)[0]
                self._levels.take(day, group.category, group.product, group.level_sum, group.levels)

    def _touch_low(self, low: LowStock) -> None:
        total = self.rollup.touch(WindowKey("low_stock", (), (), "1m", low.minute * MINUTE_MS))
        total.n, total.a = low.events, low.count
        total.offsets = {(SOURCES.index(INVENTORY), p): span for p, span in low.offsets.items()}

    def revisions(self, changes: Changes) -> list[Revision]:
        """What changed since the last call, and what the watermarks close now; closed windows leave memory and disk."""
        closed = self._closed()
        if any(key.metric == "low_stock" for key in closed):
            self._low = {low.minute: low for low in self._shelves.since(-1)}
        made = [self._describe(key, self.rollup.open[key], key in closed) for key in self.rollup.dirty | closed]
        self.rollup.save(changes)
        for key in closed:
            self._forget(key, changes)
        inventory = self.watermarks.open_from(SOURCES.index(INVENTORY))
        if inventory is not None:
            self._shelves.close(inventory, changes)
        self._low = {}
        return made

    def save(self, batch: int, changes: Changes) -> None:
        """Adds everything else that changed to the batch's transaction."""
        for part in (self._sellers, self._shelves, self._levels, self.watermarks):
            part.save(changes)
        self._entities.save(batch, changes)
        for t, p in self._touched:
            open_from = self.watermarks.open_from(t)
            first = self._first.get((t, p), {})
            self._first[t, p] = {minute: lo for minute, lo in first.items() if open_from is None or minute >= open_from}
            changes.put("read", [t, p], [self._next[t, p], sorted(self._first[t, p].items())])
        self._touched = set()

    def watermark_ms(self, sources: Iterable[str]) -> int | None:
        """The watermark of what is computed from these topics: the lowest, null while one has none."""
        marks = [self.watermarks.open_from(SOURCES.index(topic)) for topic in sources]
        return None if None in marks else min(mark for mark in marks if mark is not None) * MINUTE_MS

    def _sources(self, key: WindowKey) -> tuple[str, ...]:
        return (key.values[0],) if key.metric == "events" else self._catalogue[key.metric].sources

    def _queue(self, keys: Iterable[WindowKey]) -> None:
        for key in keys:
            if key not in self._queued:
                self._queued.add(key)
                heapq.heappush(self._ends.setdefault(self._sources(key), []), (self.windows.end(key.window, key.start), key))

    def _closed(self) -> set[WindowKey]:
        closed: set[WindowKey] = set()
        for sources, queue in self._ends.items():
            mark = self.watermark_ms(sources)
            while mark is not None and queue and queue[0][0] <= mark:
                closed.add(heapq.heappop(queue)[1])
        self._queued -= closed
        return closed

    def _forget(self, key: WindowKey, changes: Changes) -> None:
        dimension = f"={key.values[0]}" if key.values else ""
        families = {"active_users": ("active",), "conversion_rate": ("seen", "bought"), "cart_abandonment": ("cart", "ordered")}
        for family in families.get(key.metric, ()):
            self._entities.drop((family, key.start, dimension), changes)
        if key.metric == "top_products":
            self._sellers.close(key.start, changes)
        elif key.metric == "stock_turnover" and not key.values:
            self._levels.close(key.start, changes)
        self.rollup.close(key, changes)

    def _describe(self, key: WindowKey, total: Sum, final: bool) -> Revision:
        items: list[tuple[str, float]] = []
        if key.metric == "top_products":
            items = self._sellers.best(key.start)
        elif key.metric == "low_stock":
            items = [(product, float(level)) for product, level in self._low[key.start // MINUTE_MS].items]
        # A final revision is one more than the last open one; every event raises the count, so revisions follow the topic alone.
        revision = total.n + (1 if final else 0)
        end, mark = self.windows.end(key.window, key.start), self.watermark_ms(self._sources(key))
        return Revision(key, end, self._value(key, total), total.n, items, revision, mark, final, total.offsets)

    def _value(self, key: WindowKey, total: Sum) -> float:
        dimension = f"={key.values[0]}" if key.values else ""
        size = self._entities.size
        if key.metric in ("orders", "refund_count", "views", "events"):
            return float(total.n)
        if key.metric in ("average_order_value", "rating"):
            return total.a / total.n
        if key.metric == "active_users":
            return float(size(("active", key.start, dimension)))
        if key.metric == "conversion_rate":
            return size(("bought", key.start, dimension)) / size(("seen", key.start, dimension))
        if key.metric == "cart_abandonment":
            carts = size(("cart", key.start, ""))
            return self._entities.missing(("cart", key.start, ""), ("ordered", key.start, "")) / carts if carts else 0.0
        if key.metric == "stock_turnover":
            on_hand = self._levels.on_hand(key.start, key.values[0] if key.values else None)
            return total.a / on_hand if on_hand else 0.0
        return float(total.a)
