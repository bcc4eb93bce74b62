"""What the parts of the record store ask of the database beneath them.

`sqlite_database.py` and `postgres_database.py` answer it; the parts know neither.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from sqlalchemy import Row, Select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.adapters.records.failures import TAKEN
from hub.model import DeadLetter, Group

FORGOTTEN_AT_ONCE: Final = 25
"""Spool groups deleted in one transaction: a commit waits for no longer delete than this."""
SPOOL: Final = "spool"
"""The series writer's cursor."""


class Database(ABC):
    """One database with one way for commits and another for everything else."""

    @property
    @abstractmethod
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""

    @abstractmethod
    async def open(self) -> None:
        """Bring the schema up to date, where there is none make it.

        Raises:
            UnavailableError: it does not answer, is locked, or its disk is full.
            MisconfiguredError: there can be no such database, or it is a newer hub's.
        """

    @abstractmethod
    async def occupy(self) -> None:
        """Be the one hub that commits here, until the end.

        Raises:
            MisconfiguredError: another hub does.
            UnavailableError: the database does not answer.
        """

    @abstractmethod
    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Give a connection that sees one state of the database throughout."""

    @abstractmethod
    async def all(self, query: Select[Any]) -> Sequence[Row[Any]]: ...

    @abstractmethod
    async def first(self, query: Select[Any]) -> Row[Any] | None: ...

    @abstractmethod
    def writing(self, *, refusal: str = TAKEN) -> AbstractAsyncContextManager[AsyncConnection]:
        """Give a connection in a transaction of its own; committed and synced at the end.

        One at a time, whichever process asks: what is read in it is still so when it is written.
        Small writers queue among themselves first: a commit waits for one of them at most.
        """

    @abstractmethod
    async def commit(self, group: Group, *, revisions: Mapping[tuple[str, str], int]) -> int:
        """Write all of the group in one synced transaction; return the spool position then.

        `revisions`: (rule, device) -> revision of the amendment that was handed out for work.
        """

    @abstractmethod
    async def advance(self, position: int, *, dead_letters: Sequence[DeadLetter]) -> bool:
        """Set the cursor, keep the dead letters, forget some groups; return whether all are."""

    @abstractmethod
    def copying(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Give a connection that sees one state of the database, however long that takes.

        Changes nothing, neither the schema.

        Raises:
            MisconfiguredError: there is no such database.
        """

    @abstractmethod
    def rebuilding(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Give a connection alone in a transaction that may change the schema and take long."""

    @abstractmethod
    async def close(self) -> None: ...


class OnDatabase:
    """A part of the record store; all parts of one store share its database."""

    def __init__(self, database: Database) -> None:
        self._database = database
