"""Training: LightGBM with small trees, so that the JVM can tabulate exact contributions; probabilities by Platt scaling."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import lightgbm as lgb
import numpy as np

from .orders import Flags, Floats, FraudDataError, Orders
from .quality import Costs, Thresholds, log_loss
from .split import Split

LEAVES = 8


@dataclass(frozen=True)
class TrainSettings:
    """Defaults suit about a week to some months of orders."""

    learning_rate: float = 0.03
    max_rounds: int = 400
    round_step: int = 10
    """The number of rounds is chosen among multiples of this."""
    min_leaf: int = 20
    """Orders in a leaf at least."""
    l2: float = 1.0
    feature_share: float = 0.3
    """Share of the features that each tree may use."""
    fraud_weights: tuple[float, ...] = (1.0, 5.0)
    """How often a fraud counts; the one with the least loss in the validation tail is taken."""
    tail_share: float = 0.3
    """Last part of the training orders, to choose and calibrate with."""
    least_frauds: int = 30
    """Known frauds needed in the training period, and a third of it on either side of the tail."""
    seed: int = 20_261_120
    threads: int = 2
    costs: Costs = field(default_factory=Costs)


@dataclass(frozen=True)
class Model:
    """A trained model: log-odds of fraud = scale * raw score + offset."""

    text: str
    """LightGBM's own format."""
    features: tuple[str, ...]
    scale: float
    offset: float
    base: float
    """Log-odds before any feature is known; what the contributions add to."""
    thresholds: Thresholds
    chosen: dict[str, Any]
    """Settings and choices, for the manifest."""

    def booster(self) -> lgb.Booster:
        """The trees."""
        return lgb.Booster(model_str=self.text)

    def log_odds(self, values: Floats) -> Floats:
        """(n,) of rows (n, f)."""
        return self.scale * _raw(self.booster(), values) + self.offset

    def probability(self, values: Floats) -> Floats:
        """(n,) probability of fraud of rows (n, f)."""
        return sigmoid(self.log_odds(values))

    def contributions(self, values: Floats) -> Floats:
        """(n, f) log-odds that each feature adds; with `base` they sum to the log-odds."""
        return self.scale * np.asarray(self.booster().predict(values, pred_contrib=True, num_threads=1))[:, :-1]


def sigmoid(log_odds: Floats) -> Floats:
    """Probability of log-odds, without overflow."""
    return np.asarray(np.exp(-np.logaddexp(0, -log_odds)))


def train(orders: Orders, split: Split, settings: TrainSettings | None = None) -> Model:
    """Chooses weight and rounds on the tail of the training period, calibrates there, then fits the whole period.

    Throws FraudDataError where too few frauds are known.
    """
    settings = settings or TrainSettings()
    values, fraud = orders.values_of(split.train), split.train_fraud
    cut = len(fraud) - round(len(fraud) * settings.tail_share)
    _check_frauds(fraud, cut, settings)
    tail, tail_fraud = values[cut:], fraud[cut:]
    trials = [_try(values[:cut], fraud[:cut], tail, tail_fraud, orders.features, weight, settings) for weight in settings.fraud_weights]
    best = min(trials, key=lambda trial: trial.loss)
    tail_rows = split.train[cut:]
    amounts = settings.costs.amounts(orders.amounts[tail_rows], orders.currencies[tail_rows])
    thresholds = least_cost(sigmoid(best.scale * best.raw + best.offset), amounts, settings.costs)
    booster = _fit(values, fraud, orders.features, best.weight, best.rounds, settings)
    text = booster.model_to_string()
    expected = float(np.asarray(lgb.Booster(model_str=text).predict(values[:1], pred_contrib=True, num_threads=1))[0, -1])
    return Model(
        text=text,
        features=orders.features,
        scale=best.scale,
        offset=best.offset,
        base=best.scale * expected + best.offset,
        thresholds=thresholds,
        chosen={
            "settings": asdict(settings),
            "rounds": best.rounds,
            "fraudWeight": best.weight,
            "tailLogLoss": best.loss,
            "tailOrders": len(tail_fraud),
            "tailFrauds": int(tail_fraud.sum()),
            "trainOrders": len(fraud),
            "trainFrauds": int(fraud.sum()),
        },
    )


def _check_frauds(fraud: Flags, cut: int, settings: TrainSettings) -> None:
    before, after = int(fraud[:cut].sum()), int(fraud[cut:].sum())
    least = settings.least_frauds
    if before + after < least:
        raise FraudDataError(f"too few frauds: {before + after} are known in the training period, {least} are needed")
    if min(before, after) * 3 < least:
        raise FraudDataError(f"too few frauds: {before} before the validation tail, {after} in it; a third of {least} is needed in each")


@dataclass(frozen=True)
class _Trial:
    weight: float
    rounds: int
    loss: float
    scale: float
    offset: float
    raw: Floats


def _try(
    values: Floats, fraud: Flags, tail: Floats, tail_fraud: Flags, names: tuple[str, ...], weight: float, settings: TrainSettings
) -> _Trial:
    """The number of rounds whose calibrated probabilities fit the tail best. Being calibrated, other weights compare with it."""
    booster = _fit(values, fraud, names, weight, settings.max_rounds, settings)
    raw = np.zeros(len(tail))
    best: _Trial | None = None
    for start in range(0, settings.max_rounds, settings.round_step):
        raw = raw + np.asarray(
            booster.predict(tail, raw_score=True, start_iteration=start, num_iteration=settings.round_step, num_threads=1)
        )
        scale, offset = platt(tail_fraud, raw)
        loss = log_loss(tail_fraud, scale * raw + offset)
        if best is None or loss < best.loss:
            best = _Trial(weight, start + settings.round_step, loss, scale, offset, raw)
    if best is None or best.scale <= 0:
        raise FraudDataError("the features say nothing about fraud: scores and frauds of the validation tail do not go together")
    return best


def _fit(values: Floats, fraud: Flags, names: tuple[str, ...], weight: float, rounds: int, settings: TrainSettings) -> lgb.Booster:
    parameters = {
        "objective": "binary",
        "num_leaves": LEAVES,
        "learning_rate": settings.learning_rate,
        "min_data_in_leaf": settings.min_leaf,
        "lambda_l2": settings.l2,
        "feature_fraction": settings.feature_share,
        "scale_pos_weight": weight,
        "seed": settings.seed,
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": settings.threads,
        "verbose": -1,
    }
    # LightGBM forbids some characters in names, and the manifest has the names.
    columns = [f"f{i}" for i in range(len(names))]
    return lgb.train(parameters, lgb.Dataset(values, fraud.astype(np.float64), feature_name=columns), rounds)


def _raw(booster: lgb.Booster, values: Floats) -> Floats:
    return np.asarray(booster.predict(values, raw_score=True, num_threads=1))


def platt(fraud: Flags, raw: Floats) -> tuple[float, float]:
    """Scale and offset of the log-odds that fit best, by Newton's method with Platt's smoothed targets; raw scores (n,)."""
    frauds = int(fraud.sum())
    honest = len(fraud) - frauds
    target = np.where(fraud, (frauds + 1) / (frauds + 2), 1 / (honest + 2))
    mean, spread = float(raw.mean()), float(raw.std()) or 1.0
    inputs = np.column_stack([(raw - mean) / spread, np.ones(len(raw))])
    weights = np.array([0.0, float(np.log((frauds + 1) / (honest + 1)))])
    loss = log_loss(target, inputs @ weights)
    for _ in range(100):
        p = sigmoid(inputs @ weights)
        gradient = inputs.T @ (p - target)
        hessian = (inputs * (p * (1 - p))[:, None]).T @ inputs + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while (better := log_loss(target, inputs @ (weights - size * step))) > loss and size > 1e-6:
            size /= 2
        if better >= loss:
            break
        weights, gain, loss = weights - size * step, loss - better, better
        if gain < 1e-14:
            break
    return float(weights[0] / spread), float(weights[1] - weights[0] * mean / spread)


def least_cost(probability: Floats, amounts: Floats, costs: Costs) -> Thresholds:
    """The two thresholds with the least expected cost over these orders, both (n,), amounts in the shop's currency.

    Expected under the probabilities: the few frauds themselves would make the choice a matter of luck.
    """
    order = np.argsort(-probability, kind="stable")
    p, amount = probability[order], amounts[order]
    allow = _sums(p * amount)
    review = _sums(p * amount * costs.review_misses + costs.review)
    decline = _sums((1 - p) * amount * costs.declined_share)
    # Orders [0, j) are declined, [j, i) reviewed, the rest allowed; only between different probabilities can a threshold lie.
    cuts = np.flatnonzero(np.r_[True, np.diff(p) != 0, True])
    first = (decline - review)[cuts]
    best_first = np.minimum.accumulate(first)
    i = int(np.argmin(best_first + (review - allow)[cuts]))
    j = int(np.argmin(first[: i + 1]))
    return Thresholds(_between(p, int(cuts[i])), _between(p, int(cuts[j])))


def _sums(costs: Floats) -> Floats:
    return np.concatenate([np.zeros(1), np.cumsum(costs)])


def _between(p: Floats, cut: int) -> float:
    """A threshold that takes the first `cut` orders."""
    if cut == 0:
        return float(np.nextafter(1.0, 2.0))
    return float((p[cut - 1] + p[cut]) / 2) if cut < len(p) else 0.0
