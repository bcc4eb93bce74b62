"""One PostgreSQL database: a pool of connections, and one of its own for commits.

Whatever waits for the server waits no longer than the settings say; a server that hangs is away.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from sqlalchemy import Row, Select, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from hub.adapters.records import schema
from hub.adapters.records.database import Database
from hub.adapters.records.failures import TAKEN, driver_error, for_good, refuse_nul, told
from hub.adapters.records.postgres_address import PostgresAddress
from hub.adapters.records.postgres_locks import SMALL_WRITE, UPGRADE
from hub.adapters.records.postgres_writer import PostgresWriter
from hub.errors import MisconfiguredError, UnavailableError
from hub.model import DeadLetter, Group

REBUILD_S: Final = 3600.0
"""How long a change of the schema or a restore may take."""
_UNHURRIED: Final = text("SET LOCAL statement_timeout = 0")
_ENCODING: Final = text("SELECT current_setting('server_encoding')")
_ONE_AT_A_TIME: Final = text(f"SELECT pg_advisory_xact_lock({SMALL_WRITE})")
_ALONE: Final = text(f"SELECT pg_advisory_xact_lock({UPGRADE})")


class PostgresDatabase(Database):
    def __init__(self, address: PostgresAddress) -> None:
        self._address = address
        self._patience_s = address.patience_s
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=address.connect,
            pool_timeout=address.patience_s,
        )
        event.listen(self._engine.sync_engine, "before_cursor_execute", refuse_nul)
        # One statement sees one state anyway: no transaction around it.
        self._asks = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._reads = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._writer = PostgresWriter(address)
        self._small_turn = asyncio.Lock()

    @property
    def dialect(self) -> str:
        return self._engine.dialect.name

    async def open(self) -> None:
        try:
            async with self.rebuilding() as connection:
                encoding = (await connection.execute(_ENCODING)).scalar_one()
                if encoding != "UTF8":
                    message = f"{self._address.shown} is encoded in {encoding}; make one in UTF8"
                    raise MisconfiguredError(message)
                await connection.run_sync(schema.upgrade)
        except UnavailableError as error:
            if not for_good(error):
                raise
            message = (
                f"{self._address.shown} cannot be the record store: {driver_error(error.__cause__)}"
            )
            raise MisconfiguredError(message) from error

    async def occupy(self) -> None:
        await self._writer.occupy()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        with told():
            async with asyncio.timeout(self._patience_s), self._reads.connect() as connection:
                yield connection

    async def all(self, query: Select[Any]) -> Sequence[Row[Any]]:
        async with self._asking() as connection:
            found: Sequence[Row[Any]] = (await connection.execute(query)).all()
            return found

    async def first(self, query: Select[Any]) -> Row[Any] | None:
        async with self._asking() as connection:
            found: Row[Any] | None = (await connection.execute(query)).first()
            return found

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[AsyncConnection]:
        with told():
            async with asyncio.timeout(self._patience_s), self._asks.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self, *, refusal: str = TAKEN) -> AsyncIterator[AsyncConnection]:
        with told(refusal):
            async with (
                asyncio.timeout(self._patience_s),
                self._small_turn,
                self._engine.begin() as connection,
            ):
                await connection.execute(_ONE_AT_A_TIME)
                yield connection

    async def commit(self, group: Group, *, revisions: Mapping[tuple[str, str], int]) -> int:
        return await self._writer.commit(group, revisions=revisions)

    async def advance(self, position: int, *, dead_letters: Sequence[DeadLetter]) -> bool:
        return await self._writer.advance(position, dead_letters=dead_letters)

    @asynccontextmanager
    async def copying(self) -> AsyncIterator[AsyncConnection]:
        with told():
            async with asyncio.timeout(REBUILD_S), self._reads.connect() as connection:
                await connection.execute(_UNHURRIED)
                yield connection

    @asynccontextmanager
    async def rebuilding(self) -> AsyncIterator[AsyncConnection]:
        with told():
            async with asyncio.timeout(REBUILD_S), self._engine.begin() as connection:
                # Another process that is changing the schema is waited for as any lock is.
                await connection.execute(_ALONE)
                await connection.execute(_UNHURRIED)
                yield connection

    async def close(self) -> None:
        await self._writer.close()
        # A server that hangs keeps nothing of ours that would have to be waited for.
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience_s):
                await self._engine.dispose()
