"""The spool from its far end: what the series writer reads, forgets, and finds torn."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, func, insert, select

from hub.adapters.records import spool, tables
from hub.adapters.records.database import SPOOL, OnDatabase
from hub.model import DeadLetter
from hub.ports import SpoolGroup

_logger = logging.getLogger(__name__)


class SqlBacklog(OnDatabase):
    async def spooled(self, *, after: int, limit: int = 50) -> Sequence[SpoolGroup]:
        query = (
            select(tables.spool)
            .where(tables.spool.c.position > after)
            .order_by(tables.spool.c.position)
            .limit(limit)
        )
        while found := await self._database.all(query):
            torn = []
            groups = []
            for row in found:
                # Thousands of samples: between two groups it is the event loop's turn.
                await asyncio.sleep(0)
                samples = spool.decode(row.payload, crc32=row.crc32)
                if samples is None:
                    torn.append(row)
                else:
                    groups.append(SpoolGroup(position=row.position, samples=samples))
            if torn:
                await self._set_aside(torn)
            if groups:
                return groups
        return []

    async def spool_cursor(self) -> int:
        cursor = tables.cursors.c
        found = await self._database.all(select(cursor.position).where(cursor.name == SPOOL))
        return found[0].position if found else 0

    async def advance_spool(
        self, position: int, *, dead_letters: Sequence[DeadLetter] = ()
    ) -> None:
        while not await self._database.advance(position, dead_letters=dead_letters):
            # The cursor stands already; commits take their turns between the deletes.
            dead_letters = ()

    async def spool_backlog(self) -> tuple[int, int | None]:
        group = tables.spool.c
        cursor = select(tables.cursors.c.position).where(tables.cursors.c.name == SPOOL)
        waiting = select(
            func.coalesce(func.sum(group.samples), 0).label("samples"),
            func.min(group.received_ms).label("oldest_ms"),
        ).where(group.position > func.coalesce(cursor.scalar_subquery(), 0))
        (row,) = await self._database.all(waiting)
        return int(row.samples), row.oldest_ms

    async def _set_aside(self, torn: Sequence[Row[Any]]) -> None:
        positions = [row.position for row in torn]
        group = tables.spool.c
        async with self._database.writing() as connection:
            changed = select(tables.spool).where(group.position.in_(positions))
            names = [column.name for column in group]
            await connection.execute(insert(tables.spool_torn).from_select(names, changed))
            await connection.execute(delete(tables.spool).where(group.position.in_(positions)))
        _logger.error(
            "%d spool groups with %d samples were damaged on the disk and set aside in spool_torn",
            len(torn),
            sum(row.samples for row in torn),
            extra={"action": "spool_torn", "positions": positions},
        )
