"""Failures with fields. `retriable` says whether waiting can help: an infrastructure error blocks, it never drops a record."""

from __future__ import annotations

import sys
from collections.abc import Callable


class MillraceError(Exception):
    """Base of every failure of this package."""

    retriable = False


class ConfigError(MillraceError):
    """The environment is not usable; `problems` has one line per variable."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class ContractError(MillraceError):
    """A file of the contracts is missing or says what this package cannot read."""


class HelperBuildError(MillraceError):
    """The small JVM helper could not be compiled."""


class RegistryUnavailableError(MillraceError):
    """The schema registry did not answer; nothing may be dead-lettered because of that."""

    retriable = True


class SchemaMissingError(MillraceError):
    """The registry has no schema for a topic this job writes."""

    retriable = True


class KafkaNotReadyError(MillraceError):
    """The broker does not answer, or a topic is not there yet."""

    retriable = True


class PublishError(MillraceError):
    """Kafka did not take every record of a batch."""

    retriable = True


class SourceGoneError(MillraceError):
    """Records that must be handed on whole are no longer in their topic."""


class StateGapError(MillraceError):
    """The state is older than the query's checkpoint: going on would count wrongly in silence."""

    def __init__(self, state_batch: int, batch: int, checkpoint: str) -> None:
        super().__init__(
            f"the state ends with batch {state_batch}, the checkpoint goes on with batch {batch}: part of {checkpoint} was lost. "
            "Remove that folder to compute the lane anew from its topics."
        )
        self.state_batch = state_batch
        self.batch = batch


def reporting(run: Callable[[], int]) -> int:
    """Runs what a process is for; a failure is told on stderr. Returns the exit code: 78 (sysexits' EX_CONFIG) where settings are wrong."""
    try:
        return run()
    except ConfigError as error:
        sys.stderr.write("".join(f"{problem}\n" for problem in error.problems))
        return 78
    except MillraceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
