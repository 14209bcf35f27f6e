"""Training, measuring and registering a fraud model; the numbers are worked out by hand."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from millrace_streaming.fraud import DAY, quality
from millrace_streaming.fraud import orders as data
from millrace_streaming.fraud.orders import FraudDataError, Labels, Orders
from millrace_streaming.fraud.quality import Costs, Scored, Thresholds
from millrace_streaming.fraud.registry import ModelRegistry, ModelRegistryError
from millrace_streaming.fraud.split import Periods, known_fraud, labels_of_truth, split
from millrace_streaming.fraud.train import TrainSettings, least_cost, platt, sigmoid, train
from tests.fraud_model_data import PERIODS, made_orders

SETTINGS = TrainSettings(max_rounds=40, learning_rate=0.1, threads=1)
FRAUD = np.array([1, 0, 1, 0, 0], np.bool_)
SCORE = np.array([0.9, 0.8, 0.5, 0.5, 0.1])


def few(days: list[float], cards: list[str]) -> Orders:
    n = len(days)
    at = np.array([round(day * DAY) for day in days])
    texts = np.array(cards, dtype=object)
    return Orders(
        pa.array([str(i) for i in range(n)]), texts, at, np.full(n, 100), np.full(n, "EUR", object), None, np.zeros((n, 1)), ("f",), "1", {}
    )


def test_auc_and_average_precision_take_ties_together() -> None:
    # Pairs won: the first fraud 3 of 3; the second loses, ties and wins one: 4.5 of 6.
    assert quality.auc(FRAUD, SCORE) == pytest.approx(4.5 / 6)
    # Recall 1/2 at precision 1; the tie brings recall 1 at precision 2/4.
    assert quality.average_precision(FRAUD, SCORE) == pytest.approx(0.5 * 1 + 0.5 * 0.5)
    assert math.isnan(quality.auc(FRAUD[:1], SCORE[:1]))
    assert math.isnan(quality.average_precision(FRAUD[3:], SCORE[3:]))


def test_a_threshold_takes_what_is_at_it() -> None:
    found = quality.at_threshold(FRAUD, SCORE, 0.5)
    assert found == {"tp": 2, "fp": 2, "fn": 0, "tn": 1, "precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3)}


def test_card_precision_ranks_cards_by_their_worst_order_and_forgets_those_found() -> None:
    cards = np.array(["a", "b", "a", "c", "a", "b", "c"], dtype=object)
    days = np.array([0, 0, 0, 0, 1, 1, 1])
    fraud = np.array([0, 0, 1, 0, 1, 1, 0], np.bool_)
    score = np.array([0.1, 0.5, 0.9, 0.6, 0.9, 0.3, 0.2])
    # Day 0: a (found) and c. Day 1: a is blocked, so b (found) and c.
    assert quality.card_precision(cards, days, fraud, score, 2) == [0.5, 0.5]
    # A card may be found by an order that was not its worst.
    assert quality.card_precision(cards[:4], days[:4], np.array([1, 0, 0, 0], np.bool_), score[:4], 1) == [1.0]


def test_cost_counts_what_was_missed_stopped_and_read() -> None:
    costs = Costs(declined_share=0.1, review_minutes=6, wage_per_hour=1000, review_misses=0.5, rates={"JPY": 0.5})
    amounts = costs.amounts(np.array([100, 200, 300, 400, 1000]), np.array(["EUR", "EUR", "EUR", "EUR", "JPY"], dtype=object))
    assert amounts.tolist() == [100, 200, 300, 400, 500]
    found = quality.cost(FRAUD, SCORE, amounts, Thresholds(0.5, 0.8), costs)
    assert found == {
        "missedFraud": 150, "wronglyDeclined": 200, "reviews": 2, "reviewMinutes": 12, "total": 150 + 20 + 200,
        "totalAllowingAll": 400, "totalReviewingAll": 200 + 500,
    }  # fmt: skip


def test_calibration_and_brier() -> None:
    p = np.array([0.0, 0.0005, 0.2, 0.2, 1.0])
    fraud = np.array([0, 0, 1, 0, 1], np.bool_)
    assert quality.brier(fraud, p) == pytest.approx((0.0005**2 + 0.8**2 + 0.2**2) / 5)
    assert [(b["from"], b["orders"], b["predicted"], b["observed"]) for b in quality.calibration(fraud, p)] == [
        (0.0, 2, pytest.approx(0.00025), 0), (0.1, 2, pytest.approx(0.2), 0.5), (0.9, 1, 1, 1),
    ]  # fmt: skip


def test_psi_sees_shifts_and_what_became_unknown() -> None:
    values = np.arange(100.0)
    reference = quality.reference_bins(values, 2)
    assert reference == {"edges": [50.0], "shares": [0.51, 0.49, 0.0]}
    assert quality.psi(reference, values) == 0
    moved = np.where(values < 51, values, np.nan)
    assert quality.psi(reference, moved) == pytest.approx((1e-4 - 0.49) * math.log(1e-4 / 0.49) + (0.49 - 1e-4) * math.log(0.49 / 1e-4))
    assert quality.reference_bins(np.full(3, np.nan)) == {"edges": [], "shares": [0.0, 1.0]}


def test_scenarios_and_segments_have_their_own_numbers() -> None:
    scored = Scored(
        FRAUD, SCORE, np.array([1000.0, 3000, 3000, 30000, 30000]), np.array(list("abcde"), dtype=object), np.zeros(5, np.int64),
        np.array(["x", None, "y", None, None], dtype=object), np.array(["DE", "DE", None, "FR", "FR"], dtype=object),
    )  # fmt: skip
    found = quality.report(scored, Thresholds(0.5, 0.8), Costs(), 2)
    assert {name: (s["orders"], s["frauds"], s["auc"], s["declineRecall"]) for name, s in found["scenarios"].items()} == {
        "x": (4, 1, 1.0, 1.0), "y": (4, 1, 0.5, 0.0),
    }  # fmt: skip
    assert {name: s["orders"] for name, s in found["segments"]["country"].items()} == {"None": 1, "DE": 2, "FR": 2}
    assert found["segments"]["country"]["FR"]["auc"] is None
    assert {name: s["orders"] for name, s in found["segments"]["amount"].items()} == {"under 20": 1, "20 to 50": 2, "200 and more": 2}
    json.dumps(found, allow_nan=False)


def test_only_labels_known_when_training_count_and_an_acquittal_does_not_outweigh_one() -> None:
    orders = few([0.1, 0.2, 0.3, 0.4], list("abcd"))
    labels = Labels(np.array([0, 1, 2, 0]), np.array([1, 1, 0, 0], np.bool_), np.array([5 * DAY, 5 * DAY + 1, DAY, 4 * DAY]))
    assert known_fraud(orders, labels, 5 * DAY).tolist() == [True, False, False, False]


def test_a_card_known_before_a_test_day_is_left_out_from_that_day() -> None:
    periods = Periods(0, DAY, DAY, 2 * DAY, 4 * DAY)
    orders = few([0.5, 0.9, 2.1, 2.2, 3.5, 3.6], ["a", "b", "a", "b", "b", "c"])
    labels = Labels(np.array([0, 1, 5]), np.ones(3, np.bool_), np.array([2 * DAY - 1, 2 * DAY, 9 * DAY]))
    found = split(orders, labels, periods)
    # Card a is known a moment before day 0; b at its first moment, so from day 1 on.
    assert (found.train.tolist(), found.train_fraud.tolist()) == ([0, 1], [True, True])
    assert (found.test.tolist(), found.test_days.tolist()) == ([3, 5], [0, 1])
    assert found.test_fraud.tolist() == [False, True]


def test_the_truth_teaches_only_where_asked() -> None:
    orders, labels, truth = made_orders()
    told, taught = split(orders, labels, PERIODS, truth), split(orders, None, PERIODS, truth, learn_from="truth")
    assert told.train_fraud.sum() < taught.train_fraud.sum() == truth.fraud[taught.train].sum()
    assert np.array_equal(told.test_fraud, truth.fraud[told.test])
    assert np.array_equal(known_fraud(orders, labels_of_truth(orders, truth, DAY), 2**62), truth.fraud)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"delay": 30 * DAY}, "out of order"), ({"train_from": -9 * DAY, "train_to": -8 * DAY}, "holds no orders")],
)
def test_periods_that_cannot_be(change: dict[str, int], words: str) -> None:
    orders, labels, _ = made_orders()
    with pytest.raises(FraudDataError, match=words):
        split(orders, labels, dataclasses.replace(PERIODS, **change))


def test_what_cannot_be_learned_is_said() -> None:
    orders, labels, truth = made_orders()
    with pytest.raises(FraudDataError, match="no labels"):
        split(orders, None, PERIODS)
    known = split(orders, labels, PERIODS)
    with pytest.raises(FraudDataError, match="too few frauds: 3 are known"):
        train(orders, dataclasses.replace(known, train_fraud=np.arange(len(known.train)) < 3), SETTINGS)
    with pytest.raises(FraudDataError, match="0 in it"):
        train(orders, dataclasses.replace(known, train_fraud=np.arange(len(known.train)) < 40), SETTINGS)
    blind = dataclasses.replace(orders, values=np.zeros_like(orders.values))
    with pytest.raises(FraudDataError, match="say nothing about fraud"):
        train(blind, known, SETTINGS)
    assert truth.fraud.any()


def test_platt_finds_the_log_odds_that_were_drawn_from() -> None:
    rng = np.random.default_rng(1)
    raw = rng.normal(-4, 2, 200_000)
    fraud = rng.random(len(raw)) < sigmoid(0.5 * raw - 1)
    scale, offset = platt(fraud, raw)
    assert (scale, offset) == (pytest.approx(0.5, abs=0.02), pytest.approx(-1, abs=0.05))


def test_thresholds_are_the_cheapest_of_all() -> None:
    rng = np.random.default_rng(2)
    p, amounts = np.round(rng.random(60) ** 3, 2), rng.integers(100, 9000, 60).astype(float)
    costs = Costs()

    def expected(at: Thresholds) -> float:
        declined, reviewed = p >= at.decline_at, (p >= at.review_at) & (p < at.decline_at)
        each = np.where(
            declined,
            (1 - p) * amounts * costs.declined_share,
            np.where(reviewed, p * amounts * costs.review_misses + costs.review, p * amounts),
        )
        return float(each.sum())

    cuts = [*np.unique(p), 2.0]
    cheapest = min(expected(Thresholds(review, decline)) for review in cuts for decline in cuts if review <= decline)
    assert expected(least_cost(p, amounts, costs)) == pytest.approx(cheapest)
    assert least_cost(np.zeros(3), np.ones(3), costs).review_at > 1


def test_training_is_good_repeatable_and_additive() -> None:
    orders, labels, truth = made_orders()
    known = split(orders, labels, PERIODS, truth)
    model, again = train(orders, known, SETTINGS), train(orders, known, SETTINGS)
    assert model == again
    rows = orders.values[known.test]
    assert quality.auc(known.test_fraud, model.probability(rows)) > 0.9
    assert np.allclose(model.contributions(rows).sum(axis=1) + model.base, model.log_odds(rows), atol=1e-9)
    assert max(info["num_leaves"] for info in model.booster().dump_model()["tree_info"]) <= 8


def registered(folder: Path, seed: int = 1) -> tuple[ModelRegistry, str]:
    orders, labels, truth = made_orders()
    known = split(orders, labels, PERIODS, truth)
    model = train(orders, known, dataclasses.replace(SETTINGS, seed=seed))
    p = model.probability(orders.values[known.test])
    amounts = SETTINGS.costs.amounts(orders.amounts[known.test], orders.currencies[known.test])
    scored = Scored(known.test_fraud, p, amounts, orders.cards[known.test], known.test_days, known.test_scenarios)
    registry = ModelRegistry(folder)
    return registry, registry.register(model, orders, known, quality.report(scored, model.thresholds, SETTINGS.costs))


def test_the_registry_keeps_models_and_who_has_which_role(tmp_path: Path) -> None:
    registry, first = registered(tmp_path)
    assert registered(tmp_path)[1] == first
    _, second = registered(tmp_path, seed=2)
    assert registry.holder("champion") is None
    registry.promote(first)
    registry.promote(second, "challenger")
    assert {entry.version: entry.roles for entry in registry.list()} == {first: ("champion",), second: ("challenger",)}
    registry.promote(second)
    assert (tmp_path / "champion").read_text() == second + "\n"
    assert {path.name for path in tmp_path.iterdir()} == {first, second, "champion", "challenger"}
    manifest = registry.manifest(first)
    assert manifest["reference"]["features"].keys() == set(manifest["features"])
    card = (tmp_path / first / "card.md").read_text()
    assert all(f"## {title}" in card for title in ("Intended use", "Data", "Quality", "Thresholds", "Limits")) and "| burst |" in card


def test_a_model_half_written_is_not_seen_and_an_unknown_one_not_promoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from millrace_streaming.fraud import registry as module

    def broken(_: object) -> str:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_card", broken)
        with pytest.raises(OSError, match="disk full"):
            registered(tmp_path)
    assert list(tmp_path.iterdir()) == []
    registry, version = registered(tmp_path)
    for wrong in ("0" * 12, "../" + version):
        with pytest.raises(ModelRegistryError):
            registry.promote(wrong)
    assert registry.holder("champion") is None


def write_dataset(folder: Path, columns: dict[str, pa.Array], features: list[str]) -> None:
    pq.write_table(pa.table(columns), folder / "part-0.parquet")
    (folder / "dataset.json").write_text(json.dumps({"features": features, "catalogue": "c1", "ranges": {"t": [[0, 9]]}}))


def test_a_dataset_is_read_with_its_labels_and_truth(tmp_path: Path) -> None:
    columns = {
        "orderId": pa.array(["o1", "o2"]), "customerId": pa.array(["c1", "c2"]), "cardId": pa.array(["k1", None], pa.string()),
        "occurredAt": pa.array([2, 1], pa.int64()), "amountMinor": pa.array([20, 10], pa.int64()), "currency": pa.array(["EUR", "USD"]),
        "a": pa.array([1.5, None], pa.float64()),
    }  # fmt: skip
    folder = tmp_path / "data"
    folder.mkdir()
    write_dataset(folder, columns, ["a"])
    orders = data.read_orders(folder)
    assert (orders.ids.to_pylist(), orders.cards.tolist(), orders.amounts.tolist()) == (["o2", "o1"], ["c2", "k1"], [10, 20])
    assert np.isnan(orders.values[0, 0]) and orders.values[1, 0] == 1.5

    said = {"orderId": ["o1", "other"], "fraud": [True, True], "labelledAt": [7, 8], "kind": ["CHARGEBACK", "VERDICT"]}
    pq.write_table(pa.table(said), tmp_path / "labels.parquet")
    labels = data.read_labels(tmp_path / "labels.parquet", orders)
    assert (labels.rows.tolist(), labels.fraud.tolist(), labels.known_at.tolist()) == ([1], [True], [7])

    pq.write_table(pa.table({"orderId": ["o1", "o2"], "fraud": [True, False], "scenario": ["x", None]}), tmp_path / "truth.parquet")
    truth = data.read_truth(tmp_path / "truth.parquet", orders)
    assert (truth.fraud.tolist(), truth.scenarios.tolist()) == ([False, True], [None, "x"])
    pq.write_table(pa.table({"orderId": ["o1"], "fraud": [True], "scenario": ["x"]}), tmp_path / "less.parquet")
    with pytest.raises(FraudDataError, match="lacks 1 of 2"):
        data.read_truth(tmp_path / "less.parquet", orders)

    write_dataset(folder, columns, ["a", "b"])
    with pytest.raises(FraudDataError, match="missing columns: b"):
        data.read_orders(folder)
    with pytest.raises(FraudDataError, match=r"dataset\.json"):
        data.read_orders(tmp_path)
