"""The schema registry (Confluent's API): writer schemas by id, and the id to write with."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import Any

import fastavro

from .contracts import schema_of, subject_of
from .errors import RegistryUnavailableError, SchemaMissingError

_TIMEOUT_S = 10
NEGATIVE_S = 60.0
"""How long an id that the registry does not know is refused without asking again."""


class Registry:
    """A client without memory; who asks keeps what it was told."""

    def __init__(self, url: str) -> None:
        self._url = url

    def _get(self, path: str) -> Any:
        """Parsed answer, None for 404. Throws RegistryUnavailableError."""
        try:
            with urllib.request.urlopen(f"{self._url}{path}", timeout=_TIMEOUT_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise RegistryUnavailableError(f"the registry answers {error.code} to {path}") from error
        except (OSError, ValueError) as error:
            raise RegistryUnavailableError(f"the registry at {self._url} does not answer: {error}") from error

    def versions(self, topic: str) -> dict[int, str]:
        """Writer schemas of the topic's subject by id."""
        subject = subject_of(topic)
        found: dict[int, str] = {}
        for version in self._get(f"/subjects/{subject}/versions") or []:
            entry = self._get(f"/subjects/{subject}/versions/{version}")
            if entry is not None:
                found[int(entry["id"])] = str(entry["schema"])
        return found

    def id_to_write(self, topic: str) -> int:
        """Id under which the contract's own schema is registered. Throws SchemaMissingError."""
        wanted = _canonical(schema_of(topic))
        for schema_id, text in self.versions(topic).items():
            if _canonical(json.loads(text)) == wanted:
                return schema_id
        raise SchemaMissingError(f"{subject_of(topic)} has no version that equals the contract; run `millrace schema register`")


def _canonical(schema: Any) -> str:
    return fastavro.schema.to_parsing_canonical_form(fastavro.parse_schema(schema))


class Negatives:
    """Ids refused lately, with the time until which they are."""

    def __init__(self) -> None:
        self._until: dict[tuple[int, int], float] = {}

    def add(self, code: int, schema_id: int) -> None:
        """Refuses for a while."""
        self._until[code, schema_id] = time.monotonic() + NEGATIVE_S

    def expired(self) -> list[tuple[int, int]]:
        """Ids to be asked about again; each is told once."""
        now = time.monotonic()
        over = [key for key, until in self._until.items() if until <= now]
        for key in over:
            del self._until[key]
        return over
