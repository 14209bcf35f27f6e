"""How good scores are. Exact for ties: equal scores are taken together, as scikit-learn does. What is not defined is NaN."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .orders import Flags, Floats, Longs, Texts

NAN = float("nan")
CALIBRATION_EDGES = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)


@dataclass(frozen=True)
class Costs:
    """What a wrong or slow decision costs, in minor units of the shop's currency."""

    declined_share: float = 0.15
    """Share of the amount that is lost when an honest order is declined: margin, and customers who do not come back."""
    review_minutes: float = 5.0
    wage_per_hour: float = 3_000.0
    review_misses: float = 0.04
    """Share of the frauds that a reviewer lets through."""
    rates: Mapping[str, float] = field(default_factory=dict)
    """Minor units of the shop's currency for one of another; a currency not named counts as the shop's."""

    @property
    def review(self) -> float:
        """One review."""
        return self.review_minutes / 60 * self.wage_per_hour

    def amounts(self, amounts: Longs, currencies: Texts) -> Floats:
        """(n,) in the shop's currency."""
        return np.asarray(amounts * np.fromiter((self.rates.get(c, 1.0) for c in currencies), np.float64, len(amounts)), np.float64)


@dataclass(frozen=True)
class Thresholds:
    """From which probability an order is reviewed and declined; `review_at <= decline_at`, and above 1 means never."""

    review_at: float
    decline_at: float


def _steps(fraud: Flags, score: Floats) -> tuple[Longs, Longs]:
    """Frauds and orders at or above each distinct score, from the highest on."""
    order = np.argsort(-score, kind="stable")
    last = np.flatnonzero(np.r_[np.diff(score[order]) != 0, True]) if len(order) else order
    return np.cumsum(fraud[order], dtype=np.int64)[last], np.asarray(last + 1, np.int64)


def auc(fraud: Flags, score: Floats) -> float:
    """Chance that a fraud scores above an honest order, ties counted half."""
    frauds, taken = _steps(fraud, score)
    if not fraud.any() or fraud.all():
        return NAN
    found = np.r_[0, frauds].astype(np.float64)
    stopped = np.r_[0, taken - frauds].astype(np.float64)
    return float(np.sum(np.diff(stopped) * (found[1:] + found[:-1]) / 2) / (found[-1] * stopped[-1]))


def average_precision(fraud: Flags, score: Floats) -> float:
    """Precision at each distinct score, weighted with the recall it adds; not interpolated."""
    if not fraud.any():
        return NAN
    frauds, taken = _steps(fraud, score)
    return float(np.sum(np.diff(np.r_[0, frauds]) * frauds / taken) / frauds[-1])


def at_threshold(fraud: Flags, score: Floats, threshold: float) -> dict[str, float]:
    """Counts, precision, recall and F1 of taking every order at or above the threshold."""
    return confusion(fraud, score >= threshold)


def confusion(fraud: Flags, taken: Flags) -> dict[str, float]:
    """Counts, precision, recall and F1 of the orders taken."""
    tp, fp = int(np.sum(taken & fraud)), int(np.sum(taken & ~fraud))
    fn = int(np.sum(fraud)) - tp
    return {
        "tp": tp,
        "fp": fp,
        "fn": fn,
        "tn": len(fraud) - tp - fp - fn,
        "precision": tp / (tp + fp) if tp + fp else NAN,
        "recall": tp / (tp + fn) if tp + fn else NAN,
        "f1": 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else NAN,
    }


def card_precision(cards: Texts, days: Longs, fraud: Flags, score: Floats, k: int = 100) -> list[float]:
    """For each day with orders, the share of compromised cards among the k whose highest score that day is highest.

    A card found on one day is blocked, so it is left out on later ones. Of equal scores the card seen first counts.
    """
    found: set[Any] = set()
    precisions = []
    for day in np.unique(days):
        worst: dict[Any, tuple[float, bool]] = {}
        for i in np.flatnonzero(days == day):
            card = cards[i]
            if card not in found:
                top, bad = worst.get(card, (-math.inf, False))
                worst[card] = (max(top, float(score[i])), bad or bool(fraud[i]))
        first = sorted(worst, key=lambda card: -worst[card][0])[:k]
        hits = [card for card in first if worst[card][1]]
        precisions.append(len(hits) / k)
        found.update(hits)
    return precisions


def brier(fraud: Flags, probability: Floats) -> float:
    """Mean squared difference of probability and outcome."""
    return float(np.mean((probability - fraud) ** 2)) if len(fraud) else NAN


def log_loss(fraud: Flags | Floats, log_odds: Floats) -> float:
    """Mean negative log-likelihood of the outcomes, from log-odds, so that none is infinite."""
    return float(np.mean(np.logaddexp(0, log_odds) - fraud * log_odds))


def calibration(fraud: Flags, probability: Floats) -> list[dict[str, float]]:
    """By band of probability: orders, mean probability, share of fraud. Empty bands are left out."""
    band = np.clip(np.searchsorted(CALIBRATION_EDGES, probability, side="right") - 1, 0, len(CALIBRATION_EDGES) - 2)
    rows = []
    for i in np.unique(band):
        of = band == i
        rows.append(
            {
                "from": CALIBRATION_EDGES[i],
                "to": CALIBRATION_EDGES[i + 1],
                "orders": int(of.sum()),
                "predicted": float(probability[of].mean()),
                "observed": float(fraud[of].mean()),
            }
        )
    return rows


def cost(fraud: Flags, probability: Floats, amounts: Floats, thresholds: Thresholds, costs: Costs) -> dict[str, float]:
    """What the decisions cost, and what allowing or reviewing everything would."""
    declined = probability >= thresholds.decline_at
    reviewed = (probability >= thresholds.review_at) & ~declined
    return {
        **decision_cost(fraud, reviewed, declined, amounts, costs),
        "totalAllowingAll": float(np.sum(amounts[fraud])),
        "totalReviewingAll": float(np.sum(amounts[fraud])) * costs.review_misses + len(fraud) * costs.review,
    }


def decision_cost(fraud: Flags, reviewed: Flags, declined: Flags, amounts: Floats, costs: Costs) -> dict[str, float]:
    """What these decisions cost; a reviewer's misses count in proportion."""
    passed = np.where(declined, 0.0, np.where(reviewed, costs.review_misses, 1.0))
    missed = float(np.sum(amounts * passed * fraud))
    stopped = float(np.sum(amounts[declined & ~fraud]))
    reviews = int(reviewed.sum())
    return {
        "missedFraud": missed,
        "wronglyDeclined": stopped,
        "reviews": reviews,
        "reviewMinutes": reviews * costs.review_minutes,
        "total": missed + stopped * costs.declined_share + reviews * costs.review,
    }


@dataclass(frozen=True)
class Scored:
    """Orders with what they were and what was said of them, all (n,)."""

    fraud: Flags
    probability: Floats
    amounts: Floats
    """In minor units of the shop's currency."""
    cards: Texts
    days: Longs
    scenarios: Texts | None = None
    countries: Texts | None = None


def report(scored: Scored, thresholds: Thresholds, costs: Costs, k: int = 100) -> dict[str, Any]:
    """Everything about a model on a test period, ready for JSON; what is not defined is null."""
    fraud, p = scored.fraud, scored.probability
    daily = card_precision(scored.cards, scored.days, fraud, p, k)
    overall = {
        **_summary(fraud, p, thresholds),
        "cardPrecision": {"k": k, "mean": float(np.mean(daily)) if daily else NAN, "daily": daily},
        "brier": brier(fraud, p),
        "atReview": at_threshold(fraud, p, thresholds.review_at),
        "atDecline": at_threshold(fraud, p, thresholds.decline_at),
        "cost": cost(fraud, p, scored.amounts, thresholds, costs),
    }
    segments = {"amount": _bands(scored.amounts)}
    if scored.countries is not None:
        segments["country"] = scored.countries
    found = {
        "overall": overall,
        "calibration": calibration(fraud, p),
        "scenarios": _by_scenario(scored, thresholds),
        "segments": {
            name: {str(value): _summary(fraud[of], p[of], thresholds) for value, of in _groups(values)} for name, values in segments.items()
        },
    }
    return dict(jsonable(found))


def _summary(fraud: Flags, p: Floats, thresholds: Thresholds) -> dict[str, float]:
    return {
        "orders": len(fraud),
        "frauds": int(fraud.sum()),
        "auc": auc(fraud, p),
        "averagePrecision": average_precision(fraud, p),
        "reviewRecall": at_threshold(fraud, p, thresholds.review_at)["recall"],
        "declineRecall": at_threshold(fraud, p, thresholds.decline_at)["recall"],
        "honestStopped": float(np.mean(p[~fraud] >= thresholds.review_at)) if not fraud.all() else NAN,
    }


def _by_scenario(scored: Scored, thresholds: Thresholds) -> dict[str, dict[str, float]]:
    """Each scenario's frauds against all honest orders."""
    if scored.scenarios is None:
        return {}
    found = {}
    names = scored.scenarios.copy()
    names[~scored.fraud] = None
    for name, of in _groups(names):
        if name is not None:
            kept = of | ~scored.fraud
            found[str(name)] = _summary(scored.fraud[kept], scored.probability[kept], thresholds)
    return found


def _groups(values: Texts) -> list[tuple[Any, Flags]]:
    """The greatest twelve groups."""
    names, counts = np.unique(np.array([str(v) if v is not None else "" for v in values], dtype=object), return_counts=True)
    largest = [str(names[i]) for i in np.argsort(-counts, kind="stable")[:12]]
    return [(name or None, np.fromiter(((v or "") == name for v in values), np.bool_, len(values))) for name in sorted(largest)]


def _bands(amounts: Floats) -> Texts:
    names = np.array(["under 20", "20 to 50", "50 to 100", "100 to 200", "200 and more"], dtype=object)
    return np.asarray(names[np.searchsorted([2_000, 5_000, 10_000, 20_000], amounts, side="right")], dtype=object)


def reference_bins(values: Floats, bins: int = 10) -> dict[str, Any]:
    """What later values are compared with: edges between quantiles, share of each bin, share unknown."""
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, np.arange(1, bins) / bins, method="higher")) if len(known) else np.empty(0)
    return {"edges": edges.tolist(), "shares": _shares(values, edges)}


def _shares(values: Floats, edges: Floats) -> list[float]:
    known = values[~np.isnan(values)]
    counts = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1)
    return [float(n) / max(len(values), 1) for n in [*counts, len(values) - len(known)]]


def psi(reference: Mapping[str, Any], values: Floats, least: float = 1e-4) -> float:
    """Population stability index of these values against a reference, unknown being a bin; shares count as at least `least`."""
    then = np.maximum(reference["shares"], least)
    now = np.maximum(_shares(values, np.asarray(reference["edges"], np.float64)), least)
    return float(np.sum((now - then) * np.log(now / then)))


def jsonable(value: Any) -> Any:
    """The same with null for what is not defined, which JSON cannot say."""
    if isinstance(value, dict):
        return {key: jsonable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [jsonable(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
