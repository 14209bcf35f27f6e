"""What the job says about itself: Prometheus, health, JSON lines."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from confluent_kafka import KafkaException
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily

log = logging.getLogger(__name__)


class Endpoint:
    """Health and metrics of one lane's job over HTTP."""

    def __init__(self, lane: str) -> None:
        self.lane = lane
        self.registry = CollectorRegistry()
        self.ready = threading.Event()
        self.alive: Callable[[], bool] = lambda: True

    def serve(self, port: int) -> ThreadingHTTPServer:
        """Answers /metrics, /health/live and /health/ready on the loopback address and beyond; port 0 takes a free one."""
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """One of three paths."""
                path = self.path.split("?")[0]
                if path == "/metrics":
                    self._answer(200, "text/plain; version=0.0.4; charset=utf-8", generate_latest(endpoint.registry))
                elif path in ("/health/live", "/health/ready"):
                    well = endpoint.alive() and (path.endswith("live") or endpoint.ready.is_set())
                    self._answer(200 if well else 503, "application/json", json.dumps({"status": "ok" if well else "error"}).encode())
                else:
                    self._answer(404, "text/plain", b"not found\n")

            def _answer(self, status: int, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Requests of health checks are no news."""

        server = ThreadingHTTPServer(("", port), Handler)
        threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
        return server


class Telemetry(Endpoint):
    """Metrics of the windowed metrics' job; every label set is bounded by topics, partitions and reasons."""

    def __init__(self, lane: str) -> None:
        super().__init__(lane)

        def labelled(*names: str) -> tuple[str, ...]:
            return ("lane", *names)

        prefix = "millrace_spark_"
        self.batches = Counter(f"{prefix}batches_total", "Batches committed.", labelled(), registry=self.registry)
        self.events = Counter(f"{prefix}events_total", "Events counted.", labelled(), registry=self.registry)
        self.windows = Counter(f"{prefix}windows_total", "Revisions of windows published.", labelled(), registry=self.registry)
        self.dead = Counter(f"{prefix}dead_letters_total", "Records dead-lettered.", labelled("topic", "reason"), registry=self.registry)
        self.late = Counter(f"{prefix}late_total", "Records after the watermark.", labelled("topic"), registry=self.registry)
        self.duplicates = Counter(f"{prefix}duplicates_total", "Events seen before.", labelled(), registry=self.registry)
        self.lost = Counter(f"{prefix}expired_total", "Offsets that retention took first.", labelled("topic"), registry=self.registry)
        self.remembered = Gauge(f"{prefix}remembered_ids", "Event ids held to tell duplicates.", labelled(), registry=self.registry)
        self.open_windows = Gauge(f"{prefix}open_windows", "Windows in the state.", labelled(), registry=self.registry)
        self.watermark = Gauge(f"{prefix}watermark_seconds", "Watermark, epoch seconds.", labelled("topic"), registry=self.registry)
        self.last_batch = Gauge(f"{prefix}last_batch_seconds", "End of the last batch, epoch seconds.", labelled(), registry=self.registry)
        self.seconds = Histogram(f"{prefix}batch_seconds", "Time a batch took.", labelled("part"), registry=self.registry)
        self.behind: Callable[[], Iterable[tuple[str, int, int]]] = tuple
        self.registry.register(self)

    def describe(self) -> list[Metric]:
        """Asked before the query runs: nothing, so that registering asks nobody."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The lag, asked of the broker when somebody looks: a query that hangs would not say it. Absent while the broker is silent."""
        lag = GaugeMetricFamily("millrace_spark_lag_records", "Records not yet read.", labels=("lane", "topic", "partition"))
        try:
            for topic, partition, records in self.behind():
                lag.add_metric((self.lane, topic, str(partition)), records)
        except KafkaException as error:
            log.warning("Kafka does not say how far it is: %s", error)
            return
        yield lag


class JsonLines(logging.Formatter):
    """One JSON object per line, as the Node services log."""

    def __init__(self, lane: str) -> None:
        super().__init__()
        self._lane = lane

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line = {
            "level": record.levelname.lower(),
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "service": "spark-streaming",
            "lane": self._lane,
            "msg": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_as_json(lane: str, level: str) -> None:
    """Sends all logs to stdout as JSON lines."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines(lane))
    logging.basicConfig(level=getattr(logging, level.upper(), logging.INFO), handlers=[handler], force=True)
    for noisy in ("py4j", "pyspark"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
