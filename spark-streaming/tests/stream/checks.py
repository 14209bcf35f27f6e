"""What must hold of a lane after any fault. Each check says what is wrong, a line each; test_mutants.py shows that each can fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from tests import truth

Place = tuple[str, int, int]
"""Topic without its lane, partition, offset."""
WindowRecord = dict[str, Any]


class Row(NamedTuple):
    """A record as it lies in its topic."""

    key: Any
    value: Any
    headers: list[tuple[str, Any]]


Told = tuple[Place, dict[str, str], Row]
"""Where a record came from, the headers that were added, and the record without them."""


class Outcome(NamedTuple):
    """All that a job published."""

    windows: Mapping[truth.Window, list[WindowRecord]]
    letters: list[Told]
    late: list[Told]


def wrong_windows(outcome: Outcome, wanted: Mapping[truth.Window, truth.Value]) -> list[str]:
    """F11, F22, F23, F28: the highest revision of every window equals the recount, and there is no other window."""
    wrong = [f"missing: {key}" for key in wanted.keys() - outcome.windows.keys()]
    wrong += [f"nobody's: {key}" for key in outcome.windows.keys() - wanted.keys()]
    for key in wanted.keys() & outcome.windows.keys():
        value, count, items = wanted[key]
        got = max(outcome.windows[key], key=lambda record: int(record["revision"]))
        same = (got["count"], [(i["key"], i["value"]) for i in got["items"]]) == (count, items)
        if not same or got["value"] != pytest.approx(value, rel=1e-12, abs=0):
            wrong.append(f"{key}: {got['value']} of {got['count']}, {got['items']}; not {value} of {count}, {items}")
    return wrong


def wrong_revisions(outcome: Outcome) -> list[str]:
    """F28: each revision of a window is published once, they only grow, and the final one is the last."""
    wrong = []
    for key, records in outcome.windows.items():
        revisions = [record["revision"] for record in records]
        if revisions != sorted(set(revisions)):
            wrong.append(f"{key}: revisions {revisions}")
        if any(record["final"] for record in records[:-1]):
            wrong.append(f"{key}: a revision after the final one")
        if records[-1]["revision"] != records[-1]["count"] + records[-1]["final"]:
            wrong.append(f"{key}: revision {records[-1]['revision']} of {records[-1]['count']} events")
    return wrong


def wrong_letters(outcome: Outcome, bad: Mapping[Place, tuple[str, Row]]) -> list[str]:
    """F11, F12, F13, F14: each bad record is one dead letter, whole, with its reason; nothing else is one."""
    wrong = _wrong_rows(outcome.letters, {place: row for place, (_, row) in bad.items()})
    for place, told, _ in outcome.letters:
        reason = bad[place][0] if place in bad else None
        if told["millrace_reason"] != reason or not told["millrace_detail"]:
            wrong.append(f"{place}: {told['millrace_reason']} ({told['millrace_detail']}), not {reason}")
    return wrong


def wrong_late(outcome: Outcome, late: Mapping[Place, Row]) -> list[str]:
    """F11, F23: each late record is one late row, whole; no honest one is."""
    wrong = _wrong_rows(outcome.late, late)
    return wrong + [
        f"{place}: {told}" for place, told, _ in outcome.late if told["millrace_reason"] != "late" or int(told["millrace_watermark"]) <= 0
    ]


def _wrong_rows(found: list[Told], sent: Mapping[Place, Row]) -> list[str]:
    places = [place for place, _, _ in found]
    wrong = [
        f"{place}: came {places.count(place)} times"
        for place in sorted(sent.keys() | set(places))
        if places.count(place) != (place in sent)
    ]
    return wrong + [f"{place}: other bytes" for place, _, row in found if place in sent and row != sent[place]]
