"""The hot path: one SQLite connection in one thread, driver-level statements, full sync.

Runs in a thread; `sqlite_database.py` sees to it that only one call is under way.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Final

from sqlalchemy.dialects import sqlite

from hub.adapters.records import rows, statements
from hub.adapters.records.database import FORGOTTEN_AT_ONCE, SPOOL
from hub.model import DeadLetter, Group

STATES_AT_ONCE: Final = (64, 16, 4, 1)
"""Rows of one statement. Each step of a statement lets go of the interpreter's lock, and beside a
busy event loop it comes back milliseconds later: a commit takes few steps, not one a row."""
PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    # In WAL, NORMAL would sync at checkpoints only and lose what was receipted since.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)


class SqliteWriter:
    """Writes groups, and forgets what the series store has."""

    def __init__(self, path: Path, *, patience_s: float) -> None:
        self._path = path
        self._patience_s = patience_s
        self._sql = statements.texts(sqlite.dialect(paramstyle="named"))
        positional = sqlite.dialect(paramstyle="qmark")
        self._put_states = {
            size: statements.put_states(positional, rows=size) for size in STATES_AT_ONCE
        }
        self._connection: sqlite3.Connection | None = None
        self._sync = ""
        self._position = 0

    def open(self) -> None:
        connection = self._connected()
        (newest,) = connection.execute(self._sql["last_position"]).fetchone()
        cursor = connection.execute(self._sql["cursor"], {"name": SPOOL}).fetchone()
        self._position = max(newest or 0, cursor[0] if cursor else 0)

    def commit(self, group: Group, *, revisions: Mapping[tuple[str, str], int]) -> int:
        """Write all of the group in one synced transaction; return the spool position then."""
        written = [(name, some) for name, some in rows.group(group, revisions=revisions) if some]
        states = rows.states(group)
        position = self._position
        samples = rows.of_samples(group.samples) if group.samples else None
        with self._transaction() as connection:
            for name, some in written:
                connection.executemany(self._sql[name], some)
            self._put(connection, states)
            if samples is not None:
                position = connection.execute(self._sql["add_spool"], samples).fetchone()[0]
        self._position = position
        return position

    def advance(self, position: int, *, dead_letters: Sequence[DeadLetter]) -> bool:
        """Set the cursor, keep the dead letters, forget some groups; return whether all are."""
        letters = [rows.of_dead_letter(letter) for letter in dead_letters]
        # What only forgets is synced by the next commit: lost, it is forgotten a second time.
        with self._transaction(sync="FULL" if letters else "NORMAL") as connection:
            connection.execute(self._sql["put_cursor"], {"name": SPOOL, "position": position})
            connection.executemany(self._sql["add_dead_letter"], letters)
            (first,) = connection.execute(self._sql["first_position"]).fetchone()
            last = min(position, (first or 0) + FORGOTTEN_AT_ONCE)
            connection.execute(self._sql["forget_spool"], {"position": last})
        return last == position

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection, self._sync = None, ""

    def _put(self, connection: sqlite3.Connection, states: Sequence[tuple[str, str]]) -> None:
        done = 0
        for size in STATES_AT_ONCE:
            while len(states) - done >= size:
                block = states[done : done + size]
                connection.execute(self._put_states[size], tuple(chain.from_iterable(block)))
                done += size

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(
                self._path, timeout=self._patience_s, isolation_level=None
            )
            for pragma in PRAGMAS:
                self._connection.execute(pragma)
        return self._connection

    @contextmanager
    def _transaction(self, *, sync: str = "FULL") -> Iterator[sqlite3.Connection]:
        connection = self._connected()
        try:
            if sync != self._sync:
                connection.execute(f"PRAGMA synchronous = {sync}")
                self._sync = sync
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            # Closing rolls back, also where the disk is too full for a ROLLBACK to be said.
            self.close()
            raise
