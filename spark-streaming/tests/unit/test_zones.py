"""Days and months of the shop, across its clock changes."""

from datetime import datetime, timezone

import pytest

from millrace_streaming.zones import Windows


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()) * 1000


@pytest.mark.parametrize(
    ("zone", "at", "start", "end"),
    [
        ("Europe/Berlin", "2026-03-29T12:00", "2026-03-28T23:00", "2026-03-29T22:00"),  # 23 hours
        ("Europe/Berlin", "2026-10-25T22:59", "2026-10-24T22:00", "2026-10-25T23:00"),  # 25 hours
        ("America/Havana", "2026-03-08T12:00", "2026-03-08T05:00", "2026-03-09T04:00"),  # midnight does not exist
        ("Asia/Kathmandu", "2026-01-01T18:14", "2025-12-31T18:15", "2026-01-01T18:15"),
        ("UTC", "2026-02-28T23:59", "2026-02-28T00:00", "2026-03-01T00:00"),
    ],
)
def test_a_day_is_the_shops(zone: str, at: str, start: str, end: str) -> None:
    windows = Windows(zone)
    (found,) = windows.starts("1d", ms(at) // 60_000)
    assert (found, windows.end("1d", found)) == (ms(start), ms(end))


def test_a_month_ends_where_the_next_begins() -> None:
    windows = Windows("Europe/Berlin")
    (start,) = windows.starts("1mo", ms("2026-12-31T22:59") // 60_000)
    assert (start, windows.end("1mo", start)) == (ms("2026-11-30T23:00"), ms("2026-12-31T23:00"))


def test_ten_sliding_windows_hold_a_minute() -> None:
    windows = Windows("UTC")
    starts = windows.starts("10m", 100)
    assert sorted(starts) == [minute * 60_000 for minute in range(91, 101)]
    assert all(start <= 100 * 60_000 < windows.end("10m", start) for start in starts)
