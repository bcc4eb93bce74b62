"""One SQLite file, written by one connection at a time.

SQLite has one writer. Within this process writers queue for their turn here instead of being
refused there; another process (the command line) is waited for by SQLite itself.
"""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Row, Select, event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from hub.adapters.records import schema
from hub.adapters.records.database import Database
from hub.adapters.records.failures import TAKEN, driver_error, for_good, refuse_nul, told
from hub.adapters.records.sqlite_writer import PRAGMAS, SqliteWriter
from hub.errors import MisconfiguredError, UnavailableError
from hub.model import DeadLetter, Group

T = TypeVar("T")

_WRITES: Final = "hub_writes"


class SqliteDatabase(Database):
    """The engine for all but commits, and the thread with the connection for commits."""

    def __init__(self, path: Path, *, patience_s: float) -> None:
        self._path = path
        url = URL.create("sqlite+aiosqlite", database=str(path))
        self._engine = create_async_engine(url, connect_args={"timeout": patience_s})
        event.listen(self._engine.sync_engine, "connect", _prepare)
        event.listen(self._engine.sync_engine, "begin", _begin)
        event.listen(self._engine.sync_engine, "before_cursor_execute", refuse_nul)
        self._writes = self._engine.execution_options(**{_WRITES: True})
        self._writer = SqliteWriter(path, patience_s=patience_s)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="records")
        self._turn = asyncio.Lock()
        self._small_turn = asyncio.Lock()

    @property
    def dialect(self) -> str:
        return self._engine.dialect.name

    async def open(self) -> None:
        try:
            async with self.writing() as connection:
                await connection.run_sync(schema.upgrade)
            await self._in_writer(SqliteWriter.open)
        except UnavailableError as error:
            if not for_good(error):
                raise
            message = f"{self._path} cannot be the record store: {driver_error(error.__cause__)}"
            raise MisconfiguredError(message) from error

    async def occupy(self) -> None:
        # The lock on the data directory keeps a second hub from its file.
        return

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        with told():
            async with self._engine.connect() as connection:
                yield connection

    async def all(self, query: Select[Any]) -> Sequence[Row[Any]]:
        async with self.reading() as connection:
            found: Sequence[Row[Any]] = (await connection.execute(query)).all()
            return found

    async def first(self, query: Select[Any]) -> Row[Any] | None:
        async with self.reading() as connection:
            found: Row[Any] | None = (await connection.execute(query)).first()
            return found

    @asynccontextmanager
    async def writing(self, *, refusal: str = TAKEN) -> AsyncIterator[AsyncConnection]:
        with told(refusal):
            async with (
                self._small_turn,
                self._writes.connect() as connection,
                self._turn,
                connection.begin(),
            ):
                yield connection

    async def commit(self, group: Group, *, revisions: Mapping[tuple[str, str], int]) -> int:
        work = functools.partial(SqliteWriter.commit, group=group, revisions=revisions)
        return await self._in_writer(work)

    async def advance(self, position: int, *, dead_letters: Sequence[DeadLetter]) -> bool:
        work = functools.partial(SqliteWriter.advance, position=position, dead_letters=dead_letters)
        return await self._in_writer(work)

    @asynccontextmanager
    async def copying(self) -> AsyncIterator[AsyncConnection]:
        if not self._path.exists():
            message = f"there are no records in {self._path}"
            raise MisconfiguredError(message)
        async with self.reading() as connection:
            yield connection

    def rebuilding(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self.writing()

    async def _in_writer(self, work: Callable[[SqliteWriter], T]) -> T:
        """Return what `work` does in the thread of commits, when its turn has come."""
        loop = asyncio.get_running_loop()
        with told():
            async with self._turn:
                return await loop.run_in_executor(self._thread, work, self._writer)

    async def close(self) -> None:
        with told():
            await self._engine.dispose()
            await asyncio.get_running_loop().run_in_executor(self._thread, self._writer.close)
        self._thread.shutdown()


def _prepare(connection: Any, record: object) -> None:  # noqa: ANN401, ARG001 - a driver's own
    # The driver must not begin transactions by itself: `_begin` says which kind.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes then could not wait for another process's lock.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
