"""Things with an identity: kept by commits, found by id, household, subject, person, or open."""

from dataclasses import replace

from hub.model import (
    Group,
    Kept,
    Link,
    LinkRun,
    LinkSpec,
    Order,
    OrderStatus,
    ReadingTrigger,
    RunOutcome,
    SayAction,
    Scene,
)
from hub.ports import RecordStore
from tests.contracts.records.things import NOW_MS, Opener, settle

SPEC = LinkSpec(
    name="Warm",
    trigger=ReadingTrigger(property="temperature", device="d-1", value=30.0),
    actions=(SayAction(text={"en": "It is warm", "ko": "더워요\x00"}),),
)


def link(name: str, *, home: str = "h-1") -> Link:
    return Link(id=name, household=home, author="p-1", spec=SPEC, since_ms=NOW_MS)


def run(name: str, *, of: str = "li_1") -> LinkRun:
    return LinkRun(
        id=name,
        link=of,
        household="h-1",
        at_ms=NOW_MS,
        outcome=RunOutcome.DONE,
        trigger={"device": "d-1", "value": 31.5, "deep": [{"a": None}]},
    )


def order(name: str, *, status: OrderStatus = OrderStatus.ASKING, person: str = "p-1") -> Order:
    return Order(
        id=name,
        household="h-1",
        person=person,
        service="sv_1",
        garments=("gm_1",),
        status=status,
        made_ms=NOW_MS,
    )


async def keep(records: RecordStore, *things: Kept) -> None:
    await records.commit(Group(kept=things))


async def test_a_thing_comes_back_as_it_was(records: RecordStore) -> None:
    await keep(records, link("li_1"))
    assert await records.thing(Link, "li_1") == link("li_1")
    assert await records.thing(Scene, "li_1") is None


async def test_a_newer_one_takes_its_place_and_not_its_turn(records: RecordStore) -> None:
    await keep(records, link("li_1"), link("li_2"))
    await keep(records, replace(link("li_1"), revision=2))
    page = await records.things(Link, households=["h-1"])
    assert [(one.id, one.revision) for one in page.items] == [("li_2", 1), ("li_1", 2)]


async def test_what_is_open_is_found_after_a_restart(opened: Opener) -> None:
    records = await opened()
    ended = order("or_2", status=OrderStatus.DELIVERED)
    await keep(records, link("li_1"), order("or_1"), ended, run("ru_1"))
    records = await opened()
    assert {one.id for one in await records.open_things()} == {"li_1", "or_1"}


async def test_what_has_ended_is_open_no_more(records: RecordStore) -> None:
    await keep(records, order("or_1"))
    await keep(records, order("or_1", status=OrderStatus.CANCELLED))
    assert await records.open_things() == []
    assert [one.id for one in (await records.things(Order, is_open=False)).items] == ["or_1"]


async def test_what_is_dropped_is_gone(records: RecordStore) -> None:
    await keep(records, link("li_1"), link("li_2"))
    await records.commit(Group(dropped=((Link, "li_1"),)))
    assert [one.id for one in (await records.things(Link)).items] == ["li_2"]


async def test_a_list_is_narrowed_by_subject_person_and_household(records: RecordStore) -> None:
    await keep(records, run("ru_1"), run("ru_2", of="li_2"), run("ru_3"))
    await keep(records, order("or_1"), order("or_2", person="p-2"), link("li_9", home="h-2"))
    runs = await records.things(LinkRun, subject="li_1")
    orders = await records.things(Order, person="p-2")
    links = await records.things(Link, households=["h-1"])
    assert [one.id for one in runs.items] == ["ru_3", "ru_1"]
    assert [one.id for one in orders.items] == ["or_2"]
    assert links.items == ()


async def test_pages_go_on_where_they_ended(records: RecordStore) -> None:
    await keep(records, *(run(f"ru_{number}") for number in range(5)))
    first = await records.things(LinkRun, limit=2)
    await keep(records, run("ru_new"))
    second = await records.things(LinkRun, limit=2, cursor=first.next_cursor)
    assert [one.id for one in (*first.items, *second.items)] == ["ru_4", "ru_3", "ru_2", "ru_1"]


async def test_a_webhook_is_known_after_its_commit(records: RecordStore) -> None:
    assert not await records.known_hook("sv_1", "msg_1")
    await records.commit(Group(hooks=(("sv_1", "msg_1", NOW_MS),)))
    await records.commit(Group(hooks=(("sv_1", "msg_1", NOW_MS + 1),)))
    assert await records.known_hook("sv_1", "msg_1")
    assert not await records.known_hook("sv_2", "msg_1")


async def test_a_device_is_of_another_kind_after_the_commit(records: RecordStore) -> None:
    await settle(records, ["d-1", "d-2"])
    await records.commit(Group(kinds={"d-1": "acme_plug"}))
    found = {page.id: page.kind for page in (await records.devices()).items}
    assert found == {"d-1": "acme_plug", "d-2": "watch"}
