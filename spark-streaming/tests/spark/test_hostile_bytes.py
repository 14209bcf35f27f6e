"""Malformed bytes and Avro bombs: Spark's verdict on each value is the one that Node's tests have too."""

from __future__ import annotations

import copy
import io
import time
from collections.abc import Mapping
from typing import Any

import fastavro
from pyspark.sql import SparkSession

from millrace_streaming.contracts import schema_of
from tests import truth
from tests.spark.test_cells import SCHEMA, fates, run
from tests.support import plain
from tests.wire_corpus import WRITER, WireCase, wire_corpus

OURS, OTHER = 1, 2
COPIES = 200
BOMB_S = 0.005


def misjudged(verdicts: Mapping[int, str], corpus: list[WireCase]) -> list[str]:
    """F12: values whose fate is not the one that the corpus says, a line each."""
    told = [(case, verdicts.get(offset, "good")) for offset, case in enumerate(corpus)]
    return [f"{case.name}: {fate}, not {case.reason}" for case, fate in told if fate != case.reason]


def went_off(verdicts: Mapping[int, str], bombs: list[str], seconds: float) -> list[str]:
    """F13: bombs that were not refused before they were decoded, and whether all of them together took too long."""
    wrong = [f"{name}: {verdicts.get(offset, 'good')}" for offset, name in enumerate(bombs) if verdicts.get(offset) != "decode-limit"]
    return wrong + ([f"{seconds:.1f} s for {len(bombs)}"] if seconds > BOMB_S * len(bombs) else [])


def believer(value: bytes | None, schema: Any) -> str:
    """The mutant: a decoder that believes what it reads, and looks neither behind the record nor at any rule."""
    try:
        fastavro.schemaless_reader(io.BytesIO((value or b"")[5:]), schema, None)
        return "good"
    except Exception:
        return "undecodable"


def bomb_schemas() -> dict[int, Any]:
    """Orders with a chain of records without end, and orders with a list of nulls; ids 2 and 3."""
    nested, nulls = copy.deepcopy(plain(schema_of(truth.ORDERS))), copy.deepcopy(plain(schema_of(truth.ORDERS)))
    node = {"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"], "default": None}]}
    nested["fields"].insert(0, {"name": "chain", "type": ["null", node], "default": None})
    nulls["fields"].insert(0, {"name": "nulls", "type": {"type": "array", "items": "null"}, "default": []})
    return {1: SCHEMA, 2: nested, 3: nulls}


BOMBS = {
    "a depth of 10000": b"\0\0\0\0\2" + b"\x02" * 10_000,
    "1e7 nulls": b"\0\0\0\0\3" + b"\x80\xda\xc4\x09" + b"\0" * 100,
    "a string of 2^31": b"\0\0\0\0\1" + b"\x80\x80\x80\x80\x10",
}


def test_f12_spark_and_node_agree_on_every_value(spark: SparkSession) -> None:
    # An id that is asked about is one cell for all its records; their fate comes with the answer, see tests/stream.
    corpus = [case for case in wire_corpus(OURS, OTHER) if case.reason != "unknown-schema"]
    assert len(corpus) > 9_000
    assert misjudged(fates(run(spark, [case.value for case in corpus], {OURS: WRITER})), corpus) == []


def test_f12_the_check_turns_red_for_a_decoder_that_believes_what_it_reads() -> None:
    corpus = wire_corpus(OURS, OTHER)[:46]
    schema = fastavro.parse_schema(WRITER)
    wrong = misjudged({offset: believer(case.value, schema) for offset, case in enumerate(corpus)}, corpus)
    assert "one byte more: good, not undecodable" in wrong
    assert "enum index -1: good, not undecodable" in wrong


def test_f13_bombs_are_refused_within_5_ms_each(spark: SparkSession) -> None:
    names = list(BOMBS) * COPIES
    began = time.monotonic()
    rows = run(spark, [BOMBS[name] for name in names], bomb_schemas())
    assert went_off(fates(rows), names, time.monotonic() - began) == []


def test_f13_the_check_turns_red_for_a_decoder_that_believes_a_count() -> None:
    began = time.monotonic()
    verdicts = {0: believer(BOMBS["1e7 nulls"], fastavro.parse_schema(bomb_schemas()[3]))}
    red = went_off(verdicts, ["1e7 nulls"], time.monotonic() - began)
    assert red[0] == "1e7 nulls: good"
    assert len(red) == 2
