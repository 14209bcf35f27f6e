"""The environment, read once. Every problem is reported at once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from .contracts import catalogue, contracts_dir, is_lane
from .errors import ConfigError

T = TypeVar("T")
_DURATION = re.compile(r"(\d+)(ms|s|m|h)?")
_UNIT_MS = {None: 1, "ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}


@dataclass(frozen=True)
class Config:
    """Settings of one lane's job. Times are in ms. What stands below a field is its sentence in docs/reference/env.md."""

    lane: str
    """The lane this job works in."""
    brokers: str
    """Kafka bootstrap servers, comma-separated."""
    registry_url: str
    """Confluent-compatible schema registry."""
    http_port: int
    """Port of health and metrics; 0 takes a free one."""
    log_level: str
    """debug, info, warning or error."""
    shop_time_zone: str
    """IANA time zone of the shop: where its days and months begin."""
    home: Path
    """State: the checkpoints of each lane lie in it."""
    cache: Path
    """Downloads, and the helper jar that is compiled once."""
    allowed_lateness_ms: int
    """How long to wait for stragglers, in whole minutes of event time: `10m`, `1h`. An event whose minute is older is late."""
    trigger_ms: int
    """Shortest time from the beginning of one batch to the next: `500ms`, `2s`."""
    max_offsets: int
    """Most records in one batch, all topics together."""
    metrics: frozenset[str]
    """Metrics to compute, comma-separated; none: all of the catalogue."""
    heap: str
    """Greatest heap of Spark's JVM."""
    java_options: str
    """Further options of Spark's JVM."""
    cores: int
    """Cores that Spark uses."""
    spark_jars: Path
    """Folder of the jars that Spark needs beside its own; none: `spark-jars` in MILLRACE_CACHE."""
    fraud_rules: Path
    """File of the fraud rules; none: deploy/fraud/rules.yaml."""
    fraud_models: Path
    """Folder of the fraud models; none: `models/fraud` in MILLRACE_HOME."""
    fraud_heap: str
    """Greatest heap of the scoring job's JVM, where the feature state is."""
    fraud_revise_ms: int
    """How long after an order, in event time, an event that should have come before it still has it scored again: `10m`."""
    fraud_batch_ms: int
    """Time between two checkpoints of the scoring query: `60s`. After a crash, so much may be scored twice, with the same result."""
    fraud_orders: int
    """Most orders in the feature state, about 700 bytes each; beyond that the oldest are forgotten before their 38 days."""

    @property
    def checkpoint(self) -> Path:
        """Folder of this lane's query and state."""
        return self.home / "checkpoints" / self.lane / "metrics"

    @property
    def fraud_checkpoint(self) -> Path:
        """Folder of this lane's scoring query and feature state."""
        return self.home / "checkpoints" / self.lane / "fraud"


def duration_ms(text: str) -> int:
    """`500ms`, `30s`, `10m`, `1h`, or a bare number of milliseconds."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError("is no duration such as 500ms, 30s, 10m")
    return int(match[1]) * _UNIT_MS[match[2]]


def _whole(text: str, least: int) -> int:
    value = int(text)
    if value < least:
        raise ValueError(f"is less than {least}")
    return value


def _lane(text: str) -> str:
    if not is_lane(text):
        raise ValueError("cannot name a lane")
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except Exception:
        raise ValueError("is no time zone of the IANA database") from None
    return text


def _lateness(text: str) -> int:
    value = duration_ms(text)
    if value % 60_000:
        raise ValueError("must be whole minutes: lateness is judged by the minute")
    return value


def _metrics(text: str) -> frozenset[str]:
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    unknown = names - catalogue().keys()
    if unknown:
        raise ValueError(f"names unknown metrics: {', '.join(sorted(unknown))}")
    return names or frozenset(catalogue())


def _shipped_rules() -> Path:
    """The repository's file; in a container, where no repository is, MILLRACE_FRAUD_RULES names one."""
    return contracts_dir().parents[1] / "deploy" / "fraud" / "rules.yaml"


def read_config(env: Mapping[str, str] | None = None) -> Config:
    """Reads the environment. Throws ConfigError with every problem."""
    source = os.environ if env is None else env
    problems: list[str] = []

    def take(name: str, default: str, parse: Callable[[str], T]) -> T:
        text = source.get(name) or default
        try:
            return parse(text)
        except ValueError as error:
            problems.append(f"{name}: {text!r} {error}")
            return parse(default)

    home = take("MILLRACE_HOME", ".millrace", lambda text: Path(text).resolve())
    cache = take("MILLRACE_CACHE", "~/.cache/millrace", lambda text: Path(text).expanduser())
    config = Config(
        lane=take("MILLRACE_LANE", "live", _lane),
        brokers=take("MILLRACE_KAFKA_BROKERS", "127.0.0.1:19092", str),
        registry_url=take("MILLRACE_REGISTRY_URL", "http://127.0.0.1:18081/apis/ccompat/v7", lambda text: text.rstrip("/")),
        http_port=take("MILLRACE_HTTP_PORT", "8110", lambda text: _whole(text, 0)),
        log_level=take("MILLRACE_LOG_LEVEL", "info", str.lower),
        shop_time_zone=take("MILLRACE_SHOP_TIME_ZONE", "UTC", _zone),
        home=home,
        cache=cache,
        allowed_lateness_ms=take("MILLRACE_SPARK_ALLOWED_LATENESS", "10m", _lateness),
        trigger_ms=take("MILLRACE_SPARK_TRIGGER", "500ms", duration_ms),
        max_offsets=take("MILLRACE_SPARK_MAX_OFFSETS", "200000", lambda text: _whole(text, 1)),
        metrics=take("MILLRACE_SPARK_METRICS", ",", _metrics),
        heap=take("MILLRACE_SPARK_HEAP", "700m", str),
        java_options=take("MILLRACE_SPARK_JAVA_OPTIONS", " ", str.strip),
        cores=take("MILLRACE_SPARK_CORES", "2", lambda text: _whole(text, 1)),
        fraud_rules=take(
            "MILLRACE_FRAUD_RULES", str(contracts_dir().parents[1] / "deploy/fraud/rules.yaml"), lambda text: Path(text).expanduser()
        ),
        fraud_models=take("MILLRACE_FRAUD_MODELS", str(home / "models/fraud"), lambda text: Path(text).expanduser()),
        fraud_heap=take("MILLRACE_FRAUD_HEAP", "1200m", str),
        fraud_revise_ms=take("MILLRACE_FRAUD_REVISE", "10m", duration_ms),
        fraud_batch_ms=take("MILLRACE_FRAUD_BATCH", "60s", duration_ms),
        fraud_orders=take("MILLRACE_FRAUD_ORDERS", "1000000", lambda text: _whole(text, 1)),
        spark_jars=take("MILLRACE_SPARK_JARS", str(cache / "spark-jars"), lambda text: Path(text).expanduser()),
    )
    if problems:
        raise ConfigError(problems)
    return config
