"""Forgets what nobody will ask for again, a little at a time."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Table, delete, func, select

from hub.adapters.records import tables
from hub.adapters.records.database import OnDatabase

_AT_ONCE: Final = 1000
"""Rows of one transaction: a commit waits for one of these at most."""
_MAX_DEAD_LETTERS: Final = 100_000
_ANSWERS_KEPT_MS: Final = 7 * 86_400_000


class SqlHousekeeping(OnDatabase):
    async def tidy(self, *, now_ms: int, dead_letters_since_ms: int) -> bool:
        letter = tables.dead_letters.c
        done = [
            await self._forget(tables.claims, tables.claims.c.expires_ms < now_ms),
            await self._forget(tables.sessions, tables.sessions.c.expires_ms < now_ms),
            await self._forget(tables.answers, tables.answers.c.at_ms < now_ms - _ANSWERS_KEPT_MS),
            await self._forget(tables.dead_letters, letter.at_ms < dead_letters_since_ms),
            await self._forget_surplus(),
        ]
        return any(done)

    async def _forget(self, table: Table, ended: ColumnElement[bool]) -> bool:
        """Delete some of these rows; return whether more may be left."""
        keys = list(table.primary_key.columns)
        some = select(*keys).where(ended).limit(_AT_ONCE)
        found = await self._database.all(some)
        if not found:
            return False
        async with self._database.writing() as connection:
            for row in found:
                match = [key == value for key, value in zip(keys, row, strict=True)]
                await connection.execute(delete(table).where(*match))
        return len(found) == _AT_ONCE

    async def _forget_surplus(self) -> bool:
        """Delete the oldest dead letters beyond the bound: poison must not fill the disk."""
        letter = tables.dead_letters.c
        count: Any = await self._database.first(select(func.count(letter.id).label("rows")))
        surplus = count.rows - _MAX_DEAD_LETTERS
        if surplus <= 0:
            return False
        oldest = select(letter.id).order_by(letter.at_ms, letter.id).limit(min(surplus, _AT_ONCE))
        found = await self._database.all(oldest)
        async with self._database.writing() as connection:
            gone = delete(tables.dead_letters).where(letter.id.in_([row.id for row in found]))
            await connection.execute(gone)
        return bool(surplus > _AT_ONCE)
