"""Entry: the fraud scores of one lane."""

from __future__ import annotations

import argparse
import sys
import threading

from ..config import read_config
from ..errors import reporting
from ..fraud.stream import FraudStream
from ..runner import stop_on_signals
from ..telemetry import log_as_json


def main(arguments: list[str] | None = None) -> int:
    """Runs the job; the settings come from the environment (MILLRACE_*). Returns the exit code."""
    argparse.ArgumentParser(prog="millrace-fraud", description="Scores the orders of one lane.").parse_args(arguments)
    return reporting(_run)


def _run() -> int:
    config = read_config()
    log_as_json(config.lane, config.log_level)
    # Before the start, which takes seconds: a signal then ends the job in order, too.
    stop = threading.Event()
    stop_on_signals(stop)
    return FraudStream(config, stop).run()


if __name__ == "__main__":
    sys.exit(main())
