"""Entry: the windowed metrics of one lane."""

from __future__ import annotations

import argparse
import sys

from ..config import read_config
from ..errors import reporting
from ..runner import Runner, stop_on_signals
from ..telemetry import log_as_json


def main(arguments: list[str] | None = None) -> int:
    """Runs the job; the settings come from the environment (MILLRACE_*). Returns the exit code."""
    parser = argparse.ArgumentParser(prog="millrace-metrics", description="Computes the windowed metrics of one lane.")
    parser.add_argument("--available-now", action="store_true", help="read what is there, then exit")
    options = parser.parse_args(arguments)
    return reporting(lambda: _run(options.available_now))


def _run(available_now: bool) -> int:
    config = read_config()
    log_as_json(config.lane, config.log_level)
    runner = Runner(config)
    stop_on_signals(runner.stop)
    return runner.run(available_now)


if __name__ == "__main__":
    sys.exit(main())
