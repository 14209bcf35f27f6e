"""Exact sets of visitors and sessions per window, as 64-bit hashes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .storage import Changes

Hashes = NDArray[np.int64]
Group = tuple[str, int, str]
"""Family, start of the window (ms), value of the dimension ('' for the whole shop)."""

_FEW = 48
_RECENT = 8192


class EntitySet:
    """A sorted array, and a small set of what came since."""

    __slots__ = ("_base", "_recent", "parts")

    def __init__(self) -> None:
        self._base: Hashes = np.empty(0, np.int64)
        self._recent: set[int] = set()
        self.parts: list[int] = []

    def __len__(self) -> int:
        return len(self._base) + len(self._recent)

    def add(self, hashes: Hashes) -> Hashes:
        """Adds, and returns those that were new."""
        if len(hashes) <= _FEW:
            fresh = [h for h in dict.fromkeys(hashes.tolist()) if h not in self._recent and not self._in_base(h)]
            self._recent.update(fresh)
            new = np.array(fresh, np.int64)
        else:
            new = np.unique(hashes)
            if len(self._base):
                at = np.searchsorted(self._base, new)
                at[at == len(self._base)] = 0
                new = new[self._base[at] != new]
            if self._recent:
                seen = self._recent
                new = np.array([h for h in new.tolist() if h not in seen], np.int64)
            self._recent.update(new.tolist()) if len(new) < _RECENT else self._merge(new)
        if len(self._recent) > _RECENT:
            self._merge(np.empty(0, np.int64))
        return new

    def values(self) -> Hashes:
        """All of them, sorted."""
        self._merge(np.empty(0, np.int64))
        return self._base

    def _in_base(self, h: int) -> bool:
        if not len(self._base):
            return False
        at = int(np.searchsorted(self._base, h))
        return at < len(self._base) and int(self._base[at]) == h

    def _merge(self, more: Hashes) -> None:
        if self._recent or len(more):
            recent = np.fromiter(self._recent, np.int64, len(self._recent))
            self._base = np.sort(np.concatenate([self._base, recent, more]), kind="stable")
            self._recent = set()


class Entities:
    """All sets, and their rows on disk: what a batch added to a set is one row, deleted with its window."""

    SPACE = "entities"

    def __init__(self) -> None:
        self._sets: dict[Group, EntitySet] = {}
        self._fresh: list[tuple[Group, Hashes]] = []

    def add(self, group: Group, hashes: Hashes) -> None:
        """Adds to a set, which begins with its first entity."""
        members = self._sets.get(group)
        if members is None:
            members = self._sets[group] = EntitySet()
        new = members.add(hashes)
        if len(new):
            self._fresh.append((group, new))

    def size(self, group: Group) -> int:
        """How many are in the set."""
        members = self._sets.get(group)
        return len(members) if members else 0

    def missing(self, group: Group, other: Group) -> int:
        """How many of the first set are not in the other."""
        first, second = self._sets.get(group), self._sets.get(other)
        if first is None:
            return 0
        if second is None:
            return len(first)
        return len(first) - len(np.intersect1d(first.values(), second.values(), assume_unique=True))

    def drop(self, group: Group, changes: Changes) -> None:
        """Forgets a closed window's set."""
        members = self._sets.pop(group, None)
        for batch in members.parts if members else ():
            changes.delete(self.SPACE, [*group, batch])

    def save(self, batch: int, changes: Changes) -> None:
        """Adds what is new since the last call to the batch's transaction."""
        parts: dict[Group, list[Hashes]] = {}
        for group, hashes in self._fresh:
            parts.setdefault(group, []).append(hashes)
        for group, arrays in parts.items():
            if group in self._sets:
                self._sets[group].parts.append(batch)
                changes.put(self.SPACE, [*group, batch], np.concatenate(arrays).tobytes())
        self._fresh = []

    def load(self, rows: Iterable[tuple[list[Any], bytes]]) -> None:
        """Takes what `save` wrote."""
        for (family, start, dimension, batch), value in rows:
            members = self._sets.setdefault((family, start, dimension), EntitySet())
            members.add(np.frombuffer(value, np.int64))
            members.parts.append(batch)
