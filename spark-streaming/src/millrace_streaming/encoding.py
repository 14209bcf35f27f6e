"""What leaves: metric windows, dead letters and late rows as Kafka messages."""

from __future__ import annotations

import io
import secrets
from datetime import datetime, timezone
from typing import NamedTuple

import fastavro
from confluent_kafka import Message

from .aggregate import Revision
from .cells import Cell
from .contracts import GROUP, LATE_TOPIC, SOURCES, WINDOWS_TOPIC, dead_letter_topic, in_lane, metric_key, schema_of

Header = tuple[str, str | bytes | None]


class Outgoing(NamedTuple):
    """One record to be published."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[Header]


def iso(ms: int) -> str:
    """RFC 3339 in UTC."""
    return datetime.fromtimestamp(ms / 1000, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Encoder:
    """Encodes for one lane. `schema_id` is that of the windows' schema in the registry."""

    def __init__(self, lane: str, schema_id: int) -> None:
        self._lane = lane
        self._topic = in_lane(lane, WINDOWS_TOPIC)
        self._schema = fastavro.parse_schema(schema_of(WINDOWS_TOPIC))
        self._head = b"\0" + schema_id.to_bytes(4, "big")
        self._sources = [in_lane(lane, topic) for topic in SOURCES]

    def windows(self, revisions: list[Revision], now_ms: int) -> list[Outgoing]:
        """A batch's revisions; one trace for all of them."""
        trace = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01".encode()
        common: list[Header] = [
            ("ce_specversion", b"1.0"),
            ("ce_source", b"/millrace/spark-streaming"),
            ("ce_type", b"io.millrace.MetricWindow"),
            ("ce_time", iso(now_ms).encode()),
            ("content-type", b"application/avro"),
            ("traceparent", trace),
        ]
        return [self._window(revision, now_ms, common) for revision in revisions]

    def _window(self, revision: Revision, now_ms: int, common: list[Header]) -> Outgoing:
        key = revision.key
        dimensions = dict(zip(key.names, key.values, strict=True))
        name = metric_key(key.metric, dimensions)
        record = {
            "metricKey": name,
            "metric": key.metric,
            "dimensions": dimensions,
            "window": key.window,
            "windowStart": key.start,
            "windowEnd": revision.end,
            "value": revision.value,
            "count": revision.count,
            "items": [{"key": item, "value": value} for item, value in revision.items],
            "revision": revision.revision,
            "watermark": revision.watermark,
            "final": revision.final,
            "sourceOffsets": [
                {"topic": self._sources[t], "partition": p, "firstOffset": lo, "lastOffset": hi}
                for (t, p), (lo, hi) in sorted(revision.offsets.items())
            ],
            "computedAt": now_ms,
            "lane": self._lane,
        }
        body = io.BytesIO()
        body.write(self._head)
        fastavro.schemaless_writer(body, self._schema, record)
        identity = f"{self._lane}/{name}/{key.window}/{key.start}/{revision.revision}".encode()
        return Outgoing(self._topic, name.encode(), body.getvalue(), [*common, ("ce_id", identity)])

    def dead_letter(self, cell: Cell, source: Message, now_ms: int) -> Outgoing:
        """A record that cannot be used, as it came."""
        headers = [
            ("millrace_reason", (cell.s1 or "").encode()),
            ("millrace_detail", (cell.s2 or "").encode()),
            *_origin(source),
            ("millrace_group", GROUP.encode()),
            ("millrace_lane", self._lane.encode()),
            ("millrace_failed_at", iso(now_ms).encode()),
            ("millrace_attempts", b"1"),
        ]
        return _whole(dead_letter_topic(self._lane, SOURCES[cell.t]), source, headers)

    def late(self, source: Message, watermark_ms: int | None) -> Outgoing:
        """A record whose minute was closed, as it came."""
        headers = [
            ("millrace_reason", b"late"),
            *_origin(source),
            ("millrace_watermark", str(watermark_ms).encode()),
            ("millrace_lane", self._lane.encode()),
        ]
        return _whole(in_lane(self._lane, LATE_TOPIC), source, headers)


def _whole(topic: str, source: Message, headers: list[Header]) -> Outgoing:
    given = source.headers() or []
    kept = list(given.items()) if isinstance(given, dict) else given
    return Outgoing(topic, _bytes(source.key()), _bytes(source.value()), [*kept, *headers])


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


def _origin(source: Message) -> list[Header]:
    return [
        ("millrace_topic", str(source.topic()).encode()),
        ("millrace_partition", str(source.partition()).encode()),
        ("millrace_offset", str(source.offset()).encode()),
        ("millrace_timestamp", str(source.timestamp()[1]).encode()),
    ]
