"""What a database's errors mean to whoever asked."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import asyncpg
from sqlalchemy import exc

from hub.errors import InvalidInputError, RefusedError, UnavailableError

_AWAY = (
    exc.OperationalError,
    exc.InterfaceError,
    exc.InternalError,
    exc.TimeoutError,
    exc.DBAPIError,
    sqlite3.DatabaseError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
_DENIED = (
    exc.IntegrityError,
    sqlite3.IntegrityError,
    asyncpg.IntegrityConstraintViolationError,
)

TAKEN: Final = "the records refuse this: it is taken or names what is not there"
_FOR_GOOD = ("SQLITE_CANTOPEN", "SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_PERM", "SQLITE_READONLY")
_FOR_GOOD_STATES = ("28", "3D", "3F", "42501")
"""PostgreSQL's states: no such user or wrong password, database, schema; no right to it."""
_WRONG_STATES = ("21", "22", "26", "42")
"""A statement, or a value in it, that no server will ever take."""
_NO_RIGHT = "42501"


@contextmanager
def told(refusal: str = TAKEN) -> Iterator[None]:
    """Raise the hub's own errors instead of the database's.

    Raises:
        UnavailableError: locked, full, damaged or away.
        RefusedError: something of this name is there already, or what it names is not.
    """
    try:
        yield
    except _DENIED as error:
        raise RefusedError(refusal) from error
    except _AWAY as error:
        if _ours(error):
            raise
        raise UnavailableError(_sentence(error)) from error


def for_good(error: UnavailableError) -> bool:
    """Return whether somebody has to mend the installation before the database answers again."""
    cause = driver_error(error.__cause__)
    if isinstance(cause, asyncpg.ClientConfigurationError):
        return True
    name: str = getattr(cause, "sqlite_errorname", "")
    return name.startswith(_FOR_GOOD) or _state(cause).startswith(_FOR_GOOD_STATES)


def refuse_nul(  # noqa: PLR0913, PLR0917 - SQLAlchemy's signature
    connection: object,  # noqa: ARG001 - as above
    cursor: object,  # noqa: ARG001 - as above
    statement: str,  # noqa: ARG001 - as above
    parameters: Sequence[Any],
    context: object,  # noqa: ARG001 - as above
    executemany: bool,  # noqa: FBT001 - as above
) -> None:
    """Keep the one character out of columns that PostgreSQL has no place for, on SQLite too.

    Raises:
        InvalidInputError: a text holds it.
    """
    for row in parameters if executemany else (parameters,):
        if any(isinstance(value, str) and "\0" in value for value in row):
            message = "a text with the character NUL (U+0000) cannot be kept"
            raise InvalidInputError(message)


def _ours(error: Exception) -> bool:
    """Return whether the statement was wrong, which no waiting mends."""
    cause = driver_error(error)
    if isinstance(cause, (sqlite3.ProgrammingError, sqlite3.DataError)):
        return True
    if getattr(cause, "sqlite_errorname", "") == "SQLITE_ERROR":
        return True
    state = _state(cause)
    return state.startswith(_WRONG_STATES) and state != _NO_RIGHT


def _state(error: BaseException | None) -> str:
    """Return PostgreSQL's five characters for what happened; none for other errors."""
    return getattr(error, "sqlstate", None) or ""


def driver_error(error: BaseException | None) -> BaseException | None:
    """Return what the driver itself raised, without SQLAlchemy's words around it."""
    if not isinstance(error, exc.DBAPIError):
        return error
    # Between SQLAlchemy and asyncpg is an adapter with exceptions of its own.
    return (error.orig and error.orig.__cause__) or error.orig


def _sentence(error: Exception) -> str:
    cause = driver_error(error)
    said = "no answer in time" if isinstance(cause, TimeoutError) else str(cause)
    return f"the record store does not take or give anything now: {said}"
