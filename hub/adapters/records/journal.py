"""What the cell's worker needs of the records: states, commits, rules, what is due."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Column, ColumnElement, Row, Select, and_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.adapters.records import payloads, rows, tables
from hub.adapters.records.database import Database, OnDatabase
from hub.model import Alarm, Amendment, Command, Condition, DeviceState, Group, Rule, Timer

T = TypeVar("T")

_DEVICES_AT_ONCE: Final = 500
_EVENTS_AT_ONCE: Final = 100
"""Names in one query: databases bound the number of parameters and the depth of a condition."""


class SqlJournal(OnDatabase):
    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._at_work: dict[tuple[str, str], int] = {}
        """(rule, device) -> revision of the amendment that was handed out."""

    async def load(self, devices: Collection[str]) -> Mapping[str, DeviceState]:
        states: dict[str, DeviceState] = {}
        async with self._database.reading() as connection:
            for some in _parts(sorted(devices), size=_DEVICES_AT_ONCE):
                states |= await _load(connection, some)
        return states

    async def rules(self, *, households: Collection[str] | None = None) -> Sequence[Rule]:
        query = select(tables.rules.c.payload).order_by(tables.rules.c.id)
        if households is not None:
            query = query.where(tables.rules.c.household.in_(households))
        return [payloads.decode_rule(row.payload) for row in await self._database.all(query)]

    async def known_events(
        self, events: Collection[tuple[str, str]]
    ) -> Collection[tuple[str, str]]:
        event = tables.events.c
        known: set[tuple[str, str]] = set()
        for some in _parts(sorted(events), size=_EVENTS_AT_ONCE):
            # Not `(device, id) IN …`: SQLite reads the whole table for that.
            named = or_(*(and_(event.device == device, event.id == name) for device, name in some))
            found = await self._database.all(select(event.device, event.id).where(named))
            known |= {(row.device, row.id) for row in found}
        return known

    async def commit(self, group: Group) -> int:
        revisions = dict(self._at_work)
        position = await self._database.commit(group, revisions=revisions)
        for done in group.ended_amendments:
            pair = (done.rule, done.device)
            if self._at_work.get(pair) == revisions.get(pair):
                self._at_work.pop(pair, None)
        return position

    async def open_commands(self) -> Sequence[Command]:
        command = tables.commands.c
        query = select(command.payload).where(~command.final).order_by(command.number)
        return [payloads.command.decode(row.payload) for row in await self._database.all(query)]

    async def due_timers(self, *, now_ms: int, limit: int = 500) -> Sequence[Timer]:
        timer = tables.timers.c
        query = select(tables.timers).where(timer.due_ms <= now_ms)
        query = query.order_by(timer.due_ms, timer.id).limit(limit)
        return [Timer(**row._mapping) for row in await self._database.all(query)]  # noqa: SLF001 - a row's public mapping

    async def next_timer_ms(self) -> int | None:
        (row,) = await self._database.all(select(func.min(tables.timers.c.due_ms).label("due_ms")))
        due_ms: int | None = row.due_ms
        return due_ms

    async def amendments(self, *, limit: int = 50) -> Sequence[Amendment]:
        amendment = tables.amendments.c
        query = select(tables.amendments).order_by(amendment.rule, amendment.device).limit(limit)
        found = await self._database.all(query)
        self._at_work |= {(row.rule, row.device): row.revision for row in found}
        return [Amendment(rule=row.rule, device=row.device, from_ms=row.from_ms) for row in found]

    async def alarms_of(self, *, rule: str, device: str, from_ms: int) -> Sequence[Alarm]:
        alarm = tables.alarms.c
        query = (
            select(alarm.payload)
            .where(alarm.rule == rule, alarm.device == device)
            .where(
                or_(
                    alarm.cleared_ms.is_(None),
                    alarm.cleared_ms > from_ms,
                    alarm.opened_ms > from_ms,
                )
            )
            .order_by(alarm.opened_ms, alarm.id)
        )
        return [payloads.alarm.decode(row.payload) for row in await self._database.all(query)]

    async def checkpoint(self, *, rule: str, device: str, before_ms: int) -> Condition | None:
        checkpoint = tables.checkpoints.c
        query = (
            select(checkpoint.payload)
            .where(checkpoint.rule == rule, checkpoint.device == device)
            .where(checkpoint.head_ms < before_ms)
            .order_by(checkpoint.head_ms.desc())
            .limit(1)
        )
        found = await self._database.all(query)
        return payloads.condition.decode(found[0].payload) if found else None


async def _load(connection: AsyncConnection, devices: list[str]) -> dict[str, DeviceState]:
    named = {"devices": devices}
    alarms: dict[str, dict[str, Alarm]] = {}
    for row in await connection.execute(_RAISED, named):
        active = payloads.alarm.decode(row.payload)
        alarms.setdefault(row.device, {})[active.id] = active
    commands: dict[str, dict[str, Command]] = {}
    for row in await connection.execute(_ISSUED, named):
        waiting = payloads.command.decode(row.payload)
        commands.setdefault(row.device, {})[waiting.id] = waiting
    return {
        row.id: _state(row, alarms=alarms.get(row.id, {}), commands=commands.get(row.id, {}))
        for row in await connection.execute(_KNOWN, named)
    }


def _state(
    row: Row[Any], *, alarms: Mapping[str, Alarm], commands: Mapping[str, Command]
) -> DeviceState:
    bound = getattr(row, _of_person("id")) is not None
    return payloads.decode_state(
        row.payload,
        device=rows.device(row),
        person=rows.person(row, key=_of_person) if bound else None,
        alarms=alarms,
        commands=commands,
    )


def _of_person(column: str) -> str:
    return f"person_{column}"


def _known() -> Select[Any]:
    """Return the devices that are not revoked, with their states and whom they are bound to."""
    device, kept = tables.devices.c, tables.device_states.c
    binding, person = tables.bindings.c, tables.people.c
    bound = (binding.device == device.id) & binding.until_at.is_(None)
    joined = (
        tables.devices.outerjoin(tables.device_states, kept.device == device.id)
        .outerjoin(tables.bindings, bound)
        .outerjoin(tables.people, person.id == binding.person)
    )
    who = [column.label(_of_person(column.name)) for column in person]
    query = select(tables.devices, kept.payload, *who).select_from(joined)
    return query.where(_named(device.id), device.revoked_at.is_(None))


def _raised() -> Select[Any]:
    alarm = tables.alarms.c
    active = select(alarm.device, alarm.payload).where(alarm.active, _named(alarm.device))
    return active.order_by(alarm.opened_ms, alarm.id)


def _issued() -> Select[Any]:
    command = tables.commands.c
    waiting = select(command.device, command.payload).where(~command.final, _named(command.device))
    return waiting.order_by(command.number)


def _named(device: Column[Any]) -> ColumnElement[bool]:
    return device.in_(bindparam("devices", expanding=True))


def _parts(names: list[T], *, size: int) -> Iterator[list[T]]:
    for start in range(0, len(names), size):
        yield names[start : start + size]


_KNOWN: Final = _known()
_RAISED: Final = _raised()
_ISSUED: Final = _issued()
