"""What-if: two ways to score over the same orders, and which is worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from . import DAY, DECISIONS
from .orders import Flags, Floats, Texts
from .quality import Costs, average_precision, confusion, decision_cost, jsonable


@dataclass(frozen=True)
class Compared:
    """Orders with what each side said of them, all (n,)."""

    ids: Texts
    occurred_at: Floats
    amounts: Floats
    """In minor units of the shop's currency."""
    fraud: Flags
    scenarios: Texts | None
    """Where the truth is known."""
    scores: tuple[Floats, Floats]
    decisions: tuple[Texts, Texts]
    rules: tuple[list[list[str]], list[list[str]]]


def read_compared(table: pa.Table, fraud: Mapping[str, str | None], costs: Costs, truth: bool) -> Compared:
    """From the rows of `extract.features` with the variants `a` and `b`; `fraud`: scenario by id of the orders that are fraud."""
    ids = table["orderId"].to_numpy(zero_copy_only=False).astype(object)
    amounts = costs.amounts(
        np.asarray(table["amountMinor"].to_numpy(), np.int64), table["currency"].to_numpy(zero_copy_only=False).astype(object)
    )
    known = np.fromiter((name in fraud for name in ids), np.bool_, len(ids))
    scenarios = np.array([fraud.get(name) for name in ids], dtype=object) if truth else None
    sides = [
        (
            np.asarray(table[f"score_{name}"].to_numpy(), np.float64),
            table[f"decision_{name}"].to_numpy(zero_copy_only=False).astype(object),
            table[f"rules_{name}"].to_pylist(),
        )
        for name in ("a", "b")
    ]
    at = np.asarray(table["occurredAt"].to_numpy(), np.float64)
    (sa, da, ra), (sb, db, rb) = sides
    return Compared(ids, at, amounts, known, scenarios, (sa, sb), (da, db), (ra, rb))


def report(compared: Compared, costs: Costs, examples: int = 20) -> dict[str, Any]:
    """Everything that differs, ready for JSON; money in minor units of the shop's currency."""
    sides = [_side(compared, i, costs) for i in (0, 1)]
    (a, b), n = compared.decisions, len(compared.ids)
    flips = Counter(f"{x} to {y}" for x, y in zip(a, b, strict=True) if x != y)
    differing = np.flatnonzero(a != b)
    dearest = differing[np.argsort(-compared.amounts[differing], kind="stable")][:examples]
    caught = [np.isin(decisions, DECISIONS[1:]) for decisions in (a, b)]
    money = compared.amounts * compared.fraud
    return {
        "orders": n,
        "frauds": int(compared.fraud.sum()),
        "from": int(compared.occurred_at.min()) if n else None,
        "to": int(compared.occurred_at.max()) if n else None,
        "a": sides[0],
        "b": sides[1],
        "flips": {"total": len(differing), **dict(sorted(flips.items()))},
        "moneySaved": float(money[~caught[0] & caught[1]].sum()),
        "moneyLost": float(money[caught[0] & ~caught[1]].sum()),
        "scenarios": _scenarios(compared, caught),
        "rules": _rules(compared),
        "examples": [
            {
                "orderId": str(compared.ids[i]),
                "a": [str(a[i]), float(compared.scores[0][i])],
                "b": [str(b[i]), float(compared.scores[1][i])],
                "amountMinor": float(compared.amounts[i]),
                "fraud": bool(compared.fraud[i]),
            }
            for i in dearest
        ],
        "worse": bool(sides[1]["cost"] > sides[0]["cost"]),
    }


def _side(compared: Compared, side: int, costs: Costs) -> dict[str, Any]:
    decisions, fraud, amounts = compared.decisions[side], compared.fraud, compared.amounts
    declined, reviewed = decisions == "DECLINE", decisions == "REVIEW"
    alarmed = declined | reviewed
    days = max((compared.occurred_at.max() - compared.occurred_at.min()) / DAY, 1 / 24) if len(fraud) else 1.0
    counts, price = confusion(fraud, alarmed), decision_cost(fraud, reviewed, declined, amounts, costs)
    return {
        **{name: jsonable(counts[name]) for name in ("precision", "recall", "f1")},
        "averagePrecision": float(average_precision(fraud, compared.scores[side])) if 0 < int(fraud.sum()) < len(fraud) else None,
        "reviewed": price["reviews"],
        "declined": int(declined.sum()),
        "alertsPerDay": int(alarmed.sum()) / days,
        "moneyCaught": float(amounts[alarmed & fraud].sum()),
        "moneyMissed": float(amounts[~alarmed & fraud].sum()),
        "moneyWronglyStopped": price["wronglyDeclined"],
        "reviewMinutes": price["reviewMinutes"],
        "cost": price["total"],
    }


def _scenarios(compared: Compared, caught: list[Flags]) -> dict[str, Any]:
    if compared.scenarios is None:
        return {}
    found = {}
    for name in sorted({s for s, fraud in zip(compared.scenarios, compared.fraud, strict=True) if fraud and s is not None}):
        of = compared.fraud & (compared.scenarios == name)
        found[str(name)] = {"frauds": int(of.sum()), "recallA": float(caught[0][of].mean()), "recallB": float(caught[1][of].mean())}
    return found


def _rules(compared: Compared) -> dict[str, Any]:
    """By rule: how often it fired, and how often it was right."""
    found: dict[str, Any] = {}
    for side, name in enumerate(("a", "b")):
        for hit, fraud in zip(compared.rules[side], compared.fraud, strict=True):
            for rule in hit:
                entry = found.setdefault(rule, {"a": [0, 0], "b": [0, 0]})[name]
                entry[0] += 1
                entry[1] += bool(fraud)
    return {
        rule: {side: {"hits": hits, "precision": right / hits if hits else None} for side, (hits, right) in sides.items()}
        for rule, sides in sorted(found.items())
    }


def as_text(said: dict[str, Any], names: tuple[str, str]) -> str:
    """The report for a person."""
    lines = [f"{said['orders']:,} orders, {said['frauds']:,} of them fraud", "", f"{'':28}{'A':>16}{'B':>16}"]
    lines += [f"  A  {names[0]}", f"  B  {names[1]}", ""] if any(names) else []
    for key, title, kind in (
        ("precision", "precision", "share"),
        ("recall", "recall", "share"),
        ("f1", "F1", "share"),
        ("averagePrecision", "average precision", "share"),
        ("reviewed", "reviewed", "count"),
        ("declined", "declined", "count"),
        ("alertsPerDay", "reviews and refusals a day", "count"),
        ("moneyCaught", "fraud caught", "money"),
        ("moneyMissed", "fraud missed", "money"),
        ("moneyWronglyStopped", "honest orders declined", "money"),
        ("reviewMinutes", "minutes of review", "count"),
        ("cost", "cost of it all", "money"),
    ):
        lines.append(f"{title:28}{_shown(said['a'][key], kind):>16}{_shown(said['b'][key], kind):>16}")
    lines += ["", f"flips: {said['flips']['total']:,}"]
    lines += [f"  {n:8,}  {flip}" for flip, n in said["flips"].items() if flip != "total"]
    lines += [
        f"B catches {_shown(said['moneySaved'], 'money')} of fraud that A let through, and misses {_shown(said['moneyLost'], 'money')}."
    ]
    if said["scenarios"]:
        lines += ["", f"{'recall by scenario':28}{'frauds':>8}{'A':>12}{'B':>12}"]
        lines += [
            f"{name:28}{s['frauds']:>8}{_shown(s['recallA'], 'share'):>12}{_shown(s['recallB'], 'share'):>12}"
            for name, s in said["scenarios"].items()
        ]
    lines += ["", "B is worse: it costs more." if said["worse"] else "B costs no more than A."]
    return "\n".join(lines) + "\n"


def _shown(value: float | None, kind: str) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if kind == "share" else f"{value:,.0f}" if kind == "count" else f"{value / 100:,.2f}"
