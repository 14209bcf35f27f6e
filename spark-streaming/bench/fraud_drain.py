"""Scores a filled lane with the real job and says how fast: `fraud_drain.py LANE`. Fill it with the simulator first.

Prints one JSON line: scores and records, both per second from the first score's record timestamp to the last (set by the job as it hands a
score to its producer), scores/s in the first and second half of that time, CPU of JVM and Python, sizes of score records (value, bytes), and
the memory of the feature state: heap in use after a full collection, less what the same job uses before its first record.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from bench.drain import tree, usage
from millrace_streaming.contracts import SCORES_TOPIC, in_lane
from millrace_streaming.fraud.extract import SOURCES
from tests.support import brokers

_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_QUIET_S = 300


@dataclass
class Job:
    """The scoring job at work."""

    pid: int
    port: int

    def metrics(self) -> dict[str, float]:
        """Sums by name over all labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        sums: dict[str, float] = {}
        for name, _, value in _SAMPLE.findall(text):
            sums[name] = sums.get(name, 0.0) + float(value)
        return sums

    def heap_mb(self) -> float:
        """Heap in use after a full collection."""
        jvm = next(pid for pid in tree(self.pid) if Path(f"/proc/{pid}/comm").read_text().strip() == "java")
        subprocess.run(["jcmd", str(jvm), "GC.run"], check=True, capture_output=True)
        said = subprocess.run(["jcmd", str(jvm), "GC.heap_info"], check=True, capture_output=True, text=True).stdout
        return sum(int(used) for used in re.findall(r"Gen\s+total \d+K, used (\d+)K", said)) / 1024


@contextmanager
def job(lane: str, home: Path) -> Iterator[Job]:
    """Runs it until the block ends; ready at its beginning."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {**os.environ, "MILLRACE_LANE": lane, "MILLRACE_HOME": str(home), "MILLRACE_HTTP_PORT": str(port)}
    command = [sys.executable, "-m", "millrace_streaming.jobs.fraud_scores"]
    with (home / "fraud.log").open("w+") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT)
        try:
            while not _is_ready(port):
                assert process.poll() is None, (home / "fraud.log").read_text()
                time.sleep(0.05)
            yield Job(process.pid, port)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            if process.poll() is None:
                process.kill()


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def idle_heap_mb(home: Path) -> float:
    """What the job's heap holds with nothing to score."""
    lane = f"idle{uuid.uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": brokers()})
    topics = [in_lane(lane, topic) for topic in (*SOURCES, SCORES_TOPIC)]
    for future in admin.create_topics([NewTopic(topic, 2, 1) for topic in topics]).values():
        future.result()
    try:
        with job(lane, home) as running:
            return running.heap_mb()
    finally:
        for future in admin.delete_topics(topics).values():
            future.exception()


def scores_of(lane: str) -> list[tuple[int, int]]:
    """Record timestamp and bytes of every score, by time."""
    topic = in_lane(lane, SCORES_TOPIC)
    consumer = Consumer({"bootstrap.servers": brokers(), "group.id": uuid.uuid4().hex})
    found = []
    for partition in (0, 1):
        _, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), 30)
        consumer.assign([TopicPartition(topic, partition, 0)])
        at = 0
        while at < high:
            for message in consumer.consume(5_000, 1.0):
                assert message.error() is None, message.error()
                at = (message.offset() or 0) + 1
                found.append((message.timestamp()[1], len(message.value() or b"")))
    consumer.close()
    return sorted(found)


def drain(lane: str, home: Path) -> dict[str, object]:
    """Runs the job over the lane once, from nothing."""
    home.mkdir(parents=True, exist_ok=True)
    idle = idle_heap_mb(home)
    shutil.rmtree(home / "checkpoints" / lane, ignore_errors=True)
    with job(lane, home) as running:
        cpu_before, _ = usage(running.pid)
        peak, handled, since = 0.0, -1.0, time.monotonic()
        while True:
            time.sleep(0.25)
            said = running.metrics()
            cpu, memory = usage(running.pid)
            peak = max(peak, memory)
            if said["millrace_fraud_events_total"] > handled:
                handled, since = said["millrace_fraud_events_total"], time.monotonic()
            assert time.monotonic() - since < _QUIET_S, "the job stands still"
            if handled > 0 and said["millrace_fraud_lag_records"] == 0:
                break
        heap = running.heap_mb()
        said = running.metrics()
    scores = scores_of(lane)
    first, last = scores[0][0], scores[-1][0]
    middle = (first + last) / 2
    early = sum(at < middle for at, _ in scores)
    sizes = sorted(size for _, size in scores)
    half = (last - first) / 2_000
    return {
        "scores": len(scores),
        "records": round(handled),
        "revisions": round(said["millrace_fraud_revisions_total"]),
        "rate": round(len(scores) / half / 2),
        "first_half": round(early / half),
        "second_half": round((len(scores) - early) / half),
        "records_rate": round(handled / half / 2),
        "cpu_s_per_million": round((cpu - cpu_before) / len(scores) * 1e6, 1),
        "bytes_p50": sizes[len(sizes) // 2],
        "bytes_p99": sizes[len(sizes) * 99 // 100],
        "peak_mb": round(peak),
        "state_mb": round(heap - idle, 1),
        "facts": round(said["millrace_fraud_state_facts"]),
        "entities": round(said["millrace_fraud_state_entities"]),
        "load": os.getloadavg()[0],
    }


if __name__ == "__main__":
    print(json.dumps(drain(sys.argv[1], Path(os.environ.get("MILLRACE_HOME", "/tmp/millrace-bench")))))
