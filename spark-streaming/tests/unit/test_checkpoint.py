"""What a start makes of the checkpoint that a killed driver left."""

from pathlib import Path

import pytest

from millrace_streaming.checkpoint import reconcile
from millrace_streaming.errors import StateGapError


def folder(path: Path, planned: range, committed: range) -> tuple[Path, Path]:
    offsets, commits = path / "query" / "offsets", path / "query" / "commits"
    for place, batches in ((offsets, planned), (commits, committed)):
        place.mkdir(parents=True)
        for batch in batches:
            (place / str(batch)).write_text("v1\n{}")
    return offsets, commits


def names(place: Path) -> list[str]:
    return sorted(entry.name for entry in place.iterdir())


def test_a_batch_that_was_not_counted_is_planned_anew(tmp_path: Path) -> None:
    offsets, commits = folder(tmp_path, range(3), range(2))
    (offsets / ".2.crc").write_bytes(b"x")
    reconcile(tmp_path, 1)
    assert (names(offsets), names(commits)) == (["0", "1"], ["0", "1"])


def test_a_batch_that_was_counted_is_committed(tmp_path: Path) -> None:
    offsets, commits = folder(tmp_path, range(3), range(2))
    reconcile(tmp_path, 2)
    assert (names(offsets), names(commits)) == (["0", "1", "2"], ["0", "1", "2"])


def test_the_first_start_has_nothing_to_do(tmp_path: Path) -> None:
    reconcile(tmp_path, -1)


@pytest.mark.parametrize(("planned", "committed", "state"), [(3, 3, 1), (0, 0, 5), (3, 3, -1)])
def test_a_lost_part_is_refused(tmp_path: Path, planned: int, committed: int, state: int) -> None:
    folder(tmp_path, range(planned), range(committed))
    with pytest.raises(StateGapError, match="Remove that folder"):
        reconcile(tmp_path, state)
