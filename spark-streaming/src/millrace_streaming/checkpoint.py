"""Brings the query's checkpoint in line with the state before a start. The state decides: it knows what was counted."""

from __future__ import annotations

import logging
from pathlib import Path

from .errors import StateGapError

log = logging.getLogger(__name__)
_COMMIT = 'v1\n{"nextBatchWatermarkMs":0}'


def reconcile(checkpoint: Path, state_batch: int) -> None:
    """Leaves no batch half done, so that the query repeats none.

    A batch planned but not in the state is forgotten, and planned anew; one that is in the state is committed. Repeating one would
    also end the query: Spark 4.1.1 fails in the progress report of a repeated batch (SPARK-57438).
    Throws StateGapError where one of the two was lost.
    """
    offsets, commits = checkpoint / "query" / "offsets", checkpoint / "query" / "commits"
    planned, committed = _batches(offsets), _batches(commits)
    newest = max(committed, default=-1)
    if newest > state_batch or (state_batch >= 0 and state_batch not in planned):
        raise StateGapError(state_batch, newest, str(checkpoint))
    for batch in sorted(planned):
        if batch > state_batch:
            log.info("batch %d was not counted and is planned anew", batch)
            (offsets / str(batch)).unlink()
            (offsets / f".{batch}.crc").unlink(missing_ok=True)
        elif batch > newest:
            log.info("batch %d was counted and is committed", batch)
            commits.mkdir(exist_ok=True)
            (commits / str(batch)).write_text(_COMMIT, "utf-8")


def _batches(folder: Path) -> set[int]:
    return {int(entry.name) for entry in folder.iterdir() if entry.name.isdigit()} if folder.is_dir() else set()
