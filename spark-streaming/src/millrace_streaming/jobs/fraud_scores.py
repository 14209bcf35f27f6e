"""Entry: the fraud scores of one lane."""

from __future__ import annotations

import argparse
import sys
import threading

from ..config import read_config
from ..errors import ConfigError, MillraceError
from ..fraud.stream import FraudStream
from ..runner import stop_on_signals
from ..telemetry import log_as_json


def main(arguments: list[str] | None = None) -> int:
    """Runs the job; the settings come from the environment (MILLRACE_*). Returns the exit code."""
    argparse.ArgumentParser(prog="millrace-fraud", description="Scores the orders of one lane.").parse_args(arguments)
    try:
        config = read_config()
        log_as_json(config.lane, config.log_level)
        # Before the start, which takes seconds: a signal then ends the job in order, too.
        stop = threading.Event()
        stop_on_signals(stop)
        return FraudStream(config, stop).run()
    except ConfigError as error:
        sys.stderr.write("".join(f"{problem}\n" for problem in error.problems))
        return 78
    except MillraceError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
