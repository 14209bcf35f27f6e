"""A cell is what one event adds to one group: the unit between the query and the driver's state. Here as data, for the JVM helper."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Only:
    """Holds where the field is one of the values, or with `wanted` false where it is none of them; never where it is absent."""

    field: str
    values: tuple[str, ...]
    wanted: bool = True


@dataclass(frozen=True)
class Text:
    """A dimension: a field, and what stands for it where it is absent or empty."""

    field: str
    otherwise: str | None = None


@dataclass(frozen=True)
class Sum:
    """A number to add up where the conditions hold. `fallen` takes by how much it is below zero, and nothing where it is not."""

    field: str
    when: tuple[Only, ...] = ()
    fallen: bool = False


@dataclass(frozen=True)
class CellSpec:
    """Made for each event where all of `when` hold, the entity is there, and at least one of the sums is, if it has any.

    Fields are the event's, or `list[].field` for each item of its one list: then it is a cell for each item, or with `once` for each
    set of texts among them. The first of a topic's `primary` cells that applies is the event's own; every admitted event has one,
    PLAIN where no other applies. `alone` keeps an event from being added to others; `time` carries its time as h.
    """

    kind: int
    when: tuple[Only, ...] = ()
    texts: tuple[Text, ...] = ()
    entity: str | None = None
    sums: tuple[Sum, ...] = ()
    primary: bool = False
    alone: bool = False
    once: bool = False
    time: bool = False

    def as_data(self) -> dict[str, Any]:
        """For the JVM helper (Cells.scala)."""
        return asdict(self)


def known(field: str) -> Text:
    """The value of a dimension, `unknown` where there is none."""
    return Text(field, UNKNOWN)


def any_of(*event_types: str) -> Only:
    """Events of these types."""
    return Only("eventType", event_types)


NAMED = Only("eventType", ("UNKNOWN",), wanted=False)
"""Events of a type that the contract knows."""
