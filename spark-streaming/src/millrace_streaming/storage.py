"""The state on disk: one SQLite file beside the query's checkpoint, one transaction per batch."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Changes:
    """What one batch writes. Keys are JSON lists of texts and numbers, values any JSON or bytes."""

    def __init__(self) -> None:
        self.puts: dict[tuple[str, str], str | bytes] = {}
        self.deletes: list[tuple[str, str]] = []

    def put(self, space: str, key: list[Any], value: Any) -> None:
        """Writes or replaces."""
        self.puts[space, _text(key)] = value if isinstance(value, bytes) else _text(value)

    def delete(self, space: str, key: list[Any]) -> None:
        """Removes, also what this batch put."""
        row = (space, _text(key))
        self.puts.pop(row, None)
        self.deletes.append(row)


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Store:
    """Durable against a killed process and a lost machine: a batch is either wholly there or not at all."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA wal_autocheckpoint=4000")
        self._db.execute("CREATE TABLE IF NOT EXISTS state (space TEXT, key TEXT, value BLOB, PRIMARY KEY (space, key)) WITHOUT ROWID")
        self._db.execute("CREATE TABLE IF NOT EXISTS outbox (batch INTEGER, part INTEGER, value BLOB, PRIMARY KEY (batch, part))")

    def commit(self, sequence: int, changes: Changes, outbox: list[bytes]) -> None:
        """One transaction: the state after this commit, and what is still to be published."""
        changes.put("meta", ["sequence"], sequence)
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany("DELETE FROM state WHERE space = ? AND key = ?", changes.deletes)
            rows = ((space, key, value) for (space, key), value in changes.puts.items())
            self._db.executemany("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", rows)
            self._db.executemany("INSERT INTO outbox VALUES (?, ?, ?)", ((sequence, i, part) for i, part in enumerate(outbox)))
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    def batch(self) -> int:
        """Id of the query's last batch in the state, -1 before the first."""
        return self._number("batch")

    def sequence(self) -> int:
        """Number of the last commit, -1 before the first; the clock may commit between batches."""
        return self._number("sequence")

    def identity(self) -> str:
        """Made with the state: another one, begun anew in the same lane, has another."""
        self._db.execute("INSERT OR IGNORE INTO state VALUES ('meta', 'identity', ?)", (secrets.token_hex(8),))
        return str(self._db.execute("SELECT value FROM state WHERE space = 'meta' AND key = 'identity'").fetchone()[0])

    def _number(self, name: str) -> int:
        row = self._db.execute("SELECT value FROM state WHERE space = 'meta' AND key = ?", (_text([name]),)).fetchone()
        return int(row[0]) if row else -1

    def rows(self, space: str) -> Iterator[tuple[list[Any], Any]]:
        """Everything of a space: parsed keys, and values parsed unless they are bytes."""
        for key, value in self._db.execute("SELECT key, value FROM state WHERE space = ? ORDER BY key", (space,)):
            yield json.loads(key), value if isinstance(value, bytes) else json.loads(value)

    def pending(self) -> list[tuple[int, bytes]]:
        """Parts of the outbox that may not have been published, in order."""
        return list(self._db.execute("SELECT batch, value FROM outbox ORDER BY batch, part"))

    def published(self, batch: int) -> None:
        """Forgets the outbox up to this batch."""
        self._db.execute("DELETE FROM outbox WHERE batch <= ?", (batch,))

    def close(self) -> None:
        """Closes the file."""
        self._db.close()
