"""A file of SQLite as a series store: no server, crash-safe, for a home and a laptop."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from hub.adapters.series import sqlite_tables as tables
from hub.adapters.series.fields import EARLIEST_MS, FieldTypes, check_query, result_class
from hub.adapters.series.settling import FirstWins, Settled
from hub.errors import MisconfiguredError, UnavailableError
from hub.model import Quality, Sample
from hub.ports import RefusedSample, SeriesPoint, SeriesQuery

T = TypeVar("T")
_Rows = dict[tuple[str, tuple[str, ...]], list[Sequence[object]]]

_DAY_MS = 86_400_000
_SWEEP_EVERY_S = 3600.0
_DEVICES_PER_SWEEP = 200
"""Deleted from in one transaction, so that writes come in between."""


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class _Thread:
    """One thread with one connection; what it is asked to do is done in order."""

    def __init__(self, path: Path, *, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="series")
        self._connection: sqlite3.Connection | None = None

    async def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Do the job in the thread.

        Raises:
            UnavailableError: the disk is full, the file locked or damaged; nothing was changed.
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._executor, self._do, job)
        except sqlite3.Error as error:
            message = f"the series file {self._path} cannot be used now: {error}"
            raise UnavailableError(message) from error

    def _do(self, job: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            self._connection = tables.connect(self._path, timeout_s=self._timeout_s)
        return job(self._connection)

    async def close(self) -> None:
        if self._connection is not None:
            await asyncio.get_running_loop().run_in_executor(self._executor, self._connection.close)
        self._executor.shutdown(wait=False)


class SqliteSeries:
    """One writing thread and one reading thread on one file."""

    def __init__(
        self,
        path: Path,
        *,
        retention_days: int | None = None,
        timeout_s: float = 5.0,
        now_ms: Callable[[], int] = _now_ms,
    ) -> None:
        self._path = path
        self._retention_days = retention_days
        self._timeout_s = timeout_s
        self._now_ms = now_ms
        self._types = FieldTypes()
        self._writer: _Thread | None = None
        self._reader: _Thread | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def open(self) -> None:
        if self._writer is None:
            self._writer = _Thread(self._path, timeout_s=self._timeout_s)
            self._reader = _Thread(self._path, timeout_s=self._timeout_s)
        try:
            await self._writer.run(self._prepare)
            await self._sweep()
        except UnavailableError as error:
            if _is_for_the_operator(error.__cause__):
                raise MisconfiguredError(str(error)) from None
            raise
        if self._retention_days is not None and self._sweeper is None:
            self._sweeper = asyncio.create_task(self._sweep_hourly(), name="series-retention")

    async def close(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
            self._sweeper = None
        threads, self._writer, self._reader = (self._reader, self._writer), None, None
        for thread in threads:
            if thread is not None:
                await thread.close()

    def _prepare(self, connection: sqlite3.Connection) -> None:
        tables.prepare(connection)
        tables.load_types(connection, self._types)

    # ------------------------------------------------------------------------------------ write

    async def write(self, samples: Sequence[Sample]) -> Sequence[RefusedSample]:
        def job(connection: sqlite3.Connection) -> Sequence[RefusedSample]:
            with self._transaction(connection):
                return self._write(connection, samples)

        return await _open(self._writer).run(job)

    @contextmanager
    def _transaction(self, connection: sqlite3.Connection) -> Iterator[None]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except sqlite3.Error:
            # On a full disk SQLite may have rolled back by itself.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            tables.load_types(connection, self._types)
            raise

    def _write(
        self, connection: sqlite3.Connection, samples: Sequence[Sample]
    ) -> Sequence[RefusedSample]:
        refused: list[RefusedSample] = []
        first_wins = FirstWins()
        late = [sample for sample in samples if sample.late]
        first_wins.remember(dict(tables.stored_points(connection, late, self._types)))
        rows: _Rows = {}
        oldest_ms = self._oldest_ms()
        for sample in samples:
            if oldest_ms is not None and sample.at_ms < oldest_ms:
                reason = f"older than the retention of {self._retention_days} days"
                refused.append(RefusedSample(sample=sample, reason=reason))
                continue
            values, misfits = self._types.fit(sample)
            refused += misfits
            if values:
                settled = first_wins.settle(sample, values)
                refused += [settled.refused] if settled.refused else []
                _add(rows, sample, settled)
        for kind, name, value_type in self._types.take_learned():
            tables.add_field(connection, kind, name, value_type)
        for (kind, names), some in rows.items():
            tables.insert(connection, kind=kind, names=names, rows=some)
        return refused

    # -------------------------------------------------------------------------- read and delete

    async def read(self, query: SeriesQuery) -> Sequence[SeriesPoint]:
        value_type = self._types[query.kind, query.property]
        check_query(query, value_type)
        if value_type is None or query.limit < 1:
            return ()
        statement, parameters = tables.select(query)
        rows = await _open(self._reader).run(
            lambda connection: connection.execute(statement, parameters).fetchall()
        )
        kept = result_class(query, value_type)
        if query.every_ms is not None:
            return [SeriesPoint(row[0], kept(row[1])) for row in rows]
        return [
            SeriesPoint(at_ms, kept(value), None if received is None else at_ms + received)
            for at_ms, value, received in rows
        ]

    async def delete(self, device: str, *, kind: str, start_ms: int, end_ms: int) -> None:
        def job(connection: sqlite3.Connection) -> None:
            if kind in tables.kinds(connection):
                with self._transaction(connection):
                    tables.delete(connection, device, kind=kind, start_ms=start_ms, end_ms=end_ms)
                # The log holds what was deleted until it is taken over.
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        await _open(self._writer).run(job)

    # -------------------------------------------------------------------------------- retention

    def _oldest_ms(self) -> int | None:
        if self._retention_days is None:
            return None
        return self._now_ms() - self._retention_days * _DAY_MS

    async def _sweep_hourly(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_EVERY_S)
            try:
                await self._sweep()
            except UnavailableError:
                # The next write says so; the next hour sweeps.
                continue

    async def _sweep(self) -> None:
        """Delete what is older than the retention, a few devices at a time."""
        oldest_ms = self._oldest_ms()
        if oldest_ms is None:
            return
        for kind in await _open(self._writer).run(tables.kinds):
            after: str | None = ""
            while after is not None:
                after = await self._sweep_some(kind, after, oldest_ms)

    async def _sweep_some(self, kind: str, after: str, oldest_ms: int) -> str | None:
        """Return the last device seen to; None when there is none behind it."""

        def job(connection: sqlite3.Connection) -> str | None:
            with self._transaction(connection):
                last: str | None = after
                for _ in range(_DEVICES_PER_SWEEP):
                    last = tables.next_device(connection, kind, after=last or "")
                    if last is None:
                        break
                    tables.delete(
                        connection, last, kind=kind, start_ms=EARLIEST_MS, end_ms=oldest_ms
                    )
                return last

        return await _open(self._writer).run(job)


def _open(thread: _Thread | None) -> _Thread:
    if thread is None:
        message = "the series store is not open"
        raise UnavailableError(message)
    return thread


def _add(rows: _Rows, sample: Sample, settled: Settled) -> None:
    if settled.values:
        received = sample.received_ms - sample.at_ms if settled.opens else None
        quality = None if settled.quality is Quality.GOOD else settled.quality.value
        row = (sample.device, sample.at_ms, received, quality, *settled.values.values())
        rows.setdefault((sample.kind, tuple(settled.values)), []).append(row)


def _is_for_the_operator(cause: BaseException | None) -> bool:
    name = getattr(cause, "sqlite_errorname", "")
    return name.startswith(
        ("SQLITE_CANTOPEN", "SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_READONLY")
    )
