"""The record store in one SQLite file or one PostgreSQL database."""

from pathlib import Path

from sqlalchemy import exc
from sqlalchemy.engine import make_url

from hub.adapters.records.backlog import SqlBacklog
from hub.adapters.records.database import Database
from hub.adapters.records.devices import SqlDevices
from hub.adapters.records.housekeeping import SqlHousekeeping
from hub.adapters.records.journal import SqlJournal
from hub.adapters.records.lists import SqlLists
from hub.adapters.records.people import SqlPeople
from hub.adapters.records.postgres_address import DIALECTS, PostgresAddress
from hub.adapters.records.postgres_database import PostgresDatabase
from hub.adapters.records.sessions import SqlSessions
from hub.adapters.records.shelves import SqlShelves
from hub.adapters.records.sqlite_database import SqliteDatabase
from hub.errors import MisconfiguredError


class SqlRecords(
    SqlJournal,
    SqlBacklog,
    SqlPeople,
    SqlSessions,
    SqlDevices,
    SqlLists,
    SqlShelves,
    SqlHousekeeping,
):
    """Everything the hub must not forget.

    Give it a file; `in_url` takes what the settings say. There is no store without a file: a
    temporary directory serves tests, and they then run what production runs.
    """

    def __init__(self, at: Path | Database, *, patience_s: float = 5.0) -> None:
        """`patience_s`: how long to wait for another process that is writing the file."""
        database = SqliteDatabase(at, patience_s=patience_s) if isinstance(at, Path) else at
        super().__init__(database)

    @classmethod
    def in_url(
        cls, url: str, *, password: str | None = None, patience_s: float = 10.0
    ) -> "SqlRecords":
        """Return the store that a SQLAlchemy URL names.

        `patience_s`: how long the database may take to answer.

        Raises:
            MisconfiguredError: it names neither a SQLite file nor a PostgreSQL database.
        """
        if _backend(url) in DIALECTS:
            address = PostgresAddress.of(url, password=password, patience_s=patience_s)
            return cls(PostgresDatabase(address))
        return cls(_file(url), patience_s=patience_s)

    @property
    def database(self) -> Database:
        """What all parts of the store write to, for a backup of it whole."""
        return self._database

    async def open(self) -> None:
        await self._database.open()

    async def occupy(self) -> None:
        """Be the one hub on these records, until `close`.

        Raises:
            MisconfiguredError: another hub is.
            UnavailableError: the database does not answer.
        """
        await self._database.occupy()

    async def close(self) -> None:
        await self._database.close()


def shown(url: str) -> str:
    """Return the URL as people and logs may see it: without its password."""
    if _backend(url) in DIALECTS:
        return PostgresAddress.of(url, password=None, patience_s=0).shown
    return str(_file(url))


def _backend(url: str) -> str:
    try:
        return make_url(url).get_backend_name()
    except exc.ArgumentError:
        return ""


def _file(url: str) -> Path:
    named = make_url(url) if _backend(url) else None
    file = named.database if named and named.get_backend_name() == "sqlite" else None
    if not file or file == ":memory:":
        what = "it" if named is None else named.render_as_string(hide_password=True)
        message = (
            f"records.url: {what} names no SQLite file as sqlite:////srv/records.sqlite does, "
            "and no PostgreSQL database as postgresql://hub@db.example/hub does"
        )
        raise MisconfiguredError(message)
    return Path(file)
