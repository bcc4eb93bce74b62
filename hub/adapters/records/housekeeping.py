"""Forgets what nobody will ask for again, a little at a time."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Table, delete, func, select

from hub.adapters.records import tables
from hub.adapters.records.database import OnDatabase
from hub.adapters.records.shelf_tables import SHELF_TABLES, hooks

_AT_ONCE: Final = 1000
"""Rows of one transaction: a commit waits for one of these at most."""
_MAX_DEAD_LETTERS: Final = 100_000
_DAY_MS: Final = 86_400_000
_ANSWERS_KEPT_MS: Final = 7 * _DAY_MS
_HOOKS_KEPT_MS: Final = 60 * _DAY_MS
"""A partner that has had no answer for so long has given up."""
_HISTORY: Final = ("link_runs", "twin_changes", "moments")
"""What is told of the past and decides nothing any more."""


class SqlHousekeeping(OnDatabase):
    async def tidy(self, *, now_ms: int, dead_letters_since_ms: int, history_since_ms: int) -> bool:
        letter = tables.dead_letters.c
        old = [await self._forget_old(name, since_ms=history_since_ms) for name in _HISTORY]
        done = [
            await self._forget(tables.claims, tables.claims.c.expires_ms < now_ms),
            await self._forget(tables.sessions, tables.sessions.c.expires_ms < now_ms),
            await self._forget(tables.answers, tables.answers.c.at_ms < now_ms - _ANSWERS_KEPT_MS),
            await self._forget(tables.dead_letters, letter.at_ms < dead_letters_since_ms),
            await self._forget(hooks, hooks.c.at_ms < now_ms - _HOOKS_KEPT_MS),
            await self._forget_surplus(),
        ]
        return any((*old, *done))

    async def _forget_old(self, name: str, *, since_ms: int) -> bool:
        """Delete those of the oldest that are too old, and not open; whether more may be left."""
        table = SHELF_TABLES[name]
        row = table.c
        oldest = select(row.number, row.at_ms).where(~row.open).order_by(row.number)
        found = await self._database.all(oldest.limit(_AT_ONCE))
        gone = [one.number for one in found if one.at_ms < since_ms]
        if gone:
            async with self._database.writing() as connection:
                await connection.execute(delete(table).where(row.number.in_(gone)))
        return len(gone) == _AT_ONCE

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
