"""People, households, sign-ins, the access log, kept answers."""

import asyncio
from dataclasses import replace
from datetime import date

import pytest

from hub.errors import InvalidInputError, RefusedError, UnknownError
from hub.model import Membership, Person, Role
from hub.ports import Access, Account, Answer, RecordStore
from tests.contracts.records.things import ADA, HOME, NOW_MS, session, settle

BOB = Person(
    id="bob",
    name="밥",
    language="ko",
    time_zone="Asia/Seoul",
    birth_date=date(1980, 2, 29),
    resting_heart_rate=51.5,
    heart_rate_limit=160.25,
    zone="hard",
    is_operator=True,
)
ACCOUNT = Account(person="ada", email="ada@example.org", password_hash="$argon2id$…")


async def test_a_person_comes_back_as_they_were(records: RecordStore) -> None:
    await records.add_person(ADA)
    await records.add_person(BOB)
    assert await records.person("ada") == ADA
    assert await records.person("bob") == BOB
    assert await records.person("eve") is None


async def test_a_person_can_change(records: RecordStore) -> None:
    await records.add_person(BOB)
    changed = replace(BOB, name="Bob", birth_date=None, zone=None)
    await records.update_person(changed)
    assert await records.person("bob") == changed
    with pytest.raises(UnknownError):
        await records.update_person(ADA)


async def test_an_account_is_found_by_its_address(records: RecordStore) -> None:
    await records.add_person(ADA, account=ACCOUNT)
    assert await records.account("ada@example.org") == ACCOUNT
    assert await records.account("bob@example.org") is None


async def test_an_id_or_an_address_is_taken_once(records: RecordStore) -> None:
    await records.add_person(ADA, account=ACCOUNT)
    with pytest.raises(RefusedError):
        await records.add_person(ADA)
    with pytest.raises(RefusedError):
        await records.add_person(BOB, account=replace(ACCOUNT, person="bob"))
    assert await records.person("bob") is None


async def test_a_household_begins_with_its_owner(records: RecordStore) -> None:
    await settle(records)
    assert await records.household("home") == HOME
    assert await records.household("inn") is None
    owner = Membership(household="home", person="ada", role=Role.OWNER)
    assert await records.memberships(household="home") == [owner]
    with pytest.raises(RefusedError):
        await records.add_household(HOME, owner="ada")
    with pytest.raises(RefusedError):
        await records.add_household(replace(HOME, id="inn"), owner="nobody")
    assert await records.household("inn") is None


async def test_members_come_change_and_go(records: RecordStore) -> None:
    await settle(records)
    await records.add_person(BOB)
    await records.add_household(replace(HOME, id="inn"), owner="bob")
    guest = Membership(household="home", person="bob", role=Role.GUEST)
    await records.set_membership(guest)
    await records.set_membership(replace(guest, role=Role.ADULT))
    assert replace(guest, role=Role.ADULT) in await records.memberships(household="home")
    assert {m.household for m in await records.memberships(person="bob")} == {"home", "inn"}
    only = await records.memberships(person="bob", household="home")
    assert [m.role for m in only] == [Role.ADULT]
    await records.end_membership(household="home", person="bob")
    assert {m.household for m in await records.memberships(person="bob")} == {"inn"}


async def test_nobody_unknown_becomes_a_member(records: RecordStore) -> None:
    await settle(records)
    with pytest.raises(RefusedError):
        await records.set_membership(Membership(household="home", person="eve", role=Role.GUEST))


async def test_a_session_is_used_once(records: RecordStore) -> None:
    await records.add_person(ADA)
    await records.add_session(session("t1"))
    assert await records.use_session("t1", now_ms=NOW_MS) == session("t1")
    assert await records.use_session("t1", now_ms=NOW_MS) is None
    assert await records.use_session("t2", now_ms=NOW_MS) is None


async def test_of_many_who_use_a_session_at_once_one_gets_it(records: RecordStore) -> None:
    await records.add_person(ADA)
    await records.add_session(session("t1"))
    taken = await asyncio.gather(*(records.use_session("t1", now_ms=NOW_MS) for _ in range(20)))
    assert sum(one is not None for one in taken) == 1


async def test_a_session_used_twice_ends_its_whole_family(records: RecordStore) -> None:
    await records.add_person(ADA)
    for kept in (session("t1"), session("t2"), session("u1", family="f2")):
        await records.add_session(kept)
    await records.use_session("t1", now_ms=NOW_MS)
    assert await records.session_open("f1", now_ms=NOW_MS)
    await records.use_session("t1", now_ms=NOW_MS)
    assert not await records.session_open("f1", now_ms=NOW_MS)
    assert await records.use_session("t2", now_ms=NOW_MS) is None
    assert await records.use_session("u1", now_ms=NOW_MS) == session("u1", family="f2")


async def test_a_token_added_after_its_family_ended_is_worth_nothing(
    records: RecordStore,
) -> None:
    await records.add_person(ADA)
    await records.add_session(session("t1"))
    await records.use_session("t1", now_ms=NOW_MS)
    await records.use_session("t1", now_ms=NOW_MS)
    await records.add_session(session("t2"))
    assert await records.use_session("t2", now_ms=NOW_MS) is None
    assert not await records.session_open("f1", now_ms=NOW_MS)


async def test_a_session_expires(records: RecordStore) -> None:
    await records.add_person(ADA)
    await records.add_session(session("t1", expires_ms=NOW_MS))
    assert await records.use_session("t1", now_ms=NOW_MS) is None
    assert await records.session_open("f1", now_ms=NOW_MS - 1)
    assert not await records.session_open("f1", now_ms=NOW_MS)
    assert await records.use_session("t1", now_ms=NOW_MS - 1) is not None


async def test_a_sign_in_is_open_between_a_use_and_its_successor(records: RecordStore) -> None:
    await records.add_person(ADA)
    await records.add_session(session("t1"))
    await records.use_session("t1", now_ms=NOW_MS)
    assert await records.session_open("f1", now_ms=NOW_MS)
    assert not await records.session_open("f9", now_ms=NOW_MS)


async def test_signing_out_everywhere_ends_all_sessions_of_the_person(
    records: RecordStore,
) -> None:
    await records.add_person(ADA)
    await records.add_person(BOB)
    await records.add_session(session("t1"))
    await records.add_session(replace(session("b1", family="f2"), person="bob"))
    await records.end_sessions("ada")
    assert await records.use_session("t1", now_ms=NOW_MS) is None
    assert await records.use_session("b1", now_ms=NOW_MS) is not None


def access(number: int, *, subject: str = "ada", allowed: bool = True) -> Access:
    return Access(
        reader="bob",
        subject=subject,
        purpose="household_view",
        what=f"read {number}",
        at_ms=NOW_MS,
        allowed=allowed,
    )


async def test_the_access_log_is_read_newest_first_in_pages(records: RecordStore) -> None:
    for number in range(5):
        await records.note_access(access(number, allowed=number != 3))
    await records.note_access(access(9, subject="bob"))
    page = await records.accesses(subject="ada", limit=3)
    assert page.items == (access(4), access(3, allowed=False), access(2))
    await records.note_access(access(5))
    rest = await records.accesses(subject="ada", limit=3, cursor=page.next_cursor)
    assert rest.items == (access(1), access(0))
    assert rest.next_cursor is None


async def test_an_answer_is_kept_for_its_key_and_person(records: RecordStore) -> None:
    kept = Answer(
        key="k1", person="ada", request_hash="ff", status=201, body=b"\x00{}", at_ms=NOW_MS
    )
    assert await records.answer(key="k1", person="ada") is None
    assert await records.keep_answer(kept)
    assert await records.answer(key="k1", person="ada") == kept
    assert await records.answer(key="k1", person="bob") is None
    assert not await records.keep_answer(replace(kept, status=500))
    assert await records.keep_answer(replace(kept, person="bob"))
    assert await records.answer(key="k1", person="ada") == kept


async def test_of_many_answers_to_one_key_the_first_is_kept(records: RecordStore) -> None:
    answers = [
        Answer(key="k1", person="ada", request_hash="ff", status=n, body=b"", at_ms=NOW_MS)
        for n in range(20)
    ]
    kept = await asyncio.gather(*(records.keep_answer(answer) for answer in answers))
    assert sum(kept) == 1
    assert await records.answer(key="k1", person="ada") == answers[kept.index(True)]


@pytest.mark.parametrize("cursor", ["", "%", "nonsense", "WyJhIl0", "WzFd" * 9, "WzFlMzBd", "é"])
async def test_a_cursor_of_something_else_is_bad_input(records: RecordStore, cursor: str) -> None:
    with pytest.raises(InvalidInputError):
        await records.accesses(subject="ada", limit=3, cursor=cursor)
