"""What a model learns from: orders with features, and what became known about them. Times are in ms UTC, amounts in minor units."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..errors import MillraceError

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]

_TOLD = ("orderId", "customerId", "cardId", "occurredAt", "amountMinor", "currency")


class FraudDataError(MillraceError):
    """The data cannot train or measure a model; the message says what is missing."""


@dataclass(frozen=True)
class Orders:
    """Orders in event-time order, n of them, with f features."""

    ids: pa.Array
    """Order ids, texts, each once."""
    cards: Texts
    """(n,) card of the order, or its customer where it has none."""
    occurred_at: Longs
    """(n,) event time."""
    amounts: Longs
    """(n,) in minor units of the order's currency."""
    currencies: Texts
    """(n,) ISO 4217 codes."""
    countries: Texts | None
    """(n,) where the dataset names them."""
    values: Floats
    """(n, f) features; NaN is unknown."""
    features: tuple[str, ...]
    """Names of the f columns."""
    catalogue: str
    """Version of the feature catalogue."""
    ranges: dict[str, Any]
    """Offsets of each topic that the dataset was made from."""

    def __len__(self) -> int:
        return len(self.occurred_at)

    def values_of(self, rows: Longs) -> Floats:
        """(m, f) features of these rows; a view where they follow each other, as those of a period do."""
        follow = len(rows) > 0 and int(rows[-1]) - int(rows[0]) == len(rows) - 1 and bool(np.all(np.diff(rows) == 1))
        return self.values[int(rows[0]) : int(rows[-1]) + 1] if follow else self.values[rows]


@dataclass(frozen=True)
class Labels:
    """What became known about orders, by row of `Orders`; an order may have none or several."""

    rows: Longs
    """(m,) row of the order."""
    fraud: Flags
    """(m,) what the label says."""
    known_at: Longs
    """(m,) event time at which it became known."""


@dataclass(frozen=True)
class Truth:
    """What each order really was; to measure with, not to train."""

    fraud: Flags
    """(n,)"""
    scenarios: Texts
    """(n,) name, or None for an honest order."""


def read_orders(folder: Path, start: int | None = None, end: int | None = None) -> Orders:
    """Reads a dataset of the feature engine: Parquet files and `dataset.json`; orders from `start` and before `end` only, ms.

    Throws FraudDataError.
    """
    about = _read_about(folder / "dataset.json")
    features = tuple(about["features"])
    files = sorted(folder.glob("*.parquet"))
    if not files:
        raise FraudDataError(f"{folder}: no Parquet file")
    source = ds.dataset([str(file) for file in files], format="parquet")
    told = [*_TOLD, *(name for name in ("country",) if name in source.schema.names)]
    missing = [name for name in (*told, *features) if name not in source.schema.names]
    if missing:
        raise FraudDataError(f"{folder}: missing columns: {', '.join(missing)}")
    within = _within(start, end)
    values = np.empty((source.count_rows(filter=within), len(features)))
    if not len(values):
        raise FraudDataError(f"{folder}: no orders in that time")
    # A batch at a time: the features are by far the most, and are to be held once.
    batches, at = [], 0
    for batch in source.to_batches(columns=[*told, *features], filter=within, batch_readahead=1, fragment_readahead=1):
        for i, name in enumerate(features):
            column = pc.fill_null(batch.column(name).cast(pa.float64()), float("nan"))
            values[at : at + len(batch), i] = column.to_numpy(zero_copy_only=False)
        batches.append(batch.select(told))
        at += len(batch)
    table = pa.Table.from_batches(batches)
    occurred_at = _longs(table["occurredAt"])
    if np.any(np.diff(occurred_at) < 0):
        order = np.argsort(occurred_at, kind="stable")
        table, values = table.take(pa.array(order)), values[order]
    ids = _texts(table["orderId"])
    if pc.count_distinct(ids).as_py() != len(ids):
        raise FraudDataError(f"{folder}: an order is there more than once")
    return Orders(
        ids=ids,
        cards=pc.coalesce(table["cardId"], table["customerId"]).to_numpy().astype(object),
        occurred_at=_longs(table["occurredAt"]),
        amounts=_longs(table["amountMinor"]),
        currencies=table["currency"].to_numpy().astype(object),
        countries=table["country"].to_numpy().astype(object) if "country" in table.column_names else None,
        values=values,
        features=features,
        catalogue=str(about["catalogue"]),
        ranges=about["ranges"],
    )


def _within(start: int | None, end: int | None) -> ds.Expression | None:
    at = ds.field("occurredAt")
    if start is None:
        return None if end is None else at < end
    return at >= start if end is None else (at >= start) & (at < end)


def _read_about(file: Path) -> dict[str, Any]:
    try:
        about: dict[str, Any] = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise FraudDataError(f"{file}: {error}") from error
    missing = [key for key in ("features", "catalogue", "ranges") if key not in about]
    if missing:
        raise FraudDataError(f"{file}: does not say {', '.join(missing)}")
    if len(set(about["features"])) != len(about["features"]) or not about["features"]:
        raise FraudDataError(f"{file}: names no feature, or one twice")
    return about


def read_labels(file: Path, orders: Orders) -> Labels:
    """Reads the labels of these orders; those of other orders are left out."""
    table = _read_columns(file, ["orderId", "fraud", "labelledAt"])
    rows = _rows(table["orderId"], orders)
    ours = rows >= 0
    return Labels(rows[ours], _flags(table["fraud"])[ours], _longs(table["labelledAt"])[ours])


def read_truth(file: Path, orders: Orders) -> Truth:
    """Reads what the orders really were. Throws FraudDataError where an order is missing."""
    table = _read_columns(file, ["orderId", "fraud", "scenario"])
    found = pc.index_in(orders.ids, value_set=_texts(table["orderId"]))
    if found.null_count:
        raise FraudDataError(f"{file}: lacks {found.null_count} of {len(orders)} orders")
    rows = found.to_numpy()
    return Truth(_flags(table["fraud"])[rows], table["scenario"].cast(pa.string()).to_numpy().astype(object)[rows])


def _read_columns(file: Path, names: Sequence[str]) -> pa.Table:
    try:
        return pq.read_table(file, columns=list(names))
    except (OSError, pa.ArrowInvalid, KeyError) as error:
        raise FraudDataError(f"{file}: {error}") from error


def _rows(ids: pa.ChunkedArray, orders: Orders) -> Longs:
    return np.asarray(pc.fill_null(pc.index_in(_texts(ids), value_set=orders.ids), -1).to_numpy(), dtype=np.int64)


def _texts(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.cast(pa.string()).chunks) if column.num_chunks else pa.array([], pa.string())


def _longs(column: pa.ChunkedArray) -> Longs:
    return np.asarray(column.cast(pa.int64()).to_numpy(), dtype=np.int64)


def _flags(column: pa.ChunkedArray) -> Flags:
    return np.asarray(column.to_numpy(), dtype=np.bool_)
