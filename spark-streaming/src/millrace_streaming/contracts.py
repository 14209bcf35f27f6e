"""The contracts of libs/contracts as Python sees them: topics, lanes, metrics. The files are the truth; nothing is generated."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from .errors import ContractError

LIVE_LANE = "live"
GROUP = "metrics"
"""The group in the name of this job's dead-letter topics."""

ORDERS = "shop.orders.v1"
CLICKS = "shop.clickstream.v1"
INVENTORY = "shop.inventory.v1"
FEEDBACK = "shop.feedback.v1"
LABELS = "shop.fraud-labels.v1"
TRUTH = "sim.truth.v1"
SCORES_TOPIC = "fraud.scores.v1"
SOURCES = (ORDERS, CLICKS, INVENTORY, FEEDBACK)
"""Source topics; the place in this tuple is the topic's code in the query."""

WINDOWS_TOPIC = "metrics.windows.v1"
LATE_TOPIC = "metrics.late.v1"

_RESERVED = frozenset({"shop", "sim", "metrics", "fraud", "alerts"})
_LANE = re.compile(r"[a-z][a-z0-9-]{0,30}")
_SPECIAL = re.compile(r"[\\,={}]")


def is_lane(name: str) -> bool:
    """Whether a lane may be called this: part of topics, groups and keys."""
    return _LANE.fullmatch(name) is not None and name not in _RESERVED


def in_lane(lane: str, name: str) -> str:
    """Name of a topic on the broker for this lane."""
    return name if lane == LIVE_LANE else f"{lane}.{name}"


def dead_letter_topic(lane: str, topic: str) -> str:
    """Topic for records of `topic` that this job cannot use."""
    return f"{in_lane(lane, topic)}.{GROUP}.dlq"


def subject_of(topic: str) -> str:
    """Registry subject of a topic's values: lanes share their schemas."""
    return f"{topic}-value"


def metric_key(metric: str, dimensions: dict[str, str]) -> str:
    """Metric and dimensions, `metric{a=x,b=y}`: names sorted, special characters of the values escaped with a backslash."""
    pairs = (f"{name}={_SPECIAL.sub(_escape, dimensions[name])}" for name in sorted(dimensions))
    return f"{metric}{{{','.join(pairs)}}}"


def _escape(match: re.Match[str]) -> str:
    return "\\" + match.group()


@dataclass(frozen=True)
class Metric:
    """One entry of the metric catalogue."""

    name: str
    sources: tuple[str, ...]
    windows: tuple[str, ...]
    dimensions: tuple[tuple[str, ...], ...]


def contracts_dir() -> Path:
    """Folder with `avro/` and `metrics/`: MILLRACE_CONTRACTS_DIR, else the one packed with this package, else the repository's."""
    named = os.environ.get("MILLRACE_CONTRACTS_DIR")
    here = Path(__file__).resolve()
    for folder in [Path(named)] if named else [here.parent / "contracts_data", here.parents[3] / "libs" / "contracts"]:
        if (folder / "avro").is_dir():
            return folder
    raise ContractError("no folder with avro/ and metrics/ found; set MILLRACE_CONTRACTS_DIR")


@lru_cache(maxsize=1)
def _schemas() -> dict[str, dict[str, Any]]:
    parsed = (json.loads(path.read_text("utf-8")) for path in sorted((contracts_dir() / "avro").glob("*.avsc")))
    return {schema["topic"]["name"]: schema for schema in parsed}


def schema_of(topic: str) -> dict[str, Any]:
    """The Avro schema of a topic (without its lane), as parsed JSON."""
    try:
        return _schemas()[topic]
    except KeyError:
        raise ContractError(f"no schema in {contracts_dir()} is for topic {topic}") from None


@lru_cache(maxsize=1)
def catalogue() -> dict[str, Metric]:
    """The metric catalogue by name."""
    data = json.loads((contracts_dir() / "metrics" / "catalogue.json").read_text("utf-8"))
    return {
        entry["name"]: Metric(
            entry["name"], tuple(entry["sources"]), tuple(entry["windows"]), tuple(tuple(names) for names in entry["dimensions"])
        )
        for entry in data["metrics"]
    }
