"""Records that are away when a test says so."""

from collections.abc import Callable, Sequence
from pathlib import Path

from hub.adapters.records.sql import SqlRecords
from hub.errors import UnavailableError
from hub.model import Group
from hub.ports import SpoolGroup


class UnreadyRecords(SqlRecords):
    """Refuses so many commits, and so many reads of the spool, and then works."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.commits_to_refuse = 0
        self.reads_to_refuse = 0
        self.committed: list[Group] = []
        self.unbearable: Callable[[Group], bool] = lambda _: False
        """Which groups hit a fault of ours, whenever they are committed."""

    async def commit(self, group: Group) -> int:
        if self.commits_to_refuse:
            self.commits_to_refuse -= 1
            message = "the disk is full"
            raise UnavailableError(message)
        if self.unbearable(group):
            message = "cannot be written down"
            raise TypeError(message)
        position = await super().commit(group)
        self.committed.append(group)
        return position

    async def spooled(self, *, after: int, limit: int = 50) -> Sequence[SpoolGroup]:
        if self.reads_to_refuse:
            self.reads_to_refuse -= 1
            message = "the database is locked"
            raise UnavailableError(message)
        return await super().spooled(after=after, limit=limit)
