"""Event to published window, with the job running: `latency.py RATE SECONDS`. Uses a lane of its own, and removes it.

An event's latency is from its record's timestamp to that of the first `events` revision whose offsets reach it (both set by the producers).
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from typing import Any

import fastavro

from bench.drain import usage
from bench.fill import fill
from millrace_streaming.contracts import SOURCES, WINDOWS_TOPIC, in_lane, schema_of
from tests.support import prepare_lane, read_all, remove_lane


def latencies(lane: str, skip_ms: int) -> list[int]:
    """Of every event that was sent `skip_ms` after the first."""
    schema = fastavro.parse_schema(schema_of(WINDOWS_TOPIC))
    reached: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for message in read_all(in_lane(lane, WINDOWS_TOPIC)):
        record: Any = fastavro.schemaless_reader(io.BytesIO((message.value() or b"")[5:]), schema, None)
        if record["metric"] == "events":
            for span in record["sourceOffsets"]:
                reached.setdefault((span["topic"], span["partition"]), []).append((message.timestamp()[1], span["lastOffset"]))
    found = []
    for topic in (in_lane(lane, name) for name in SOURCES):
        records = read_all(topic)
        first = min((message.timestamp()[1] for message in records), default=0)
        for partition in (0, 1):
            marks = iter(sorted(reached.get((topic, partition), [])))
            at, last = next(marks, (0, -1))
            for message in sorted((m for m in records if m.partition() == partition), key=lambda m: m.offset() or 0):
                while last < (message.offset() or 0):
                    at, last = next(marks)
                if message.timestamp()[1] > first + skip_ms:
                    found.append(at - message.timestamp()[1])
    return sorted(found)


def measure(rate: float, seconds: int) -> dict[str, object]:
    """Runs the job and a producer side by side."""
    lane = f"lat{uuid.uuid4().hex[:8]}"
    ids = prepare_lane(lane)
    env = {
        **os.environ,
        "MILLRACE_LANE": lane,
        "MILLRACE_HTTP_PORT": "0",
        "MILLRACE_HOME": os.environ.get("MILLRACE_HOME") or tempfile.mkdtemp(),
    }
    job = subprocess.Popen(
        [sys.executable, "-m", "millrace_streaming.jobs.windowed_metrics"],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert job.stdout is not None
        while "checkpoint" not in job.stdout.readline():
            assert job.poll() is None
        sent = fill(lane, "mixed", int(rate * seconds), ids, rate)
        before = usage(job.pid)
        time.sleep(5)
        after = usage(job.pid)
        job.send_signal(signal.SIGTERM)
        code = job.wait(60)
        found = latencies(lane, seconds * 500)
    finally:
        if job.poll() is None:
            job.kill()
        remove_lane(lane)
    quantile = {f"p{q}": found[min(len(found) - 1, len(found) * q // 100)] for q in (50, 90, 99)}
    return {
        "rate": rate,
        "events": sum(sent.values()),
        **quantile,
        "idle_cpu": round((after[0] - before[0]) / 5, 2),
        "mb": round(after[1]),
        "exit": code,
        "load": os.getloadavg()[0],
    }


if __name__ == "__main__":
    print(json.dumps(measure(float(sys.argv[1]), int(sys.argv[2]))))
