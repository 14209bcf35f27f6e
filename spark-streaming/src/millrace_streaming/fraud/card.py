"""The card of a model: its manifest for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import DAY

_SUMMARY = ("orders", "frauds", "auc", "averagePrecision", "reviewRecall", "declineRecall", "honestStopped")
_HEAD = ("orders", "frauds", "AUC", "average precision", "recall at review", "recall at decline", "honest stopped")


def write_card(manifest: Mapping[str, Any]) -> str:
    """Markdown; of the numbers none that the manifest does not have."""
    training, periods, quality = manifest["training"], manifest["periods"], manifest["quality"]
    costs, thresholds = training["settings"]["costs"], manifest["thresholds"]
    overall = quality["overall"]
    daily = overall["cardPrecision"]
    cost = overall["cost"]
    parts = [
        f"# Fraud model {manifest['version']}",
        f"Made {manifest['createdAt']} from feature catalogue {manifest['catalogue']}.",
        "## Intended use",
        "Estimates, when an order is placed, the probability that it is fraud, and says how much each feature adds to the log-odds. "
        "To allow, review or decline orders of the shop it was trained on; not to judge people, and not for other shops.",
        "## Data",
        _table(
            ("period", "from", "to"),
            [("training", periods["train_from"], periods["train_to"]), ("test", periods["test_from"], periods["test_to"])],
        ),
        f"{training['trainOrders']} orders to train with, {training['trainFrauds']} of them known as fraud {periods['delay'] / DAY:g} days "
        f"after the period; the last {training['tailOrders']}, with {training['tailFrauds']} frauds, chose {training['rounds']} rounds and "
        f"fraud weight {training['fraudWeight']:g}, and calibrated. Orders nobody complained about count as honest.",
        "## Quality in the test period",
        "Without cards known to be compromised before the day.",
        _summaries("", {"all": overall}),
        f"Card precision at {daily['k']}: {_number(daily['mean'])} a day. Brier score: {_number(overall['brier'])}.",
    ]
    if quality["scenarios"]:
        parts += ["### By scenario", "Frauds of the scenario against all honest orders.", _summaries("scenario", quality["scenarios"])]
    for name, groups in quality["segments"].items():
        parts += [f"### By {name}", _summaries(name, groups)]
    bands = [(f"{b['from']} to {b['to']}", b["orders"], b["predicted"], b["observed"]) for b in quality["calibration"]]
    parts += [
        "### Calibration",
        _table(("probability", "orders", "predicted", "observed"), bands),
        "## Thresholds",
        f"Review from {thresholds['review_at']:.4f}, decline from {thresholds['decline_at']:.4f} (above 1: never): the least expected "
        f"cost on the validation tail, where a fraud missed costs its amount, an honest order declined {costs['declined_share']:.0%} of "
        f"it, a review {costs['review_minutes']:g} minutes at {costs['wage_per_hour'] / 100:.2f} an hour, and reviewers miss "
        f"{costs['review_misses']:.0%}.",
        _table(
            ("in the test period", "minor units"),
            [
                ("fraud missed", cost["missedFraud"]),
                ("honest orders declined, amount", cost["wronglyDeclined"]),
                (f"{cost['reviews']} reviews, minutes", cost["reviewMinutes"]),
                ("cost", cost["total"]),
                ("cost if all were allowed", cost["totalAllowingAll"]),
                ("cost if all were reviewed", cost["totalReviewingAll"]),
            ],
        ),
        "## Features that matter most",
        _table(("feature", "gain"), list(manifest["gain"].items())[:20]),
        "## Limits",
        "\n".join(
            [
                "- It knows the frauds that were complained about or found, mistakes included; fraud nobody noticed counts as honest.",
                "- Declined orders get no label: a model in force changes what the next one can learn.",
                "- A scenario with few frauds in the training period is hardly learned; the tables above say how many were there to test.",
                "- Probabilities were calibrated on the validation tail, before fitting the whole period; when fraud becomes more "
                "frequent or rarer, they are off. The manifest has reference bins to compare later values with.",
                "- A contribution says what moved the score, not what caused the fraud; features that go together share it.",
            ]
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _summaries(name: str, groups: Mapping[str, Mapping[str, Any]]) -> str:
    return _table((name, *_HEAD), [(group or "unknown", *(summary[key] for key in _SUMMARY)) for group, summary in groups.items()])


def _table(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(_number(cell) for cell in line) + " |" for line in lines)


def _number(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return str(value).replace("|", "\\|")
