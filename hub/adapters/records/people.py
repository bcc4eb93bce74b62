"""People, households, sign-ins, the access log, and answers kept for repeated requests."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, update

from hub.adapters.records import rows, tables
from hub.adapters.records.database import OnDatabase
from hub.adapters.records.pages import Order
from hub.adapters.records.statements import add_if_absent, put
from hub.errors import UnknownError
from hub.model import Contact, Household, Membership, Person, Role
from hub.ports import Access, Account, Answer, Page

_BY_NUMBER: Final = Order((tables.accesses.c.number,))


class SqlPeople(OnDatabase):
    async def add_person(self, person: Person, *, account: Account | None = None) -> None:
        taken = f"the id {person.id!r} or the address is taken"
        async with self._database.writing(refusal=taken) as connection:
            await connection.execute(insert(tables.people), asdict(person))
            if account is not None:
                await connection.execute(insert(tables.accounts), asdict(account))

    async def update_person(self, person: Person) -> None:
        changed = update(tables.people).where(tables.people.c.id == person.id)
        async with self._database.writing() as connection:
            done = await connection.execute(changed.values(asdict(person)))
        if done.rowcount == 0:
            raise UnknownError(what="person", name=person.id)

    async def person(self, person: str) -> Person | None:
        row = await self._database.first(select(tables.people).where(tables.people.c.id == person))
        return None if row is None else rows.person(row)

    async def account(self, email: str) -> Account | None:
        query = select(tables.accounts).where(tables.accounts.c.email == email.lower())
        row = await self._database.first(query)
        return None if row is None else Account(**row._asdict())

    async def add_household(self, household: Household, *, owner: str) -> None:
        refusal = f"the id {household.id!r} is taken or there is no person {owner!r}"
        owning = Membership(household=household.id, person=owner, role=Role.OWNER)
        async with self._database.writing(refusal=refusal) as connection:
            await connection.execute(insert(tables.households), asdict(household))
            await connection.execute(insert(tables.memberships), asdict(owning))

    async def household(self, household: str) -> Household | None:
        query = select(tables.households).where(tables.households.c.id == household)
        row = await self._database.first(query)
        return None if row is None else Household(**row._asdict())

    async def set_membership(self, membership: Membership) -> None:
        refusal = f"no household {membership.household!r} or no person {membership.person!r}"
        statement = put(self._database.dialect, tables.memberships)
        async with self._database.writing(refusal=refusal) as connection:
            await connection.execute(statement, asdict(membership))

    async def end_membership(self, *, household: str, person: str) -> None:
        membership = tables.memberships.c
        ended = delete(tables.memberships).where(
            membership.household == household, membership.person == person
        )
        async with self._database.writing() as connection:
            await connection.execute(ended)

    async def memberships(
        self, *, person: str | None = None, household: str | None = None
    ) -> Sequence[Membership]:
        membership = tables.memberships.c
        query = select(tables.memberships).order_by(membership.household, membership.person)
        if person is not None:
            query = query.where(membership.person == person)
        if household is not None:
            query = query.where(membership.household == household)
        return [
            Membership(household=row.household, person=row.person, role=Role(row.role))
            for row in await self._database.all(query)
        ]

    async def put_contact(self, contact: Contact) -> None:
        refusal = f"no person {contact.person!r} or no person {contact.contact!r}"
        statement = put(self._database.dialect, tables.contacts)
        async with self._database.writing(refusal=refusal) as connection:
            await connection.execute(statement, asdict(contact))

    async def end_contact(self, *, person: str, contact: str) -> None:
        known = tables.contacts.c
        ended = delete(tables.contacts).where(known.person == person, known.contact == contact)
        async with self._database.writing() as connection:
            await connection.execute(ended)

    async def contacts(
        self, *, person: str | None = None, contact: str | None = None
    ) -> Sequence[Contact]:
        known = tables.contacts.c
        query = select(tables.contacts).order_by(known.person, known.contact)
        if person is not None:
            query = query.where(known.person == person)
        if contact is not None:
            query = query.where(known.contact == contact)
        return [Contact(**row._asdict()) for row in await self._database.all(query)]

    async def note_access(self, access: Access) -> None:
        async with self._database.writing() as connection:
            await connection.execute(insert(tables.accesses), asdict(access))

    async def accesses(
        self, *, subject: str, limit: int, cursor: str | None = None
    ) -> Page[Access]:
        query = select(tables.accesses).where(tables.accesses.c.subject == subject)
        query = _BY_NUMBER.select(query, limit=limit, cursor=cursor)
        return _BY_NUMBER.page(await self._database.all(query), limit=limit, make=_access)

    async def answer(self, *, key: str, person: str) -> Answer | None:
        answer = tables.answers.c
        query = select(tables.answers).where(answer.key == key, answer.person == person)
        row = await self._database.first(query)
        return None if row is None else Answer(**row._asdict())

    async def keep_answer(self, answer: Answer) -> bool:
        statement = add_if_absent(self._database.dialect, tables.answers)
        async with self._database.writing() as connection:
            kept = await connection.execute(statement, asdict(answer))
        return kept.rowcount == 1


def _access(row: Row[Any]) -> Access:
    return Access(
        reader=row.reader,
        subject=row.subject,
        purpose=row.purpose,
        what=row.what,
        at_ms=row.at_ms,
        allowed=row.allowed,
    )
