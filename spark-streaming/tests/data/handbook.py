"""The Fraud Detection Handbook's own way from its files to its figures (chapters 3 and 4), beside what Millrace made of the same payments.

`handbook.py --files FOLDER --dataset DIR --model DIR --train DAY` prints JSON: by feature how many orders differ, whether both sides train
and test on the same orders, and the figures of the book's random forest and of the model, all measured by scikit-learn. Features are
recounted from the CSV files with numpy; of Millrace it reads what `millrace fraud train` wrote, and uses the split that command uses.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import average_precision_score, roc_auc_score

from millrace_streaming.fraud import DAY
from millrace_streaming.fraud.orders import Orders, read_labels, read_orders
from millrace_streaming.fraud.split import Periods, split

DAY_S = 86_400
WEEK = 7
"""Days of the training period, of the label delay, of the test, and of what a terminal's windows leave out."""
WINDOWS = {1: "24h", 7: "7d", 30: "30d"}
HISTORY = 37
"""Days before an order that its features look at: the longest window behind the delay."""
K = 100

Array = NDArray[Any]


@dataclass(frozen=True)
class Payments:
    """The files' rows in their order, which is that of time; n of them."""

    ids: Array
    at: Array
    """(n,) seconds."""
    customers: Array
    terminals: Array
    amounts: Array
    fraud: Array

    @property
    def days(self) -> Array:
        """(n,) days since 1970."""
        return self.at // DAY_S


def read_payments(folder: Path, first: date, days: int) -> Payments:
    """The files of so many days."""
    table = pa.concat_tables([csv.read_csv(folder / f"{first + timedelta(days=i)}.csv.gz") for i in range(days)])
    at = table["TX_DATETIME"].cast(pa.timestamp("s")).cast(pa.int64()).to_numpy()
    assert np.all(np.diff(at) >= 0)
    ids, customers, terminals, amounts, fraud = (
        table[name].to_numpy() for name in ("TRANSACTION_ID", "CUSTOMER_ID", "TERMINAL_ID", "TX_AMOUNT", "TX_FRAUD")
    )
    return Payments(ids, at, customers, terminals, amounts, fraud == 1)


def _groups(keys: Array) -> list[Array]:
    """Rows of each key, in the order of time."""
    order = np.argsort(keys, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(keys[order])) + 1)


def _sums(values: Array) -> Array:
    return np.concatenate([[0], np.cumsum(values)])


def book_features(p: Payments) -> dict[str, Array]:
    """The book's features in its order, for a forest draws columns by number, under our names; a window is open at its far end."""
    found = {"amount": p.amounts, "weekend": ((p.days + 3) % 7 >= 5) * 1.0, "night": (p.at % DAY_S < 7 * 3600) * 1.0}
    for days, name in WINDOWS.items():
        count, mean = np.zeros(len(p.at)), np.zeros(len(p.at))
        for rows in _groups(p.customers):
            at, paid = p.at[rows], _sums(p.amounts[rows])
            start, end = np.searchsorted(at, at - days * DAY_S, side="right"), np.arange(1, len(rows) + 1)
            count[rows] = end - start
            mean[rows] = (paid[end] - paid[start]) / (end - start)
        found |= {f"customer_orders_{name}": count, f"customer_mean_{name}": mean}
    for days, name in WINDOWS.items():
        count, risk = np.zeros(len(p.at)), np.zeros(len(p.at))
        for rows in _groups(p.terminals):
            at, frauds = p.at[rows], _sums(p.fraud[rows])
            start, end = (np.searchsorted(at, at - (WEEK + more) * DAY_S, side="right") for more in (days, 0))
            count[rows] = end - start
            risk[rows] = (frauds[end] - frauds[start]) / np.maximum(end - start, 1)
        found |= {f"product_settled_{name}": count, f"product_risk_{name}": risk}
    return found


def book_split(p: Payments, train_from: int) -> tuple[Array, Array]:
    """Rows to train and to test with. On each test day the customers are left out whose card was known to be compromised: by a fraud of the
    training period, or of the days since whose labels have come by then.
    """
    train = np.flatnonzero((p.days >= train_from) & (p.days < train_from + WEEK))
    known = set(p.customers[train][p.fraud[train]].tolist())
    kept = []
    for day in range(WEEK):
        told = (p.days == train_from + WEEK + day - 1) & p.fraud
        known.update(p.customers[told].tolist())
        rows = np.flatnonzero(p.days == train_from + 2 * WEEK + day)
        kept.append(rows[~np.isin(p.customers[rows], list(known))])
    return train, np.concatenate(kept)


def card_precision(p: Payments, rows: Array, score: Array) -> float:
    """Mean over the days of the share of compromised cards among the K most suspicious ones that were not found before."""
    found: set[int] = set()
    shares = []
    for day in np.unique(p.days[rows]):
        worst: dict[int, float] = {}
        bad: set[int] = set()
        for i in np.flatnonzero(p.days[rows] == day):
            card = int(p.customers[rows[i]])
            if card not in found:
                worst[card] = max(worst.get(card, 0.0), float(score[i]))
                if p.fraud[rows[i]]:
                    bad.add(card)
        caught = bad.intersection(sorted(worst, key=lambda card: -worst[card])[:K])
        shares.append(len(caught) / K)
        found |= caught
    return float(np.mean(shares))


def figures(p: Payments, rows: Array, score: Array) -> dict[str, float]:
    """Under the names that `fraud train --json` gives them."""
    return {
        "auc": float(roc_auc_score(p.fraud[rows], score)),
        "averagePrecision": float(average_precision_score(p.fraud[rows], score)),
        "cardPrecision": card_precision(p, rows, score),
    }


def forest(p: Payments, features: dict[str, Array], train: Array, test: Array) -> Array:
    """Scores of the book's random forest, which learns from its fifteen features."""
    values = np.column_stack(list(features.values()))
    model = RandomForestClassifier(random_state=0, n_jobs=-1).fit(values[train], p.fraud[train])
    return np.asarray(model.predict_proba(values[test])[:, 1])


def differences(features: dict[str, Array], period: Array, orders: Orders, rows: Array) -> dict[str, int]:
    """By feature, how many of the period's payments have another value in the dataset, where they are in these rows."""
    found = {}
    for name, values in features.items():
        ours = orders.values[rows, orders.features.index(name)]
        unit = 100 if name == "amount" or "_mean_" in name else 1
        found[name] = int(np.sum(~(np.abs(ours / unit - values[period]) <= 1e-6)))
    return found


def model_scores(folder: Path, values: Array) -> Array:
    """Probabilities by a registered model's trees, in LightGBM itself."""
    about = json.loads((folder / "manifest.json").read_text())
    raw = np.asarray(lgb.Booster(model_file=folder / "model.txt").predict(values, raw_score=True))
    return np.asarray(1 / (1 + np.exp(-(about["scale"] * raw + about["offset"]))))


def compare(files: Path, dataset: Path, model: Path, first: date) -> dict[str, Any]:
    """Three weeks from `first` on: training, label delay, test."""
    start = (first - date(1970, 1, 1)).days
    end = start + 3 * WEEK
    p = read_payments(files, first - timedelta(days=HISTORY), 3 * WEEK + HISTORY)
    features = book_features(p)
    orders = read_orders(dataset / "orders", start * DAY, end * DAY)
    period = np.flatnonzero(p.days >= start)
    rows = pc.index_in(pa.array(p.ids[period].astype(str)), value_set=orders.ids).to_numpy(zero_copy_only=False)
    assert len(orders) == len(period) and not np.isnan(rows).any(), "the dataset has other orders than the files"
    rows = np.asarray(rows, np.int64)
    places = np.empty_like(rows)
    places[rows] = period

    train, test = book_split(p, start)
    periods = Periods(*(days * DAY for days in (start, start + WEEK, WEEK, start + 2 * WEEK, end)))
    ours = split(orders, read_labels(dataset / "labels.parquet", orders), periods)
    scores = model_scores(model, orders.values[ours.test])
    return {
        "compared": len(period),
        "different": differences(features, period, orders, rows),
        "sameTraining": _same(p, train, places[ours.train], ours.train_fraud),
        "sameTest": _same(p, test, places[ours.test], ours.test_fraud),
        "test": {"orders": len(test), "frauds": int(p.fraud[test].sum())},
        "forest": figures(p, test, forest(p, features, train, test)),
        "millrace": figures(p, places[ours.test], scores),
    }


def _same(p: Payments, book: Array, ours: Array, fraud: Array) -> bool:
    return np.array_equal(book, np.sort(ours)) and np.array_equal(p.fraud[ours], fraud)


def main() -> None:
    """Prints the comparison."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=Path, required=True, help="folder of the daily files")
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--train", type=date.fromisoformat, required=True, help="first day of the training week")
    given = parser.parse_args()
    sys.stdout.write(json.dumps(compare(given.files, given.dataset, given.model, given.train)) + "\n")


if __name__ == "__main__":
    main()
