"""The record store in one SQLite file."""

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
from hub.adapters.records.sessions import SqlSessions
from hub.errors import MisconfiguredError


class SqlRecords(
    SqlJournal, SqlBacklog, SqlPeople, SqlSessions, SqlDevices, SqlLists, SqlHousekeeping
):
    """Everything the hub must not forget.

    Give it a file; `in_url` takes what the settings say. There is no store without a file: a
    temporary directory serves tests, and they then run what production runs.
    """

    def __init__(self, path: Path, *, patience_s: float = 5.0) -> None:
        """`patience_s`: how long to wait for another process that is writing."""
        super().__init__(Database(path, patience_s=patience_s))

    @classmethod
    def in_url(cls, url: str) -> "SqlRecords":
        """Return the store that a SQLAlchemy URL names.

        Raises:
            MisconfiguredError: it names no SQLite file.
        """
        try:
            named = make_url(url)
        except exc.ArgumentError:
            named = None
        file = named.database if named and named.get_backend_name() == "sqlite" else None
        if not file or file == ":memory:":
            shown = "it" if named is None else named.render_as_string(hide_password=True)
            message = (
                f"records.url: {shown} names no SQLite file as sqlite:////srv/records.sqlite does"
            )
            raise MisconfiguredError(message)
        return cls(Path(file))

    async def open(self) -> None:
        await self._database.open()

    async def close(self) -> None:
        await self._database.close()
