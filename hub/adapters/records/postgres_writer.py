"""The hot path on PostgreSQL: one connection, driver-level statements, one transaction a group.

After any error the connection is dropped rather than mended; the next commit makes another.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
from sqlalchemy.engine import URL

from hub.adapters.records import rows, statements
from hub.adapters.records.database import FORGOTTEN_AT_ONCE, SPOOL
from hub.adapters.records.failures import told
from hub.adapters.records.postgres_address import PostgresAddress
from hub.adapters.records.postgres_locks import COMMITS
from hub.errors import MisconfiguredError, UnavailableError
from hub.model import DeadLetter, Group

_PUT_STATES: Final = (
    "INSERT INTO device_states (device, payload)"
    " SELECT * FROM unnest($1::varchar[], $2::text[])"
    " ON CONFLICT (device) DO UPDATE SET payload = excluded.payload"
)
_DIALECT: Final = URL.create("postgresql+asyncpg").get_dialect()()
_OCCUPY: Final = f"SELECT pg_advisory_lock({COMMITS})"
_UNSYNCED: Final = "BEGIN; SET LOCAL synchronous_commit = off"


class HeldError(UnavailableError):
    """Another connection commits to this database."""


class PostgresWriter:
    """Writes groups, and forgets what the series store has."""

    def __init__(self, address: PostgresAddress) -> None:
        self._address = address
        self._sql = statements.positional(_DIALECT)
        self._connection: Any = None
        self._position: int | None = None
        self._turn = asyncio.Lock()

    async def occupy(self) -> None:
        """Connect and take the lock that one hub at a time holds.

        Raises:
            MisconfiguredError: another hub holds it.
        """
        try:
            with told():
                async with self._turn, asyncio.timeout(self._address.patience_s):
                    await self._connected()
        except HeldError as error:
            message = (
                f"another hub works on {self._address.shown}; stop it, or set HUB_RECORDS__URL"
            )
            raise MisconfiguredError(message) from error

    async def commit(self, group: Group, *, revisions: Mapping[tuple[str, str], int]) -> int:
        written = [(name, some) for name, some in rows.group(group, revisions=revisions) if some]
        states = rows.states(group)
        samples = rows.of_samples(group.samples) if group.samples else None
        async with self._transaction() as connection:
            position = self._position
            if position is None:
                position = await self._last_position(connection)
            for name, some in written:
                await self._run(connection, name, some)
            if states:
                await connection.execute(_PUT_STATES, *map(list, zip(*states, strict=True)))
            if samples is not None:
                position = await self._value(connection, "add_spool", samples)
        self._position = position
        return position

    async def advance(self, position: int, *, dead_letters: Sequence[DeadLetter]) -> bool:
        letters = [rows.of_dead_letter(letter) for letter in dead_letters]
        # What only forgets is synced by the next commit: lost, it is forgotten a second time.
        async with self._transaction(begin="BEGIN" if letters else _UNSYNCED) as connection:
            await self._run(connection, "put_cursor", [{"name": SPOOL, "position": position}])
            if letters:
                await self._run(connection, "add_dead_letter", letters)
            first = await self._value(connection, "first_position")
            last = min(position, (first or 0) + FORGOTTEN_AT_ONCE)
            await self._run(connection, "forget_spool", [{"position": last}])
        return last == position

    async def close(self) -> None:
        async with self._turn:
            self._drop()

    async def _run(self, connection: Any, name: str, some: Sequence[rows.Record]) -> None:  # noqa: ANN401 - asyncpg publishes no types
        sql, order = self._sql[name]
        await connection.executemany(sql, [[row[key] for key in order] for row in some])

    async def _value(self, connection: Any, name: str, row: rows.Record | None = None) -> Any:  # noqa: ANN401 - a driver's value
        sql, order = self._sql[name]
        return await connection.fetchval(sql, *((row or {})[key] for key in order))

    async def _last_position(self, connection: Any) -> int:  # noqa: ANN401 - asyncpg publishes no types
        newest = await self._value(connection, "last_position")
        cursor = await self._value(connection, "cursor", {"name": SPOOL})
        return max(newest or 0, cursor or 0)

    @asynccontextmanager
    async def _transaction(self, *, begin: str = "BEGIN") -> AsyncIterator[Any]:
        with told():
            async with self._turn, asyncio.timeout(self._address.patience_s):
                connection = await self._connected()
                try:
                    await connection.execute(begin)
                    yield connection
                    await connection.execute("COMMIT")
                except BaseException:
                    self._drop()
                    raise

    async def _connected(self) -> Any:  # noqa: ANN401 - asyncpg publishes no types
        if self._connection is None or self._connection.is_closed():
            connection = await self._address.connect()
            try:
                await connection.execute(_OCCUPY)
            except asyncpg.LockNotAvailableError as error:
                connection.terminate()
                message = f"another connection commits to {self._address.shown} and does not end"
                raise HeldError(message) from error
            except BaseException:
                connection.terminate()
                raise
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
