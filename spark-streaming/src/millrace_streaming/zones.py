"""From a minute to the windows it belongs to. Days and months are the shop's; minutes and hours are UTC's."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE_MS = 60_000
_SLIDES = 10


class Windows:
    """Starts and ends of windows. Starts are epoch ms; minutes are whole minutes since 1970."""

    def __init__(self, time_zone: str) -> None:
        self._zone = ZoneInfo(time_zone)
        self._local = lru_cache(maxsize=4096)(self._day_and_month)

    def starts(self, window: str, minute: int) -> tuple[int, ...]:
        """Starts of the windows of this length that hold the minute: one, or ten where they slide."""
        if window == "1m":
            return (minute * MINUTE_MS,)
        if window == "10m":
            return tuple((minute - back) * MINUTE_MS for back in range(_SLIDES))
        if window == "1h":
            return (minute // 60 * 60 * MINUTE_MS,)
        # All zones since 2000 are whole quarter hours from UTC.
        day, month = self._local(minute // 15)
        return (day,) if window == "1d" else (month,)

    def end(self, window: str, start: int) -> int:
        """End of a window, exclusive; a day of the shop may have 23 or 25 hours."""
        if window in ("1m", "10m", "1h"):
            return start + {"1m": 1, "10m": 10, "1h": 60}[window] * MINUTE_MS
        local = datetime.fromtimestamp(start / 1000, self._zone)
        if window == "1d":
            # 36 hours after a day's start is noon of the next day, whatever the clocks did.
            following = datetime.fromtimestamp(start / 1000 + 36 * 3600, self._zone)
            return self._midnight(following.year, following.month, following.day)
        return self._midnight(local.year + local.month // 12, local.month % 12 + 1, 1)

    def _day_and_month(self, quarter: int) -> tuple[int, int]:
        local = datetime.fromtimestamp(quarter * 900, self._zone)
        return self._midnight(local.year, local.month, local.day), self._midnight(local.year, local.month, 1)

    def _midnight(self, year: int, month: int, day: int) -> int:
        return int(datetime(year, month, day, tzinfo=self._zone).timestamp()) * 1000
