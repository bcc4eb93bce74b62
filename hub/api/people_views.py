"""What a reader is shown of alarms and of people; made by `hub.api.gate` alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from hub.api.ownership import ownership_of, verdict
from hub.api.views import DeviceView, View
from hub.errors import InvalidInputError, UnknownError
from hub.model import (
    Alarm,
    Membership,
    Person,
    Role,
    Subject,
)
from hub.ports import Access, Page


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmView(View):
    """Alarms of the people and homes that the reader may see."""

    async def one(self, alarm: str) -> Alarm:
        """Return the alarm.

        Raises:
            UnknownError: there is none, or none that this reader may know of.
        """
        found = await self.state.parts.records.alarm(alarm)
        if found is None or not await self._shown(found, roles={}):
            raise UnknownError(what="alarm", name=alarm)
        return found

    async def many(
        self,
        *,
        devices: Collection[str],
        active: bool | None,
        limit: int,
        cursor: str | None,
    ) -> Page[Alarm]:
        """Return those alarms of a page that the reader may see."""
        page = await self.state.parts.records.alarms(
            devices=devices, active=active, limit=limit, cursor=cursor
        )
        roles: dict[str, Mapping[str, Role]] = {}
        shown = [alarm for alarm in page.items if await self._shown(alarm, roles=roles)]
        return replace(page, items=tuple(shown))

    async def _shown(self, alarm: Alarm, *, roles: dict[str, Mapping[str, Role]]) -> bool:
        if alarm.household not in roles:
            members = await self.state.parts.records.memberships(household=alarm.household)
            roles[alarm.household] = {m.person: m.role for m in members}
        role = roles[alarm.household].get(alarm.person or "")
        subject = Subject(household=alarm.household, person=alarm.person, role=role)
        allowed = verdict(self.reader, subject).allowed
        if allowed:
            self.note(subject, what=f"alarm {alarm.id}", allowed=True)
        return allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleView(View):
    """The reader themselves, and the people and devices of their households."""

    async def oneself(self) -> Person:
        person = await self.state.parts.records.person(self.reader.person)
        if person is None:
            raise UnknownError(what="person", name=self.reader.person)
        return person

    async def named(self, memberships: Sequence[Membership]) -> list[tuple[Membership, str]]:
        """Return the members of one of the reader's households with their names."""
        named = []
        for membership in memberships:
            person = await self.state.parts.records.person(membership.person)
            if person is not None and membership.household in self.reader.roles:
                named.append((membership, person.name))
        return named

    async def accesses(self, *, limit: int, cursor: str | None) -> Page[Access]:
        """Return who read, or tried to read, what of the reader."""
        return await self.state.parts.records.accesses(
            subject=self.reader.person, limit=limit, cursor=cursor
        )

    async def devices(self, *, limit: int, cursor: str | None) -> Page[DeviceView]:
        """Return those devices of a page that the reader may know of."""
        page = await self.state.parts.records.devices(
            households=tuple(self.reader.roles), limit=limit, cursor=cursor
        )
        views = [
            DeviceView(
                state=self.state,
                reader=self.reader,
                ownership=await ownership_of(device, records=self.state.parts.records),
            )
            for device in page.items
        ]
        return Page(items=tuple(view for view in views if view.known), next_cursor=page.next_cursor)

    async def device_ids(self) -> list[str]:
        """Return the ids of every device in the reader's households."""
        found: list[str] = []
        cursor = None
        while True:
            page = await self.state.parts.records.devices(
                households=tuple(self.reader.roles), limit=500, cursor=cursor
            )
            found += [device.id for device in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return found

    async def worn(self) -> list[str]:
        """Return the ids of the devices bound to the reader."""
        state_of = self.state.parts.worker.state
        states = [await state_of(device) for device in await self.device_ids()]
        return [
            state.device.id
            for state in states
            if state and state.person and state.person.id == self.reader.person
        ]

    async def member(self, person: str, *, household: str) -> Membership:
        """Return the membership to whom a device may be bound.

        Raises:
            InvalidInputError: not a member of the household, or a guest.
        """
        for membership in await self.state.parts.records.memberships(household=household):
            if membership.person == person and membership.role is not Role.GUEST:
                return membership
        message = "a device is bound to a member of its household who is not a guest"
        raise InvalidInputError(message)
