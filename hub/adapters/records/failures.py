"""What a database's errors mean to whoever asked."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import exc

from hub.errors import RefusedError, UnavailableError

_AWAY = (
    exc.OperationalError,
    exc.InterfaceError,
    exc.InternalError,
    exc.TimeoutError,
    exc.DatabaseError,
    sqlite3.DatabaseError,
    OSError,
)

TAKEN: Final = "the records refuse this: it is taken or names what is not there"
_FOR_GOOD = ("SQLITE_CANTOPEN", "SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_PERM", "SQLITE_READONLY")


@contextmanager
def told(refusal: str = TAKEN) -> Iterator[None]:
    """Raise the hub's own errors instead of the database's.

    Raises:
        UnavailableError: locked, full, damaged or away.
        RefusedError: something of this name is there already, or what it names is not.
    """
    try:
        yield
    except (exc.IntegrityError, sqlite3.IntegrityError) as error:
        raise RefusedError(refusal) from error
    except _AWAY as error:
        if _ours(error):
            raise
        raise UnavailableError(_sentence(error)) from error


def for_good(error: UnavailableError) -> bool:
    """Return whether somebody has to mend the file before the database answers again."""
    name: str = getattr(_driver_error(error.__cause__), "sqlite_errorname", "")
    return name.startswith(_FOR_GOOD)


def _ours(error: Exception) -> bool:
    """Return whether the statement was wrong, which no waiting mends."""
    cause = _driver_error(error)
    wrong = isinstance(cause, (sqlite3.ProgrammingError, sqlite3.DataError))
    return wrong or getattr(cause, "sqlite_errorname", "") == "SQLITE_ERROR"


def _driver_error(error: BaseException | None) -> BaseException | None:
    return error.orig if isinstance(error, exc.DBAPIError) else error


def _sentence(error: Exception) -> str:
    return f"the record store does not take or give anything now: {_driver_error(error)}"
