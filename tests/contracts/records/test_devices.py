"""Claims, names, tokens, bindings."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.errors import RefusedError, UnknownError
from hub.model import Binding, Person
from hub.ports import RecordStore
from tests.contracts.records.things import (
    HOME,
    NOW,
    NOW_MS,
    Opener,
    claim,
    credential,
    device,
    rule,
    settle,
)

BOB = Person(id="bob", name="Bob")


async def test_a_claim_is_taken_once(records: RecordStore) -> None:
    made = [claim("one"), replace(claim("two"), person="ada")]
    await records.add_claims(made)
    for one in made:
        assert await records.take_claim(one.code_hash, now_ms=NOW_MS) == one
        assert await records.take_claim(one.code_hash, now_ms=NOW_MS) is None
    assert await records.take_claim("unknown", now_ms=NOW_MS) is None


async def test_of_twenty_who_take_a_claim_at_once_one_gets_it(records: RecordStore) -> None:
    await records.add_claims([claim("one")])
    code = claim("one").code_hash
    taken = await asyncio.gather(*(records.take_claim(code, now_ms=NOW_MS) for _ in range(20)))
    assert sum(one is not None for one in taken) == 1


async def test_a_claim_too_old_is_worth_nothing(records: RecordStore) -> None:
    await records.add_claims([claim("one", expires_ms=NOW_MS)])
    code = claim("one").code_hash
    assert await records.take_claim(code, now_ms=NOW_MS) is None
    assert await records.take_claim(code, now_ms=NOW_MS - 1) is not None


async def test_a_claim_code_is_made_once(records: RecordStore) -> None:
    await records.add_claims([claim("one")])
    with pytest.raises(RefusedError):
        await records.add_claims([claim("two"), claim("one")])
    assert await records.take_claim(claim("two").code_hash, now_ms=NOW_MS) is None


async def test_devices_are_added_with_tokens_and_rules(opened: Opener) -> None:
    records = await opened()
    await settle(records)
    added = [replace(device("w-1"), via="w-2", cell="other"), device("w-2")]
    await records.add_devices(
        added, credentials=[credential("w-1")], rules=[rule("r-1"), rule("r-2")]
    )
    records = await opened()
    assert [await records.device(one.id) for one in added] == added
    assert await records.device("w-3") is None
    assert await records.credentials() == [credential("w-1")]
    assert await records.rules() == [rule("r-1"), rule("r-2")]


async def test_devices_are_added_all_or_none(records: RecordStore) -> None:
    await settle(records, ["w-1"])
    with pytest.raises(RefusedError):
        await records.add_devices(
            [device("w-2"), device("w-1")], credentials=[], rules=[rule("r-1")]
        )
    with pytest.raises(RefusedError):
        await records.add_devices([device("w-3", household="inn")], credentials=[], rules=[])
    assert [one.id for one in (await records.devices()).items] == ["w-1"]
    assert await records.rules() == []


async def test_devices_are_listed_by_household_in_pages(records: RecordStore) -> None:
    names = [f"w-{n}" for n in range(5)]
    await settle(records, names)
    await records.add_household(replace(HOME, id="inn"), owner="ada")
    await records.add_devices([device("x-1", household="inn")], credentials=[], rules=[])
    first = await records.devices(households=["home"], limit=2)
    await records.add_devices([device("a-0"), device("w-11")], credentials=[], rules=[])
    found = list(first.items)
    page = first
    while page.next_cursor is not None:
        page = await records.devices(households=["home"], limit=2, cursor=page.next_cursor)
        found += page.items
    listed = [one.id for one in found]
    assert [name for name in listed if name in names] == names
    assert len(listed) == len(set(listed))
    assert len((await records.devices()).items) == 8
    assert len((await records.devices(households=["home", "inn"])).items) == 8
    assert (await records.devices(households=[])).items == ()


async def test_a_full_last_page_has_no_next_one(records: RecordStore) -> None:
    await settle(records, ["w-1", "w-2"])
    assert (await records.devices(limit=2)).next_cursor is None
    assert (await records.devices(limit=1)).next_cursor is not None


async def test_a_device_is_renamed(records: RecordStore) -> None:
    await settle(records, ["w-1"])
    await records.rename("w-1", "시계")
    assert await records.device("w-1") == replace(device("w-1"), name="시계")
    with pytest.raises(UnknownError):
        await records.rename("w-2", "x")


async def test_a_token_is_replaced_and_never_kept_itself(records: RecordStore) -> None:
    await settle(records, ["w-1"])
    rotated = replace(credential("w-1", text="new"), token="new")
    await records.set_credential(rotated)
    found = await records.credential("w-1")
    assert found == credential("w-1", text="new")
    assert found is not None
    assert found.token is None
    with pytest.raises(UnknownError):
        await records.set_credential(credential("w-2"))


async def test_a_revoked_device_has_no_token_and_gets_none(records: RecordStore) -> None:
    await settle(records, ["w-1", "w-2"])
    await records.revoke("w-1", now_ms=NOW_MS)
    assert await records.credential("w-1") is None
    assert await records.credentials() == [credential("w-2")]
    with pytest.raises(RefusedError):
        await records.set_credential(credential("w-1"))
    assert await records.credential("w-1") is None


async def test_a_device_is_revoked_once_and_still_shown(records: RecordStore) -> None:
    await settle(records, ["w-1"])
    await records.revoke("w-1", now_ms=NOW_MS)
    await records.revoke("w-1", now_ms=NOW_MS + 1000)
    found = await records.device("w-1")
    assert found is not None
    assert found.revoked_at is not None
    assert found.revoked_at.timestamp() * 1000 == NOW_MS
    assert (await records.devices()).items == (found,)


async def test_a_binding_ends_the_one_before(records: RecordStore) -> None:
    await settle(records, ["w-1"])
    await records.add_person(BOB)
    first = Binding(device="w-1", person="ada", since_at=NOW)
    second = Binding(device="w-1", person="bob", since_at=NOW + timedelta(days=1))
    await records.bind(first)
    assert await records.bindings("w-1") == [first]
    await records.bind(second)
    ended = replace(first, until_at=second.since_at)
    assert await records.bindings("w-1") == [ended, second]
    assert await records.bindings("w-2") == []


async def test_a_binding_cannot_begin_before_the_running_one(records: RecordStore) -> None:
    await settle(records, ["w-1"])
    first = Binding(device="w-1", person="ada", since_at=NOW)
    await records.bind(first)
    for since_at in (NOW, NOW - timedelta(days=1)):
        with pytest.raises(RefusedError):
            await records.bind(replace(first, since_at=since_at))
    assert await records.bindings("w-1") == [first]


async def test_only_a_known_device_is_bound_to_a_known_person(records: RecordStore) -> None:
    await settle(records, ["w-1"])
    for stray in (
        Binding(device="w-1", person="eve", since_at=NOW),
        Binding(device="w-9", person="ada", since_at=NOW),
    ):
        with pytest.raises(RefusedError):
            await records.bind(stray)


async def test_revoking_ends_the_binding(records: RecordStore) -> None:
    await settle(records, ["w-1"])
    await records.bind(Binding(device="w-1", person="ada", since_at=NOW))
    await records.revoke("w-1", now_ms=NOW_MS + 60_000)
    (ended,) = await records.bindings("w-1")
    assert ended.until_at is not None
    assert ended.until_at.timestamp() * 1000 == NOW_MS + 60_000
