"""`millrace fraud …` on a lane with planted fraud: train, compare, publish, and the job that takes the model over."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from millrace_streaming.contracts import LABELS, ORDERS
from millrace_streaming.fraud.features import NAMES
from millrace_streaming.fraud.registry import ModelRegistry
from tests.stream.fraud_lane import DAY, START_MS, Event, Lane, final, fraud_lane, label, order

RULES = """
version: 1
rules:
  - id: strange-device
    when: device_customers_30d >= 3 && card_customers_30d >= 2
    decision: REVIEW
    score: 0.5
    reason: "{device_customers_30d} customers with this device"
"""
WORSE = """
version: 2
rules:
  - id: everybody
    when: amount >= 0
    decision: DECLINE
    score: 0.99
    reason: all are refused
"""


def planted(orders: int) -> list[tuple[str, Event]]:
    """Three weeks; thieves use strangers' cards from few devices, and the bank says so within three days."""
    rng = random.Random(5)
    events: list[tuple[str, Event]] = []
    for n in range(orders):
        at = START_MS + n * 21 * DAY // orders
        thief = rng.random() < 0.08
        customer = rng.randrange(orders // 5)
        card = rng.randrange(orders // 5) if thief else customer
        device = 100_000 + rng.randrange(6) if thief and rng.random() < 0.9 else customer
        events.append((ORDERS, order(rng, f"o{n}", "PLACED", at, customer, card, device)))
        if thief and rng.random() < 0.9:
            events.append((LABELS, label(f"l{n}", f"o{n}", at + rng.randrange(DAY // 2, 3 * DAY), True)))
    return sorted(events, key=lambda item: int(item[1]["occurredAt"]))


@pytest.fixture(scope="module")
def lane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lane]:
    with fraud_lane(tmp_path_factory.mktemp("fraud")) as made:
        made.extra["MILLRACE_FRAUD_RULES"] = str(made.home / "rules.yaml")
        (made.home / "rules.yaml").write_text(RULES)
        made.send(planted(3_000))
        yield made


@pytest.fixture(scope="module")
def trained(lane: Lane) -> dict[str, Any]:
    done = fraud(lane, "train", "--delay", "3d", "--test", "5d", "--promote", "--json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def fraud(lane: Lane, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "millrace_streaming.jobs.fraud", *words]
    return subprocess.run(command, env=lane.env(), capture_output=True, text=True, timeout=300, check=False)


def test_a_model_is_trained_measured_and_described(lane: Lane, trained: dict[str, Any]) -> None:
    overall = trained["quality"]["overall"]
    assert overall["orders"] > 500 and overall["averagePrecision"] > 0.7
    folder = Path(trained["folder"])
    card = (folder / "card.md").read_text()
    assert trained["version"] in card and "Calibration" in card
    assert trained["version"] in fraud(lane, "models").stdout


def test_the_job_scores_with_it_as_lightgbm_does(lane: Lane, trained: dict[str, Any]) -> None:
    with lane.job() as process:
        scores = final(lane.scores(lambda found: len(final(found)) == 3_000))
        process.terminate()
        assert process.wait(60) == 0, lane.logs()
    import lightgbm

    folder = Path(trained["folder"])
    manifest = ModelRegistry(folder.parent).manifest(trained["version"])
    rows = list(scores.values())
    values = np.array([[np.nan if s["features"][name] is None else s["features"][name] for name in NAMES] for s in rows])
    raw = lightgbm.Booster(model_file=str(folder / "model.txt")).predict(values, pred_contrib=True)
    parts = manifest["scale"] * np.asarray(raw)[:, :-1]
    log_odds = manifest["base"] + parts.sum(axis=1)
    assert np.allclose([s["modelScore"] for s in rows], 1 / (1 + np.exp(-log_odds)), atol=1e-9)
    for score, part in zip(rows, parts, strict=True):
        assert not score["degraded"] and score["versions"]["model"] == trained["version"]
        told = {name: score["contributions"].get(name, 0.0) for name in NAMES}
        assert np.allclose(list(told.values()), part, atol=1e-9)
        assert abs(score["contributions"]["base"] - manifest["base"]) < 1e-9
    caught = [s for s in rows if s["decision"] != "ALLOW"]
    assert caught and all(s["reasons"] for s in caught)


def test_the_same_twice_differs_in_nothing(lane: Lane, trained: dict[str, Any]) -> None:
    said = json.loads(fraud(lane, "compare", "current", "current", "--json").stdout)
    assert said["flips"] == {"total": 0} and said["a"] == said["b"] and not said["worse"]
    assert said["orders"] == 3_000 and said["basis"] == "labels"


def test_worse_rules_are_not_published_unless_forced(lane: Lane, trained: dict[str, Any]) -> None:
    rules, worse = lane.home / "rules.yaml", lane.home / "worse.yaml"
    worse.write_text(WORSE)
    refused = fraud(lane, "compare", "current", str(worse), "--publish", "--json")
    said = json.loads(refused.stdout)
    assert refused.returncode == 1 and "--force" in refused.stderr and rules.read_text() == RULES
    assert said["worse"] and said["flips"]["ALLOW to DECLINE"] > 2_000 and said["b"]["recall"] == 1.0
    assert said["b"]["moneyWronglyStopped"] > 0 and said["rules"]["everybody"]["b"]["hits"] == 3_000
    forced = fraud(lane, "compare", "current", str(worse), "--publish", "--force", "--json")
    assert forced.returncode == 0 and rules.read_text() == WORSE
    shutil.copyfile(worse, rules)
    better = lane.home / "better.yaml"
    better.write_text(RULES)
    published = fraud(lane, "compare", "current", str(better), "--publish", "--json")
    assert published.returncode == 0 and rules.read_text() == RULES


def test_what_cannot_be_done_is_said_in_a_line(lane: Lane) -> None:
    broken = lane.home / "broken.yaml"
    broken.write_text(RULES.replace("device_customers_30d >= 3", "device_customer_30d >= 3"))
    done = fraud(lane, "compare", "current", str(broken))
    assert done.returncode == 1 and "broken.yaml: 5:11" in done.stderr and "device_customers_30d" in done.stderr
    done = fraud(lane, "compare", "current", "0123456789ab")
    assert done.returncode == 1 and "neither a file of rules nor a model" in done.stderr
    done = fraud(lane, "train", "--delay", "14d", "--test", "14d", "--dataset", str(lane.home / "dataset"))
    assert done.returncode == 1 and "--delay" in done.stderr.splitlines()[-1]
