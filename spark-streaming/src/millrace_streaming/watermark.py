"""How far each topic's event time has come.

A partition's clock follows its newest minute. An event further ahead than the allowed lateness moves it only with company: the clock
jumps to the lowest minute that SUPPORT events follow within a day. So one wild event, whatever it says, makes nobody late, and a
shop that was closed for a fortnight catches up with its fifth event.
A topic's watermark is its slowest partition's clock less the lateness; partitions silent for as long as the lateness (wall clock) do
not hold it back. A partition that nothing was read of yet, although it has records, does for as long after the start: they may be older
than all that was read.
A row is judged by its own topic only, so an idle topic stalls nothing. It never falls.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping

from .storage import Changes

SUPPORT = 5
_DAY = 24 * 60
Partition = tuple[int, int]


class Clock:
    """One partition: its newest trusted minute, and the minutes too far ahead of it to be trusted yet."""

    def __init__(self, reach: int, newest: int | None = None, ahead: dict[int, int] | None = None) -> None:
        self.reach = reach
        self.newest = newest
        self.ahead = ahead or {}

    def advance(self, counts: Mapping[int, int]) -> None:
        """Takes events by minute."""
        for minute, n in counts.items():
            if self.newest is None or minute > self.newest:
                self.ahead[minute] = self.ahead.get(minute, 0) + n
        minutes = sorted(self.ahead)
        low, high, within = 0, 0, 0
        while low < len(minutes):
            while high < len(minutes) and minutes[high] < minutes[low] + _DAY:
                within += self.ahead[minutes[high]]
                high += 1
            near = self.newest is not None and minutes[low] <= self.newest + self.reach
            if not near and within < SUPPORT:
                # Nobody believes this one; the next candidates start after it, but only with support of their own.
                within -= self.ahead[minutes[low]]
                low += 1
                continue
            self.newest = minutes[low]
            within -= self.ahead[minutes[low]]
            low += 1
        if self.newest is not None:
            self.ahead = {minute: n for minute, n in self.ahead.items() if minute > self.newest}


class Watermarks:
    """Clocks of all partitions, and the watermark of each topic as the first open minute."""

    SPACE = "clock"

    def __init__(self, lateness_ms: int) -> None:
        self._lateness = lateness_ms // 60_000
        self._clocks: dict[Partition, Clock] = {}
        self._heard: dict[Partition, float] = {}
        self._open_from: dict[int, int] = {}
        self._began = time.monotonic()

    def advance(
        self, counts: Mapping[Partition, Mapping[int, int]], heard: Iterable[Partition], now: float, held: Collection[int] = ()
    ) -> None:
        """Takes a batch: valid events by partition and minute, who said anything, which topics stay. `now` is monotonic, s."""
        for partition in heard:
            self._heard[partition] = now
        for partition, minutes in counts.items():
            self._clocks.setdefault(partition, Clock(max(self._lateness, 1))).advance(minutes)
        silence = max(self._lateness * 60, 60)
        for topic in {topic for topic, _ in self._clocks}.difference(held if now - self._began < silence else ()):
            clocks = {p: c.newest for p, c in self._clocks.items() if p[0] == topic and c.newest is not None}
            lively = [newest for p, newest in clocks.items() if now - self._heard.setdefault(p, now) < silence]
            if lively or clocks:
                self.raise_to(topic, min(lively) - self._lateness if lively else min(clocks.values()) - self._lateness)

    def silent_for(self, topic: int, now: float) -> float:
        """Seconds since the topic said anything, or since this process began to listen."""
        return min((now - self._heard.setdefault(p, now) for p in self._clocks if p[0] == topic), default=now - self._began)

    def raise_to(self, topic: int, open_from: int) -> None:
        """Closes the minutes before `open_from`; never opens any again."""
        self._open_from[topic] = max(self._open_from.get(topic, open_from), open_from)

    def open_from(self, topic: int) -> int | None:
        """First open minute; earlier ones are closed. None before the first trusted event."""
        return self._open_from.get(topic)

    def topics(self) -> list[int]:
        """Codes of the topics that have a watermark."""
        return sorted(self._open_from)

    def save(self, changes: Changes) -> None:
        """Adds the whole to the batch's transaction."""
        for (topic, partition), clock in self._clocks.items():
            changes.put(self.SPACE, [topic, partition], [clock.newest, sorted(clock.ahead.items())])
        for topic, open_from in self._open_from.items():
            changes.put(self.SPACE, [topic], open_from)

    def load(self, rows: Iterable[tuple[list[int], object]]) -> None:
        """Takes what `save` wrote."""
        for key, value in rows:
            if len(key) == 1:
                assert isinstance(value, int)
                self._open_from[key[0]] = value
            else:
                assert isinstance(value, list)
                self._clocks[key[0], key[1]] = Clock(max(self._lateness, 1), value[0], {int(m): int(n) for m, n in value[1]})
