"""How one event, wild or honest, moves the watermark."""

import time

from millrace_streaming.watermark import SUPPORT, Clock, Watermarks

DAY = 24 * 60
YEAR = 365 * DAY


def clock(newest: int = 1_000_000) -> Clock:
    return Clock(10, newest)


def test_an_event_within_reach_moves_the_clock_alone() -> None:
    c = clock()
    c.advance({1_000_010: 1})
    assert c.newest == 1_000_010


def test_f11_one_event_dated_tomorrow_moves_nothing() -> None:
    c = clock()
    c.advance({1_000_000 + DAY: 1})
    assert c.newest == 1_000_000


def test_the_wild_event_stays_without_company_when_the_honest_ones_come_near() -> None:
    c = clock()
    wild = 1_000_000 + 5 * DAY
    c.advance({wild: 1})
    for minute in range(1_000_001, wild - 11, 7):
        c.advance({minute: 1})
    assert c.newest is not None and c.newest < wild - 10


def test_wild_events_two_years_ahead_need_company_within_a_day() -> None:
    c = clock()
    c.advance({1_000_000 + 2 * YEAR + 40 * DAY * i: SUPPORT - 1 for i in range(9)})
    assert c.newest == 1_000_000


def test_a_closed_fortnight_is_crossed_by_the_fifth_event() -> None:
    c = clock()
    after = 1_000_000 + 14 * DAY
    for i in range(SUPPORT):
        assert c.newest == 1_000_000
        c.advance({after + 30 * i: 1})
    assert c.newest == after


def test_a_gap_is_crossed_within_one_batch() -> None:
    c = clock()
    after = 1_000_000 + 14 * DAY
    c.advance({after + i: 1 for i in range(100)})
    assert c.newest == after + 99


def test_the_first_events_need_company_too() -> None:
    c = Clock(10)
    c.advance({5: 1, 5 + YEAR: 1})
    assert c.newest is None
    c.advance({6: 4})
    assert c.newest == 6


def test_old_events_move_nothing_back() -> None:
    c = clock()
    c.advance({5: 100})
    assert c.newest == 1_000_000


def test_a_topic_is_as_far_as_its_slowest_lively_partition() -> None:
    marks = Watermarks(600_000)
    marks.advance({(0, 0): {100: 9}, (0, 1): {200: 9}}, [(0, 0), (0, 1)], now=0.0)
    assert marks.open_from(0) == 90
    marks.advance({(0, 1): {201: 9}}, [(0, 1)], now=599.0)
    assert marks.open_from(0) == 90
    marks.advance({(0, 1): {202: 9}}, [(0, 1)], now=601.0)
    assert marks.open_from(0) == 192


def test_an_idle_topic_holds_no_other_back() -> None:
    marks = Watermarks(600_000)
    marks.advance({(0, 0): {100: 9}, (1, 0): {100: 9}}, [(0, 0), (1, 0)], now=0.0)
    marks.advance({(0, 0): {m: 9 for m in range(100, 5000)}}, [(0, 0)], now=1.0)
    assert (marks.open_from(0), marks.open_from(1)) == (4989, 90)


def test_it_never_falls() -> None:
    marks = Watermarks(600_000)
    marks.advance({(0, 0): {1000: 9}}, [(0, 0)], now=0.0)
    marks.advance({(0, 1): {5: 9}}, [(0, 1)], now=1.0)
    assert marks.open_from(0) == 990


def test_a_topic_that_is_held_stays_while_the_start_is_not_long_ago() -> None:
    marks = Watermarks(600_000)
    began = time.monotonic()
    marks.advance({(0, 0): {100: 9}, (1, 0): {100: 9}}, [(0, 0), (1, 0)], now=began, held={0})
    assert (marks.open_from(0), marks.open_from(1)) == (None, 90)
    marks.advance({(0, 1): {50: 9}}, [(0, 1)], now=began + 1)
    assert marks.open_from(0) == 40
    marks.advance({(0, 0): {200: 9}, (0, 1): {200: 9}}, [(0, 0), (0, 1)], now=began + 601, held={0})
    assert marks.open_from(0) == 190
