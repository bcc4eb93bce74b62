"""What the companion API lists and looks up."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from hub.model import CommandStatus, Group
from hub.ports import Page, RecordStore
from tests.contracts.records.things import NOW_MS, alarm, command, dead_letter, event

Lister = Callable[[RecordStore, int, str | None], Awaitable[Page[object]]]


def group(number: int) -> Group:
    """Return what has one of each list at the instant `number`, two of them at each instant."""
    at_ms = NOW_MS + number // 2
    return Group(
        events=(event("w-1", number, at_ms=at_ms),),
        commands=(command(f"c-{number:02d}"),),
        alarms=(alarm(f"al_{number:02d}", opened_ms=at_ms),),
        dead_letters=(dead_letter(f"dl_{number:02d}", at_ms=at_ms),),
    )


async def events(records: RecordStore, limit: int, cursor: str | None) -> Page[object]:
    page = await records.events(device="w-1", limit=limit, cursor=cursor)
    return Page(tuple(page.items), page.next_cursor)


async def commands(records: RecordStore, limit: int, cursor: str | None) -> Page[object]:
    page = await records.commands(device="w-1", limit=limit, cursor=cursor)
    return Page(tuple(page.items), page.next_cursor)


async def alarms(records: RecordStore, limit: int, cursor: str | None) -> Page[object]:
    page = await records.alarms(devices=["w-1"], limit=limit, cursor=cursor)
    return Page(tuple(page.items), page.next_cursor)


async def dead_letters(records: RecordStore, limit: int, cursor: str | None) -> Page[object]:
    page = await records.dead_letters(device="w-1", limit=limit, cursor=cursor)
    return Page(tuple(page.items), page.next_cursor)


def of(listed: Group, lister: Lister) -> object:
    (one,) = getattr(listed, lister.__name__)
    return one


@pytest.mark.parametrize("limit", [1, 2, 3, 8, 9])
@pytest.mark.parametrize("lister", [events, commands, alarms, dead_letters])
async def test_a_list_is_paged_newest_first_and_new_ones_shift_nothing(
    records: RecordStore, lister: Lister, limit: int
) -> None:
    for number in range(8):
        await records.commit(group(number))
    page = await lister(records, limit, None)
    found = list(page.items)
    added = 8
    while page.next_cursor is not None:
        assert len(page.items) == limit
        await records.commit(group(added))
        added += 1
        page = await lister(records, limit, page.next_cursor)
        found += page.items
    assert found == [of(group(number), lister) for number in reversed(range(8))]


async def test_lists_are_of_the_device_asked_for(records: RecordStore) -> None:
    await records.commit(group(0))
    assert (await records.events(device="w-2")).items == ()
    assert (await records.commands(device="w-2")).items == ()
    assert (await records.alarms(devices=["w-2"])).items == ()
    assert (await records.alarms(devices=[])).items == ()
    assert (await records.dead_letters(device="w-2")).items == ()
    assert len((await records.alarms()).items) == 1
    assert len((await records.dead_letters()).items) == 1


async def test_a_command_is_found_as_it_is_now(records: RecordStore) -> None:
    await records.commit(Group(commands=(command("c-1"),)))
    done = replace(
        command("c-1", status=CommandStatus.FAILED), reason="battery", attempts=2, key="al_1"
    )
    await records.commit(Group(commands=(done,)))
    assert await records.command("c-1") == done
    assert await records.command("c-2") is None
    assert (await records.commands(device="w-1")).items == (done,)


async def test_of_two_versions_in_one_group_the_later_wins(records: RecordStore) -> None:
    first, second = command("c-1"), command("c-1", status=CommandStatus.SENT)
    raised, cleared = alarm("al_1"), alarm("al_1", cleared_ms=NOW_MS + 1)
    await records.commit(Group(commands=(first, second), alarms=(raised, cleared)))
    assert await records.command("c-1") == second
    assert await records.alarm("al_1") == cleared


async def test_alarms_are_listed_active_or_cleared_and_withdrawn_ones_never(
    records: RecordStore,
) -> None:
    active = alarm("al_1")
    cleared = alarm("al_2", opened_ms=NOW_MS + 1, cleared_ms=NOW_MS + 9)
    withdrawn = replace(alarm("al_3", opened_ms=NOW_MS + 2), withdrawn=True)
    await records.commit(Group(alarms=(active, cleared, withdrawn)))
    assert (await records.alarms()).items == (cleared, active)
    assert (await records.alarms(active=True)).items == (active,)
    assert (await records.alarms(active=False)).items == (cleared,)
    assert await records.alarm("al_3") == withdrawn
    assert await records.alarm("al_4") is None


async def test_a_dead_letter_is_found_and_ended(records: RecordStore) -> None:
    letter = dead_letter("dl_1")
    await records.commit(Group(dead_letters=(letter, dead_letter("dl_2"))))
    assert await records.dead_letter("dl_1") == letter
    await records.end_dead_letter("dl_1")
    assert await records.dead_letter("dl_1") is None
    assert len((await records.dead_letters()).items) == 1
