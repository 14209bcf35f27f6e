"""A cell is what one event adds to one group: the unit between the query and the driver's state."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import IntegerType, LongType, StringType, StructField, StructType

UNKNOWN = "unknown"
FIELDS = {"kind": "int", "s1": "string", "s2": "string", "s3": "string", "h": "long", "a": "long", "b": "long", "c": "long"}
"""Of a cell: its kind (see cells.py), three texts, an entity (hash or time), three sums. Minute and offset are the event's."""


CELL = StructType(
    [StructField(name, {"int": IntegerType(), "string": StringType(), "long": LongType()}[kind]) for name, kind in FIELDS.items()]
)
"""Type of a cell."""
Call = Callable[[str, str, list[Column]], Column]
"""A static function of the JVM helper by name, result type (JSON) and arguments."""


def cell(kind: int, *, text: tuple[Column, ...] = (), entity: Column | None = None, sums: tuple[Column, ...] = ()) -> Column:
    """A struct of FIELDS."""
    given = {"kind": F.lit(kind), **dict(zip(("s1", "s2", "s3"), text, strict=False)), **dict(zip(("a", "b", "c"), sums, strict=False))}
    if entity is not None:
        given["h"] = entity
    return F.struct(*[given.get(name, F.lit(None)).cast(kind_of).alias(name) for name, kind_of in FIELDS.items()])


def known(column: Column) -> Column:
    """The value of a dimension, `unknown` where there is none."""
    return F.coalesce(F.when(column != F.lit(""), column), F.lit(UNKNOWN))


def entity_of(column: Column) -> Column:
    """64 bits that stand for an id: one in 2^64 of colliding, an eighth of the memory."""
    return F.xxhash64(column)
