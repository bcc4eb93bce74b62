"""Adds the first people, directly in the records: nobody can sign in before."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hub.api.identity import hash_password
from hub.errors import InvalidInputError
from hub.main.parts import make_data_dir, records_of
from hub.model import Household, Person
from hub.ports import Account, RecordStore
from hub.settings import Settings

LEAST_PASSWORD = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    name: str
    email: str
    password: str = field(repr=False)
    household: str = "Home"
    language: str = "en"
    is_operator: bool = False


async def add_person(settings: Settings, wish: NewPerson) -> Mapping[str, str]:
    """Add a person with an account and a household of their own; return their ids.

    Raises:
        InvalidInputError: the address is none, or the password is short.
        RefusedError: the address is taken.
    """
    make_data_dir(settings.data_dir)
    records = records_of(settings)
    await records.open()
    try:
        return await add_to(records, wish)
    finally:
        await records.close()


async def add_to(records: RecordStore, wish: NewPerson) -> Mapping[str, str]:
    if "@" not in wish.email:
        message = f"{wish.email!r} is no mail address"
        raise InvalidInputError(message)
    if len(wish.password) < LEAST_PASSWORD:
        message = f"a password has at least {LEAST_PASSWORD} characters"
        raise InvalidInputError(message)
    person = f"p-{secrets.token_hex(6)}"
    household = f"h-{secrets.token_hex(6)}"
    account = Account(
        person=person,
        email=wish.email.lower(),
        password_hash=await hash_password(wish.password),
    )
    await records.add_person(
        Person(id=person, name=wish.name, language=wish.language, is_operator=wish.is_operator),
        account=account,
    )
    home = Household(id=household, name=wish.household, created_at=datetime.now(UTC))
    await records.add_household(home, owner=person)
    return {"person": person, "household": household, "email": account.email}
