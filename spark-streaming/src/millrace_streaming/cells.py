"""A batch's result as plain columns (Tally.scala), and the number of each kind of cell (see transforms/cell.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

PLAIN, ORDER, LINE, BUYER, BOUGHT_SESSION, VISITOR, VIEW, CART_SESSION, STOCK, RATING, ORDER_CATEGORY = range(11)
DEAD, LATE, DUPLICATE, PENDING, READ = range(20, 25)
PRIMARY = frozenset({PLAIN, ORDER, VISITOR, STOCK, RATING})
"""Every admitted event makes exactly one cell of one of these."""

COLUMNS = ("t", "p", "kind", "minute", "s1", "s2", "s3", "h", "hs", "n", "a", "b", "c", "lo", "hi")


class Cell(NamedTuple):
    """Equal cells of a partition: topic code, partition, kind, minute, three texts, a time or schema id, the entities, how many, three
    sums, first and last offset. The entities are 64-bit hashes, little-endian, with repetitions.
    """

    t: int
    p: int
    kind: int
    minute: int
    s1: str | None
    s2: str | None
    s3: str | None
    h: int | None
    hs: bytes | None
    n: int
    a: int | None
    b: int | None
    c: int | None
    lo: int
    hi: int


def rows(table: pa.Table) -> Iterator[Cell]:
    """The rows of a table of COLUMNS."""
    return map(Cell._make, zip(*(table.column(name).to_pylist() for name in COLUMNS), strict=True))


def pick(table: pa.Table, kinds: frozenset[int]) -> pa.Table:
    """The rows of these kinds."""
    return table.filter(pc.is_in(table.column("kind"), pa.array(sorted(kinds), table.schema.field("kind").type)))


class StockGroup(NamedTuple):
    """Stock events of one product, category, minute and partition.

    `told` say a level or a reorder point, `turned` a level or a sale, `levels` a level. The last ones are (time, partition, offset, value).
    """

    t: int
    p: int
    minute: int
    category: str
    product: str
    n: int
    lo: int
    hi: int
    sold: int
    turned: int
    told: int
    levels: int
    level_sum: int
    level_lo: int
    level_hi: int
    level: tuple[int, int, int, int] | None
    reorder: tuple[int, int, int, int] | None


def _numbers(table: pa.Table, name: str) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    column = table.column(name)
    return pc.fill_null(column, 0).to_numpy(), pc.is_valid(column).to_numpy(zero_copy_only=False)


def stock_groups(table: pa.Table) -> Iterator[StockGroup]:
    """Stock rows by product and minute; each row is one event, and the latest by time and offset speaks for the group."""
    if not table.num_rows:
        return
    ordered = table.sort_by([(name, "ascending") for name in ("t", "p", "minute", "s1", "s2", "h", "lo")])
    texts = [pc.dictionary_encode(ordered.column(name)).combine_chunks() for name in ("s1", "s2")]
    names = [text.dictionary.to_pylist() for text in texts]
    codes = [text.indices.to_numpy() for text in texts]
    keys = [*(ordered.column(name).to_numpy() for name in ("t", "p", "minute")), *codes]
    edge = np.ones(ordered.num_rows, bool)
    edge[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    starts = np.flatnonzero(edge)
    at, offset = ordered.column("h").to_numpy(), ordered.column("lo").to_numpy()
    (level, has_level), (point, has_point), (sold, _) = (_numbers(ordered, name) for name in ("a", "b", "c"))
    place = np.arange(ordered.num_rows)
    last_level = np.maximum.reduceat(np.where(has_level, place, -1), starts).tolist()
    last_point = np.maximum.reduceat(np.where(has_point, place, -1), starts).tolist()
    added = (sold, has_level | (sold > 0), has_level | has_point, has_level, level)
    sums = [np.add.reduceat(values.astype(np.int64), starts).tolist() for values in added]
    level_lo = np.minimum.reduceat(np.where(has_level, offset, np.iinfo(np.int64).max), starts).tolist()
    level_hi = np.maximum.reduceat(np.where(has_level, offset, -1), starts).tolist()
    spans = [np.minimum.reduceat(offset, starts).tolist(), np.maximum.reduceat(offset, starts).tolist()]
    sizes = np.diff(np.append(starts, ordered.num_rows)).tolist()
    heads = [key[starts].tolist() for key in keys]
    for i in range(len(starts)):
        t, p, minute, category, product = (head[i] for head in heads)
        j, k = last_level[i], last_point[i]
        head = (t, p, minute, names[0][category], names[1][product], sizes[i], spans[0][i], spans[1][i])
        level_at = (int(at[j]), p, int(offset[j]), int(level[j])) if j >= starts[i] else None
        point_at = (int(at[k]), p, int(offset[k]), int(point[k])) if k >= starts[i] else None
        yield StockGroup._make((*head, *(column[i] for column in sums), level_lo[i], level_hi[i], level_at, point_at))
