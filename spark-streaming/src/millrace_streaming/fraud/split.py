"""Training and test by time, with the labels that were known, as the Fraud Detection Handbook does it (chapter 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from . import DAY
from .orders import Flags, FraudDataError, Labels, Longs, Orders, Texts, Truth


@dataclass(frozen=True)
class Periods:
    """Half-open periods of event time, in ms UTC."""

    train_from: int
    train_to: int
    delay: int
    """How long labels are waited for after the training period."""
    test_from: int
    test_to: int

    @property
    def as_of(self) -> int:
        """The moment of training: what became known later is not used."""
        return self.train_to + self.delay

    def check(self) -> None:
        """Throws FraudDataError for periods which run backwards or would test on what was trained with."""
        if not (self.train_from < self.train_to and self.delay >= 0 and self.as_of <= self.test_from <= self.test_to):
            raise FraudDataError(f"periods out of order: training, label delay, test must follow each other: {self}")


@dataclass(frozen=True)
class Split:
    """Rows of `Orders` to train with and to test with."""

    periods: Periods
    train: Longs
    train_fraud: Flags
    """As known when training; what nobody complained about counts as honest."""
    test: Longs
    """Without the cards known to be compromised before the order's day."""
    test_fraud: Flags
    """The truth where it is given, else what ever became known."""
    test_scenarios: Texts | None
    """Where the truth is given."""
    test_days: Longs
    """Day of the test period, from 0."""


def known_fraud(orders: Orders, labels: Labels, as_of: int) -> Flags:
    """(n,) orders with a label of fraud known at that moment; a verdict of honest does not outweigh it."""
    fraud = np.zeros(len(orders), np.bool_)
    fraud[labels.rows[labels.fraud & (labels.known_at <= as_of)]] = True
    return fraud


def labels_of_truth(orders: Orders, truth: Truth, delay: int) -> Labels:
    """The truth as labels that became known after exactly the delay; for tests and yardsticks."""
    rows = np.flatnonzero(truth.fraud)
    return Labels(rows, np.ones(len(rows), np.bool_), orders.occurred_at[rows] + delay)


def split(
    orders: Orders,
    labels: Labels | None,
    periods: Periods,
    truth: Truth | None = None,
    *,
    learn_from: Literal["labels", "truth"] = "labels",
) -> Split:
    """Throws FraudDataError where a period holds no order or the labels are missing."""
    periods.check()
    if learn_from == "truth":
        if truth is None:
            raise FraudDataError("no truth to learn from")
        labels = labels_of_truth(orders, truth, periods.delay)
    if labels is None or not len(labels.rows):
        raise FraudDataError("no labels: nothing is known about these orders")
    train = _within(orders, periods.train_from, periods.train_to)
    if not len(train):
        raise FraudDataError("the training period holds no orders")
    fraud = truth.fraud if truth is not None else known_fraud(orders, labels, np.iinfo(np.int64).max)
    test, days = _test(orders, labels, periods)
    return Split(
        periods,
        train,
        known_fraud(orders, labels, periods.as_of)[train],
        test,
        fraud[test],
        truth.scenarios[test] if truth is not None else None,
        days,
    )


def _test(orders: Orders, labels: Labels, periods: Periods) -> tuple[Longs, Longs]:
    """A card is compromised once a fraud on it since the training began is known: the shop has blocked it, there is nothing to find."""
    rows = _within(orders, periods.test_from, periods.test_to)
    days = (orders.occurred_at[rows] - periods.test_from) // DAY
    told = labels.fraud & (orders.occurred_at[labels.rows] >= periods.train_from)
    known: dict[object, int] = {}
    for row, at in zip(labels.rows[told], labels.known_at[told], strict=True):
        card = orders.cards[row]
        known[card] = min(int(at), known.get(card, int(at)))
    never = np.iinfo(np.int64).max
    known_at = np.fromiter((known.get(card, never) for card in orders.cards[rows]), np.int64, len(rows))
    kept = known_at >= periods.test_from + days * DAY
    return rows[kept], days[kept]


def _within(orders: Orders, start: int, end: int) -> Longs:
    first, last = np.searchsorted(orders.occurred_at, [start, end])
    return np.arange(first, last)
