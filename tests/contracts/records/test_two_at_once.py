"""Two processes at one database: the hub, and the command line beside it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from hub.adapters.records import SqlRecords
from hub.errors import InvalidInputError, RefusedError
from hub.model import Binding, Membership, Person, Role
from hub.ports import Account, Answer, RecordStore
from tests.contracts.records.things import (
    ADA,
    NOW,
    NOW_MS,
    Opener,
    claim,
    device,
    session,
    settle,
)

T = TypeVar("T")
ROUNDS = 8


@pytest.fixture
async def two(opened: Opener, records_url: str) -> AsyncIterator[list[RecordStore]]:
    first, second = await opened(), SqlRecords.in_url(records_url)
    await second.open()
    yield [first, second]
    await second.close()


async def both(
    two: list[RecordStore], ask: Callable[[RecordStore], Awaitable[T]]
) -> list[T | RefusedError]:
    """Ask each of the two four times, all at once; return the answers and the refusals."""
    found = await asyncio.gather(*(ask(store) for store in two * 4), return_exceptions=True)
    strange = [one for one in found if isinstance(one, BaseException)]
    assert all(isinstance(one, RefusedError) for one in strange), strange
    return [one for one in found if not isinstance(one, BaseException) or one in strange]  # type: ignore[misc]  # looked at above


async def test_a_claim_is_taken_by_one_of_the_two(two: list[RecordStore]) -> None:
    for number in range(ROUNDS):
        one = claim(f"code {number}")
        await two[0].add_claims([one])
        code = one.code_hash
        taken = await both(two, lambda store, code=code: store.take_claim(code, now_ms=NOW_MS))  # type: ignore[misc]  # a default in a lambda
        assert sum(found is not None for found in taken) == 1


async def test_a_token_in_two_hands_is_used_once_and_ends_its_family(
    two: list[RecordStore],
) -> None:
    await two[0].add_person(ADA)
    for number in range(ROUNDS):
        token, family = f"t{number}", f"f{number}"
        await two[0].add_session(session(token, family=family))
        used = await both(two, lambda store, token=token: store.use_session(token, now_ms=NOW_MS))  # type: ignore[misc]  # a default in a lambda
        assert sum(found is not None for found in used) == 1
        assert not await two[0].session_open(family, now_ms=NOW_MS)


async def test_a_token_added_while_its_family_ends_is_never_left_open(
    two: list[RecordStore],
) -> None:
    await two[0].add_person(ADA)
    for number in range(ROUNDS):
        family = f"f{number}"
        await two[0].add_session(session(f"t{number}", family=family))
        await two[0].use_session(f"t{number}", now_ms=NOW_MS)
        await asyncio.gather(
            two[0].use_session(f"t{number}", now_ms=NOW_MS),
            *(two[1].add_session(session(f"u{number}-{k}", family=family)) for k in range(4)),
        )
        assert not await two[0].session_open(family, now_ms=NOW_MS)


async def test_of_answers_to_one_key_one_is_kept(two: list[RecordStore]) -> None:
    for number in range(ROUNDS):
        answer = Answer(
            key=f"k{number}", person="ada", request_hash="f", status=200, body=b"", at_ms=NOW_MS
        )
        kept = await both(two, lambda store, answer=answer: store.keep_answer(answer))  # type: ignore[misc]  # a default in a lambda
        assert sum(found is True for found in kept) == 1


async def test_a_device_never_has_two_running_bindings(two: list[RecordStore]) -> None:
    await settle(two[0], ["w-1"])
    moments = iter(range(1000))

    async def bind(store: RecordStore) -> None:
        since_at = NOW + timedelta(seconds=next(moments))
        await store.bind(Binding(device="w-1", person="ada", since_at=since_at))

    for _ in range(ROUNDS):
        await both(two, bind)
    bindings = await two[1].bindings("w-1")
    assert [one.until_at for one in bindings[:-1]] == [one.since_at for one in bindings[1:]]
    assert bindings[-1].until_at is None


async def test_a_revoked_device_gets_no_binding_and_no_token_by_the_way(
    two: list[RecordStore],
) -> None:
    await settle(two[0], ["w-1"])
    await two[0].bind(Binding(device="w-1", person="ada", since_at=NOW))
    await both(two, lambda store: store.revoke("w-1", now_ms=NOW_MS + 60_000))
    (ended,) = await two[1].bindings("w-1")
    assert ended.until_at is not None
    assert await two[1].credential("w-1") is None


async def test_a_role_set_by_both_is_one_membership(two: list[RecordStore]) -> None:
    await settle(two[0])
    await two[0].add_person(Person(id="bob", name="Bob"))
    roles = iter([Role.GUEST, Role.ADULT] * 4)
    member = Membership(household="home", person="bob", role=Role.GUEST)
    await both(two, lambda store: store.set_membership(replace(member, role=next(roles))))
    assert len(await two[1].memberships(person="bob")) == 1


async def test_an_address_is_taken_by_one_of_the_two(two: list[RecordStore]) -> None:
    names = iter(range(100))

    async def join(store: RecordStore) -> str:
        name = f"p{next(names)}"
        account = Account(person=name, email="ada@example.org", password_hash="x")
        await store.add_person(Person(id=name, name="Ada"), account=account)
        return name

    joined = [one for one in await both(two, join) if isinstance(one, str)]
    assert len(joined) == 1
    people = [await two[1].person(f"p{number}") for number in range(8)]
    assert [one.id for one in people if one is not None] == joined


async def test_a_name_with_the_character_nul_is_bad_input(records: RecordStore) -> None:
    await settle(records, ["w-1"])
    with pytest.raises(InvalidInputError, match="NUL"):
        await records.rename("w-1", "a\0b")
    with pytest.raises(InvalidInputError, match="NUL"):
        await records.add_devices([device("w\0")], credentials=[], rules=[])
    with pytest.raises(InvalidInputError, match="NUL"):
        await records.account("ada@example.org\0")
    assert [one.name for one in (await records.devices()).items] == ["The w-1"]
