"""Synthetic orders with what a model could learn: correlated features, unknown values, late and missing labels."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from millrace_streaming.fraud import DAY
from millrace_streaming.fraud.orders import Labels, Orders, Truth
from millrace_streaming.fraud.split import Periods

PERIODS = Periods(0, 10 * DAY, 5 * DAY, 15 * DAY, 20 * DAY)


def made_orders(n: int = 8000, seed: int = 7, width: int = 12) -> tuple[Orders, Labels, Truth]:
    """Twenty days of n orders, about 3 % fraud; 80 % of it is labelled within five days."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(n, 4))
    values = hidden @ rng.normal(size=(4, width)) + 0.5 * rng.normal(size=(n, width))
    values[:, 1] = np.round(np.abs(values[:, 1]) * 2)
    values[:, 2] = np.where(rng.random(n) < 0.7, 0.0, values[:, 2])
    odds = 2.5 * hidden[:, 0] + np.where(hidden[:, 1] > 1, 3.0, 0.0) - 6.2
    fraud = rng.random(n) < 1 / (1 + np.exp(-odds))
    values[:, 3][rng.random(n) < np.where(fraud, 0.7, 0.3)] = np.nan
    values[:, 4][rng.random(n) < 0.2] = np.nan
    at = np.sort(rng.integers(0, 20 * DAY, n))
    cards = np.array([f"c{i}" for i in rng.integers(0, n // 2, n)], dtype=object)
    orders = Orders(
        pa.array([f"o{i}" for i in range(n)]), cards, at, rng.integers(500, 40_000, n), np.full(n, "EUR", object), None, values,
        tuple(f"f {i}" for i in range(width)), "test", {"shop.orders.v1": [[0, n]]},
    )  # fmt: skip
    said = np.flatnonzero(fraud & (rng.random(n) < 0.8))
    labels = Labels(said, np.ones(len(said), np.bool_), at[said] + rng.integers(0, 5 * DAY, len(said)))
    scenarios = np.where(hidden[:, 1] > 1, "burst", "slow").astype(object)
    scenarios[~fraud] = None
    return orders, labels, Truth(fraud, scenarios)
