"""What the companion API lists and looks up, newest first."""

from collections.abc import Collection
from typing import Any, Final, TypeVar

from sqlalchemy import Select, Table, delete, select

from hub.adapters.records import payloads, tables
from hub.adapters.records.database import OnDatabase
from hub.adapters.records.pages import Order
from hub.adapters.records.payloads import Payload
from hub.model import Alarm, Command, DeadLetter, DeviceEvent
from hub.ports import Page

T = TypeVar("T")

_ALARMS: Final = Order((tables.alarms.c.opened_ms, tables.alarms.c.id))
_COMMANDS: Final = Order((tables.commands.c.number,))
_EVENTS: Final = Order((tables.events.c.at_ms, tables.events.c.id))
_LETTERS: Final = Order((tables.dead_letters.c.at_ms, tables.dead_letters.c.id))


class SqlLists(OnDatabase):
    async def events(
        self, *, device: str, limit: int = 100, cursor: str | None = None
    ) -> Page[DeviceEvent]:
        event = tables.events.c
        query = select(event.payload).where(event.device == device)
        return await self._newest(
            query, order=_EVENTS, of=payloads.event, limit=limit, cursor=cursor
        )

    async def command(self, command: str) -> Command | None:
        return await self._one(tables.commands, command, of=payloads.command)

    async def commands(
        self, *, device: str, limit: int = 100, cursor: str | None = None
    ) -> Page[Command]:
        command = tables.commands.c
        query = select(command.payload).where(command.device == device)
        return await self._newest(
            query, order=_COMMANDS, of=payloads.command, limit=limit, cursor=cursor
        )

    async def alarm(self, alarm: str) -> Alarm | None:
        return await self._one(tables.alarms, alarm, of=payloads.alarm)

    async def alarms(
        self,
        *,
        devices: Collection[str] | None = None,
        active: bool | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> Page[Alarm]:
        alarm = tables.alarms.c
        query = select(alarm.payload).where(~alarm.withdrawn)
        if devices is not None:
            query = query.where(alarm.device.in_(devices))
        if active is not None:
            query = query.where(alarm.active if active else ~alarm.active)
        return await self._newest(
            query, order=_ALARMS, of=payloads.alarm, limit=limit, cursor=cursor
        )

    async def dead_letters(
        self, *, device: str | None = None, limit: int = 100, cursor: str | None = None
    ) -> Page[DeadLetter]:
        letter = tables.dead_letters.c
        query = select(letter.payload)
        if device is not None:
            query = query.where(letter.device == device)
        return await self._newest(
            query, order=_LETTERS, of=payloads.dead_letter, limit=limit, cursor=cursor
        )

    async def dead_letter(self, dead_letter: str) -> DeadLetter | None:
        return await self._one(tables.dead_letters, dead_letter, of=payloads.dead_letter)

    async def end_dead_letter(self, dead_letter: str) -> None:
        letter = tables.dead_letters
        async with self._database.writing() as connection:
            await connection.execute(delete(letter).where(letter.c.id == dead_letter))

    async def _one(self, table: Table, name: str, *, of: Payload[T]) -> T | None:
        row = await self._database.first(select(table.c.payload).where(table.c.id == name))
        return None if row is None else of.decode(row.payload)

    async def _newest(
        self, query: Select[Any], *, order: Order, of: Payload[T], limit: int, cursor: str | None
    ) -> Page[T]:
        found = await self._database.all(order.select(query, limit=limit, cursor=cursor))
        return order.page(found, limit=limit, make=lambda row: of.decode(row.payload))
