"""Which records count.

Rules of the fields are data (`valid` in the contracts) and were applied while decoding; here is what needs the clock.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

EARLIEST_MS = 946_684_800_000
"""2000-01-01: nothing honest is older."""
AHEAD_MS = 5 * 60_000
"""How far an event may be ahead of the broker."""


def event_time_fault(occurred_at: Column, record_time: Column, now: Column) -> Column:
    """Words where the time cannot be right, else null. A record without a time of its own is held against the clock."""
    broker = F.least(F.when(record_time > 0, record_time), now)
    early = F.format_string("%d ms is before 2000-01-01", occurred_at)
    ahead = F.format_string("%d ms ahead of the broker", occurred_at - broker)
    return F.when(occurred_at < EARLIEST_MS, early).when(occurred_at > broker + AHEAD_MS, ahead)
