"""The hostile values of libs/testing/corpus/orders.json: the Node tests read the same file, so that both agree on each value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from millrace_streaming.contracts import contracts_dir

WRITER = json.loads((contracts_dir() / "avro" / "history" / "order-event" / "1.avsc").read_text("utf-8"))
"""The version of an order that the corpus was written with."""
FILE = Path(__file__).resolve().parents[2] / "libs" / "testing" / "corpus" / "orders.json"
_VERDICTS = {"g": "good", "u": "undecodable", "s": "unknown-schema", "l": "decode-limit", "i": "invalid", "t": "event-time"}


class WireCase(NamedTuple):
    """A value of `shop.orders.v1`, and the reason of its dead letter or `good`."""

    name: str
    reason: str
    value: bytes | None


def wire_corpus(ours: int, other: int) -> list[WireCase]:
    """Malformed cases, ten thousand records with flipped bits, every prefix of a record; by the topic's schema id and that of another."""
    told = json.loads(FILE.read_text("utf-8"))

    def to_bytes(text: str) -> bytes:
        return bytes.fromhex(text.replace("<id>", f"{ours:08x}").replace("<other>", f"{other:08x}"))

    record = to_bytes(told["record"])
    random = _seeded(told["flipSeed"])
    made = [
        WireCase(c["name"], c["reason"], None if c["value"] is None else to_bytes(c["value"]) + bytes(c.get("zeros", 0)))
        for c in told["cases"]
    ]
    flipped = "".join(told["flippedVerdicts"])
    made += [WireCase(f"flipped {i}", _VERDICTS[letter], _flip(record, 1 + i % 3, random)) for i, letter in enumerate(flipped)]
    made += [WireCase(f"the first {n} bytes", _VERDICTS[letter], record[:n]) for n, letter in enumerate(told["prefixVerdicts"])]
    return made


def _flip(record: bytes, times: int, random: Iterator[int]) -> bytes:
    flipped = bytearray(record)
    for _ in range(times):
        bit = next(random) % (len(record) * 8)
        flipped[bit >> 3] ^= 1 << (bit & 7)
    return bytes(flipped)


def _seeded(seed: int) -> Iterator[int]:
    """Numbers that only the seed decides; wire-corpus.ts computes the same ones."""
    state = seed
    while True:
        state = (state * 1_664_525 + 1_013_904_223) & 0xFFFFFFFF
        yield state >> 8
