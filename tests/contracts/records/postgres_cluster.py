"""A PostgreSQL of our own on a free port, its files in a temporary directory."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg

from hub.adapters.records import SqlRecords
from hub.adapters.records.tables import metadata
from tests.contracts.free_ports import free_port

START_WITHIN_S: Final = 30.0
USER: Final = "postgres"
_END_SESSIONS: Final = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{}'"
)
_OPTIONS: Final = (
    "listen_addresses=127.0.0.1",
    "fsync=on",
    "shared_buffers=16MB",
    "max_connections=60",
    "autovacuum=off",
)


@dataclass(kw_only=True)
class PostgresCluster:
    """Can be killed, frozen and started again in one directory; hands out databases."""

    directory: Path
    port: int
    options: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _made: int = field(default=0, init=False)
    _records: str | None = field(default=None, init=False)

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")

    def start(self) -> None:
        options = [word for option in (*_OPTIONS, *self.options) for word in ("-c", option)]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own words
                [
                    *("postgres", "-D", str(self.directory / "data"), "-p", str(self.port)),
                    *("-k", str(self.directory), *options),
                ],
                stdout=log,
                stderr=log,
                user=_system_user(),
            )
        deadline = time.monotonic() + START_WITHIN_S
        while not self._answers():
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.02)

    def _answers(self) -> bool:
        words = ["pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(words, check=False).returncode == 0  # noqa: S603 - our own words

    def kill(self) -> None:
        """End every process of it as a power cut would; what was not synced is lost to them."""
        self._signal(signal.SIGKILL)
        self._reap()

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self._reap()

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        """Tell every process of it; one may have ended since they were listed."""
        for process in self._processes():
            with suppress(ProcessLookupError):
                os.kill(process, number)

    def _reap(self) -> None:
        if self.process is not None:
            self.process.wait(timeout=START_WITHIN_S)
            self.process = None

    def _processes(self) -> Sequence[int]:
        """Return the postmaster, first, and its children."""
        if self.process is None:
            return []
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [self.process.pid, *map(int, listed.split())]

    async def run(self, database: str, sql: str) -> object:
        connection = await asyncpg.connect(self.url(database), timeout=10)
        try:
            return await connection.execute(sql)
        finally:
            await connection.close()

    async def database(self) -> str:
        """Make an empty database and return its URL."""
        self._made += 1
        name = f"d{self._made}"
        await self.run("postgres", f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)

    async def records_database(self) -> str:
        """Return the URL of a database with the hub's schema and no rows.

        It is the same one each time, emptied: to make one takes longer than most tests.
        """
        if self._records is None:
            self._records = await self.database()
            records = SqlRecords.in_url(self._records)
            await records.open()
            await records.close()
        name = self._records.rpartition("/")[2]
        await self.run("postgres", _END_SESSIONS.format(name))
        names = [table.name for table in reversed(metadata.sorted_tables)]
        await self.run(name, ";".join(f"DELETE FROM {table}" for table in names))  # noqa: S608 - our own tables
        return self._records


@contextmanager
def postgres_cluster(*, options: Sequence[str] = ()) -> Iterator[PostgresCluster]:
    """Prepare a cluster; not in a test's directory, into which its user may not look."""
    directory = Path(tempfile.mkdtemp(prefix="postgres-"))
    user = _system_user()
    if user is not None:
        shutil.chown(directory, user)
    subprocess.run(  # noqa: S603 - our own words
        [
            *("initdb", "-D", str(directory / "data"), "-A", "trust", "-U", USER, "-E", "UTF8"),
            *("--locale=C.UTF-8", "--no-sync"),
        ],
        user=user,
        check=True,
        capture_output=True,
    )
    cluster = PostgresCluster(directory=directory, port=free_port(), options=options)
    try:
        yield cluster
    finally:
        cluster.thaw()
        cluster.kill()
        shutil.rmtree(directory)


def _system_user() -> str | None:
    """PostgreSQL refuses to run as root; root has the user that Debian made for it."""
    if os.geteuid() != 0:
        return None
    return pwd.getpwnam("postgres").pw_name
