"""Every check of checks.py turns red for a job that is broken the way its fault would break it; test_metrics.py has them green."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from millrace_streaming import watermark
from millrace_streaming.aggregate import Aggregate
from millrace_streaming.config import read_config
from millrace_streaming.encoding import Encoder
from millrace_streaming.runner import Runner
from millrace_streaming.sinks import Publisher
from tests import truth
from tests.stream.checks import Row, wrong_late, wrong_letters, wrong_revisions, wrong_windows
from tests.stream.world import START_MS, World, deliver_badly, wild_events
from tests.support import prepare_lane, remove_lane

MINUTE = 60_000
Break = Callable[[pytest.MonkeyPatch], None]


def wild_events_are_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(watermark, "SUPPORT", 1)


def dead_letters_lose_a_bit(patch: pytest.MonkeyPatch) -> None:
    real = Encoder.dead_letter

    def flipped(self, cell, source, now_ms):
        letter = real(self, cell, source, now_ms)
        return letter._replace(value=letter.value[:-1] + bytes([letter.value[-1] ^ 1]))

    patch.setattr(Encoder, "dead_letter", flipped)


def bombs_are_passed_over(patch: pytest.MonkeyPatch) -> None:
    real = Aggregate.take

    def take(self, table, now, held):
        outcome = real(self, table, now, held)
        outcome.dead = [cell for cell in outcome.dead if cell.s1 != "decode-limit"]
        return outcome

    patch.setattr(Aggregate, "take", take)


def ids_are_forgotten_at_a_restart(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Runner, "_remember_ids", lambda self: None)


def late_rows_are_dropped(patch: pytest.MonkeyPatch) -> None:
    real = Aggregate.take

    def take(self, table, now, held):
        outcome = real(self, table, now, held)
        outcome.late = []
        return outcome

    patch.setattr(Aggregate, "take", take)


def a_batch_is_lost(patch: pytest.MonkeyPatch) -> None:
    real = Publisher.publish
    patch.setattr(Publisher, "publish", lambda self, batch, records, positions: real(self, batch, [] if batch == 1 else records, positions))


def a_batch_is_published_twice(patch: pytest.MonkeyPatch) -> None:
    real = Publisher.publish
    patch.setattr(
        Publisher, "publish", lambda self, batch, records, positions: real(self, batch, records * 2 if batch == 1 else records, positions)
    )


def drain(world: World, spark: SparkSession) -> None:
    """Reads what is there, in this process."""
    config = read_config(world.env(MILLRACE_SPARK_MAX_OFFSETS="300"))
    assert Runner(config, spark).run(available_now=True) == 0


def red_checks(world: World) -> set[str]:
    outcome = world.outcome()
    verdicts = {
        "windows": wrong_windows(outcome, world.wanted()),
        "revisions": wrong_revisions(outcome),
        "letters": wrong_letters(outcome, world.bad),
        "late": wrong_late(outcome, world.late),
    }
    return {check for check, wrong in verdicts.items() if wrong}


@pytest.mark.parametrize(
    ("mutants", "restart", "red"),
    [
        pytest.param([wild_events_are_believed], False, {"windows", "late"}, id="f11"),
        pytest.param([ids_are_forgotten_at_a_restart], True, {"windows"}, id="f22"),
        pytest.param([dead_letters_lose_a_bit, a_batch_is_lost], False, {"letters", "windows"}, id="f12-f28"),
        pytest.param(
            [bombs_are_passed_over, late_rows_are_dropped, a_batch_is_published_twice],
            False,
            {"letters", "late", "revisions"},
            id="f13-f23-f28",
        ),
    ],
)
def test_f11_f12_f13_f22_f23_f28_the_checks_of_a_broken_job_turn_red(
    mutants: list[Break], restart: bool, red: set[str], spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several at once where no two of them concern the same check: a run takes seconds."""
    lane = f"t{uuid.uuid4().hex[:10]}"
    world = World(lane, tmp_path, prepare_lane(lane))
    try:
        for mutant in mutants:
            mutant(monkeypatch)
        first = truth.make(1, START_MS, 15, 20)
        world.send_events(deliver_badly(first, random.Random(20261120)))
        world.send_events(wild_events(2, START_MS + 48 * 60 * MINUTE))
        if restart:
            drain(world, spark)
        # Copies of what was counted, while its minutes are open.
        world.send_events(first[-60:] + truth.make(3, START_MS + 15 * MINUTE, 20, 20))
        world.send(truth.ORDERS, Row(b"k", b"\1garbage", []), "undecodable")
        world.send(
            truth.ORDERS, Row(b"k", b"\0" + world.ids[truth.ORDERS].to_bytes(4, "big") + b"\x80\x80\x80\x80\x10", []), "decode-limit"
        )
        late = truth.make(4, START_MS - 60 * MINUTE, 10, 4)
        world.send_events([(topic, event) for topic, event in late if topic == truth.ORDERS], late=True)
        drain(world, spark)
        assert red_checks(world) == red
    finally:
        remove_lane(lane)
