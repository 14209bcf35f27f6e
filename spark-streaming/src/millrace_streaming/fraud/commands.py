"""What `millrace fraud` does besides the stream: train, show and promote models, compare, check rules."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from ..config import Config
from ..contracts import LABELS, TRUTH
from ..errors import MillraceError
from ..session import open_session
from . import DAY
from .compare import read_compared, report
from .extract import Range, events, features, package, problems_of, strings, whole_range, write_dataset
from .features import NAMES
from .orders import Orders, read_labels, read_orders, read_truth
from .quality import Costs, Scored
from .quality import report as quality_report
from .registry import ROLES, ModelRegistry, Role
from .split import Periods, Split, split
from .train import train


class FraudCommandError(MillraceError):
    """The command cannot be carried out; the message says what to do."""


@dataclass(frozen=True)
class TrainOptions:
    """Periods in ms; `start` and `end` of all data used, `None` for all there is."""

    start: int | None
    end: int | None
    delay: int
    test: int
    role: Role | None
    dataset: Path | None
    learn_from_truth: bool
    costs: Costs


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Says on stderr what is going on and how long it took."""
    began = time.monotonic()
    sys.stderr.write(f"{what} …\n")
    yield
    sys.stderr.write(f"{what}: {time.monotonic() - began:.1f} s\n")


@contextmanager
def session(config: Config) -> Iterator[SparkSession]:
    """A session that ends with the command."""
    with progress("starting Spark"):
        spark = open_session(config, "fraud-batch", heap=config.fraud_heap)
    try:
        yield spark
    finally:
        spark.stop()


def make_dataset(config: Config, folder: Path) -> None:
    """Computes the features of all orders in the lane's topics. Throws FraudCommandError where there are none."""
    part = whole_range(config)
    orders = sum(hi - lo for topic, parts in part.offsets.items() if topic.endswith("shop.orders.v1") for lo, hi in parts.values())
    if orders == 0:
        raise FraudCommandError(f"lane {config.lane} has no orders: import some, or let the simulator run")
    truth = any(lo < hi for parts in whole_range(config, (TRUTH,)).offsets.values() for lo, hi in parts.values())
    with session(config) as spark, progress(f"features of {orders:,} records of orders"):
        write_dataset(spark, config, part, folder, truth)


def train_model(config: Config, options: TrainOptions) -> dict[str, Any]:
    """Makes the dataset unless one is given, trains, measures, registers. Returns the version and its quality.

    Throws FraudDataError and FraudCommandError.
    """
    with tempfile.TemporaryDirectory(prefix="millrace-fraud-") as made:
        folder = options.dataset or Path(made)
        if not (folder / "orders" / "dataset.json").exists():
            make_dataset(config, folder)
        orders = read_orders(folder / "orders", options.start, options.end)
        labels = read_labels(folder / "labels.parquet", orders)
        truth = read_truth(folder / "truth.parquet", orders) if (folder / "truth.parquet").exists() else None
    if orders.features != NAMES:
        raise FraudCommandError(f"{folder} was made with another feature catalogue ({orders.catalogue}): make it anew")
    cut = split(orders, labels, periods_of(orders, options), truth, learn_from="truth" if options.learn_from_truth else "labels")
    with progress(f"training on {len(cut.train):,} orders, {int(cut.train_fraud.sum()):,} known frauds"):
        model = train(orders, cut)
    quality = _measure(orders, cut, model.probability(orders.values[cut.test]), model.thresholds, options.costs)
    registry = ModelRegistry(config.fraud_models)
    version = registry.register(model, orders, cut, quality)
    if options.role is not None:
        registry.promote(version, options.role)
    return {"version": version, "folder": str(config.fraud_models / version), "role": options.role, "quality": quality}


def periods_of(orders: Orders, options: TrainOptions) -> Periods:
    """The test at the end, the label delay before it, training before that; of all there is, or from and to exactly the times that were
    given, so that days stay days. Throws FraudCommandError where the orders do not reach so far.
    """
    first, last = int(orders.occurred_at[0]), int(orders.occurred_at[-1]) + 1
    start = first if options.start is None else options.start
    end = last if options.end is None else options.end
    test_from = end - options.test
    train_to = test_from - options.delay
    if train_to <= max(start, first) or test_from >= last:
        raise FraudCommandError(
            f"the orders reach from {_when(first)} to {_when(last)}: a label delay of {_length(options.delay)} and a test of "
            f"{_length(options.test)} before {_when(end)} leave none to train with, or none to test with; choose shorter ones with "
            "--delay and --test"
        )
    return Periods(start, train_to, options.delay, test_from, end)


def _measure(orders: Orders, cut: Split, probability: Any, thresholds: Any, costs: Costs) -> dict[str, Any]:
    rows = cut.test
    if not len(rows):
        return {}
    scored = Scored(
        fraud=cut.test_fraud,
        probability=probability,
        amounts=costs.amounts(orders.amounts[rows], orders.currencies[rows]),
        cards=orders.cards[rows],
        days=cut.test_days,
        scenarios=cut.test_scenarios,
        countries=None if orders.countries is None else orders.countries[rows],
    )
    return quality_report(scored, thresholds, costs)


@dataclass(frozen=True)
class Side:
    """One side of a comparison."""

    rules: Path
    model: str | None
    """Version; None for rules alone."""

    def named(self) -> str:
        """For the report."""
        return f"rules {self.rules}, {f'model {self.model}' if self.model else 'no model'}"


def side_of(config: Config, said: str) -> Side:
    """`current`, a file of rules, a model's version, `none` (no model), or a file and a version with a `+` between. What is not said is as
    it is in force. Throws FraudCommandError.
    """
    registry = ModelRegistry(config.fraud_models)
    side = Side(config.fraud_rules, registry.holder("champion"))
    for part in said.split("+"):
        role = next((role for role in ROLES if role == part), None)
        if part == "none":
            side = replace(side, model=None)
        elif role is not None:
            holder = registry.holder(role)
            if holder is None:
                raise FraudCommandError(f"no model is {role}: `millrace fraud models` lists what there is")
            side = replace(side, model=holder)
        elif part == "current":
            continue
        elif Path(part).is_file():
            side = replace(side, rules=Path(part))
        elif (config.fraud_models / part / "model.json").is_file():
            side = replace(side, model=part)
        else:
            raise FraudCommandError(f"{part} is neither a file of rules nor a model: `millrace fraud models` lists those")
    return side


def compare(config: Config, sides: tuple[Side, Side], start: int | None, end: int | None, costs: Costs) -> dict[str, Any]:
    """Scores the lane's orders both ways, in batch, touching nothing. Times in ms of event time. Throws FraudCommandError."""
    part = whole_range(config)
    with session(config) as spark:
        variants = [_variant(spark, config, name, side) for name, side in zip(("a", "b"), sides, strict=True)]
        with progress("scoring both ways"):
            table = _scored(spark, config, part, variants, start, end)
    if table.num_rows == 0:
        raise FraudCommandError(f"lane {config.lane} has no orders in that time")
    known = {
        e["orderId"]: e["scenario"] or "unknown" for e in events(config, TRUTH, whole_range(config, (TRUTH,))) if e["eventType"] == "FRAUD"
    }
    truth = bool(known)
    if not truth:
        known = {e["orderId"]: e["scenario"] or "unknown" for e in events(config, LABELS, part) if e["fraud"]}
    said = report(read_compared(table, known, costs, truth), costs)
    return {"basis": "truth" if truth else "labels", **said}


def _scored(spark: SparkSession, config: Config, part: Range, variants: list[Any], start: int | None, end: int | None) -> pa.Table:
    frame = features(spark, config, part, variants)
    wanted = ["orderId", "occurredAt", "amountMinor", "currency"]
    wanted += [f"{column}_{name}" for name in ("a", "b") for column in ("score", "decision", "rules")]
    if start is not None:
        frame = frame.where(frame["occurredAt"] >= start)
    if end is not None:
        frame = frame.where(frame["occurredAt"] < end)
    return frame.select(*wanted).toArrow()


def _variant(spark: SparkSession, config: Config, name: str, side: Side) -> Any:
    folder = None if side.model is None else str(config.fraud_models / side.model)
    return _told(lambda: package(spark).Variant.of(name, str(side.rules), folder, strings(spark, list(NAMES))), str(side.rules))


def check_rules(config: Config, file: Path) -> str:
    """Version of the rules. Throws FraudCommandError with every problem."""
    with session(config) as spark:
        text = file.read_text("utf-8")
        return str(_told(lambda: package(spark).RuleSet.parse(text, strings(spark, list(NAMES))).version(), str(file)))


def _told(ask: Callable[[], Any], where: str) -> Any:
    try:
        return ask()
    except Py4JJavaError as error:
        raise FraudCommandError("\n".join(f"{where}: {problem}" for problem in problems_of(error))) from error


def publish(config: Config, side: Side) -> None:
    """Puts the side in force: its rules replace the file, its model becomes the champion. A running job takes both over within seconds."""
    if side.rules.resolve() != config.fraud_rules.resolve():
        draft = config.fraud_rules.with_name(f".{config.fraud_rules.name}.{os.getpid()}")
        shutil.copyfile(side.rules, draft)
        os.replace(draft, config.fraud_rules)
    registry = ModelRegistry(config.fraud_models)
    if side.model is not None and side.model != registry.holder("champion"):
        registry.promote(side.model)


def _when(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, timezone.utc).strftime("%Y-%m-%d %H:%M")


def _length(length: int) -> str:
    for unit, size in (("d", DAY), ("h", 3_600_000), ("m", 60_000)):
        if length % size == 0:
            return f"{length // size}{unit}"
    return f"{length} ms"
