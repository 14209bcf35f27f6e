"""Fraud rings: customers connected over shared cards, devices and shipping addresses (jvm/fraud/Rings.scala computes them)."""

from __future__ import annotations

import argparse
import http.client
import json
import math
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from ..config import Config
from ..contracts import LABELS, ORDERS, in_lane
from ..errors import MillraceError
from ..session import open_session
from .extract import package, read, record_reader, whole_range

KINDS = ("card", "device", "address")
_SHOWN = 30
_TIMEOUT_S = 30
_LONGEST_PROBLEM = 500
Report = dict[str, Any]


class RingsError(MillraceError):
    """Rings cannot be computed or handed on; the message says what to do."""


def add_command(commands: Any) -> None:
    """Adds `rings` to the subparsers of `millrace fraud`."""
    command = commands.add_parser("rings", help="customers connected over shared cards, devices and addresses, the most suspicious first")
    command.add_argument("--days", type=_whole(1, 400), default=30, help="of orders, ending with the newest (%(default)s)")
    command.add_argument("--min-customers", type=_whole(2, 1000), default=3, help="least customers of a ring (%(default)s)")
    command.add_argument(
        "--most-shared",
        type=_whole(2, 10_000),
        default=12,
        help="what more customers than this share connects nobody: parcel lockers, call centres (%(default)s)",
    )
    command.add_argument("--json", metavar="FILE", help="also write the whole report; - writes it to stdout, and no table")
    command.add_argument(
        "--publish", metavar="URL", help="also send the report to the fraud desk of the lane, such as http://127.0.0.1:8105"
    )


def run_command(config: Config, options: argparse.Namespace) -> None:
    """Carries `rings` out. Throws RingsError."""
    url = None if options.publish is None else _desk_url(options.publish)
    report = find_rings(config, options.days, options.min_customers, options.most_shared)
    if options.json == "-":
        sys.stdout.write(f"{json.dumps(report)}\n")
    else:
        sys.stdout.write(as_table(report))
    if options.json not in (None, "-"):
        try:
            Path(options.json).write_text(f"{json.dumps(report)}\n", "utf-8")
        except OSError as error:
            raise RingsError(f"--json: {error}") from error
    if url is not None:
        publish(url, report)
        sys.stderr.write(f"the fraud desk has {len(report['rings'])} rings\n")


def find_rings(config: Config, days: int, min_customers: int, most_shared: int) -> Report:
    """The report over all that the lane's topics hold. Throws RingsError where they hold no orders."""
    part = whole_range(config, (ORDERS, LABELS))
    records = {topic: sum(end - first for first, end in spans.values()) for topic, spans in part.offsets.items()}
    if not records.get(in_lane(config.lane, ORDERS)):
        raise RingsError(f"lane {config.lane}: there are no orders in {in_lane(config.lane, ORDERS)} of {config.brokers}")
    with _said("starting Spark"):
        spark = open_session(config, "fraud-rings")
    try:
        return {
            "lane": config.lane,
            "madeAt": int(time.time() * 1000),
            **compute(spark, config, read(spark, config, part), (days, min_customers, most_shared)),
        }
    finally:
        spark.stop()


def compute(spark: SparkSession, config: Config, records: DataFrame, limits: tuple[int, int, int]) -> Report:
    """The rings of these records. `limits`: days, least customers, most that share a thing. Throws RingsError where there is no order."""
    rings = package(spark).Rings(records._jdf, record_reader(spark, config), *limits)
    try:
        with _said("reading orders and labels"):
            orders = rings.read()
        if not orders:
            raise RingsError(f"lane {config.lane}: no order placed among the records")
        with _said(f"connecting the customers of {orders:,} orders"):
            report: Report = json.loads(rings.report())
        return report
    finally:
        rings.close()


def publish(url: str, report: Report) -> None:
    """Hands the report to a fraud desk, in place of the one it has. Throws RingsError."""
    body = json.dumps(report, separators=(",", ":")).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method="PUT")
    try:
        urllib.request.urlopen(request, timeout=_TIMEOUT_S).close()
    except urllib.error.HTTPError as error:
        raise RingsError(
            f"the fraud desk refuses the report: {error.code} {error.read(_LONGEST_PROBLEM).decode(errors='replace')}"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise RingsError(
            f"no fraud desk answers at {url}: {getattr(error, 'reason', error)}; `millrace status` tells where it is"
        ) from error


def as_table(report: Report) -> str:
    """The report for people: what was looked at, and a line for each of the first rings."""
    hubs = ", ".join(f"{report['hubs'][kind]:,} {_plural(kind, report['hubs'][kind])}" for kind in KINDS)
    lines = [
        f"{report['orders']:,} orders of {report['customers']:,} customers from {_day(report['since'])} to {_day(report['until'])}, "
        f"{report['frauds']:,} labelled fraud",
        f"{report['found']:,} rings of {report['minCustomers']} or more customers",
        f"hubs, which more than {report['mostShared']} customers share, connect nobody: {hubs}",
    ]
    rows = [("#", "ring", "customers", "cards", "devices", "addresses", "orders", "fraud", "money", "last order", "suspicion")]
    for ring in report["rings"][:_SHOWN]:
        things = ring["things"]
        rows.append(
            (
                str(ring["rank"]),
                ring["id"],
                f"{ring['customers']['count']:,}",
                *(f"{things[kind]['shared']:,}/{things[kind]['count']:,}" for kind in KINDS),
                f"{ring['orders']:,}",
                f"{ring['frauds'] / ring['orders']:.0%}",
                " + ".join(f"{sum_['minor'] / 100:,.0f} {sum_['currency']}" for sum_ in ring["amounts"][:2]),
                _day(ring["lastAt"]),
                f"{ring['suspicion']:.3f}",
            )
        )
    if len(rows) > 1:
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines += [
            "",
            *(
                "  ".join(text.ljust(w) if i == 1 else text.rjust(w) for i, (text, w) in enumerate(zip(row, widths, strict=True)))
                for row in rows
            ),
        ]
        lines.append("cards, devices, addresses: shared / all")
    told = len(report["rings"])
    if told > _SHOWN:
        lines.append(f"and {told - _SHOWN} more in --json")
    if report["found"] > told:
        lines.append(f"the report holds the {told} most suspicious; {report['found'] - told:,} are left out")
    return "\n".join(lines) + "\n"


def _plural(kind: str, count: int) -> str:
    return kind if count == 1 else f"{kind}es" if kind.endswith("s") else f"{kind}s"


def _day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, timezone.utc).strftime("%Y-%m-%d")


def _desk_url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise RingsError(f"--publish: {text!r} is no address such as http://127.0.0.1:8105")
    return f"{text.rstrip('/')}/api/fraud/rings"


def _whole(least: int, most: int) -> Any:
    def parse(text: str) -> int:
        value = int(text) if text.isdecimal() else math.inf
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}")
        return int(value)

    return parse


@contextmanager
def _said(what: str) -> Iterator[None]:
    """Says on stderr what is going on and how long it took."""
    began = time.monotonic()
    sys.stderr.write(f"{what} …\n")
    sys.stderr.flush()
    yield
    sys.stderr.write(f"{what}: {time.monotonic() - began:.1f} s\n")
