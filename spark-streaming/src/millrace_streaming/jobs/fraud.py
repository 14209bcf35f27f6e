"""Entry: everything about fraud that is no stream: `millrace fraud …`."""

from __future__ import annotations

import argparse
import sys

from ..config import read_config
from ..errors import ConfigError, MillraceError
from ..fraud.stream import rebuild


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; the settings come from the environment (MILLRACE_*). Returns the exit code."""
    parser = argparse.ArgumentParser(prog="millrace fraud")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("rebuild", help="forget the feature state: the job's next start makes it anew from the topics")
    options = parser.parse_args(arguments)
    try:
        config = read_config()
        if options.command == "rebuild":
            was = rebuild(config)
            sys.stdout.write(f"lane {config.lane}: {'the state is forgotten' if was else 'there was no state'}; start the job again\n")
        return 0
    except ConfigError as error:
        sys.stderr.write("".join(f"{problem}\n" for problem in error.problems))
        return 78
    except MillraceError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
