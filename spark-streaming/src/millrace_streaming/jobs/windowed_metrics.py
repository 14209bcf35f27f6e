"""Entry: the windowed metrics of one lane."""

from __future__ import annotations

import argparse
import sys

from ..config import read_config
from ..errors import ConfigError, MillraceError
from ..runner import Runner, stop_on_signals
from ..telemetry import log_as_json


def main(arguments: list[str] | None = None) -> int:
    """Runs the job; the settings come from the environment (MILLRACE_*). Returns the exit code."""
    parser = argparse.ArgumentParser(prog="millrace-metrics", description="Computes the windowed metrics of one lane.")
    parser.add_argument("--available-now", action="store_true", help="read what is there, then exit")
    options = parser.parse_args(arguments)
    try:
        config = read_config()
        log_as_json(config.lane, config.log_level)
        runner = Runner(config)
        stop_on_signals(runner.stop)
        return runner.run(options.available_now)
    except ConfigError as error:
        sys.stderr.write("".join(f"{problem}\n" for problem in error.problems))
        return 78
    except MillraceError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
