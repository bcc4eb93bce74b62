"""What is loaded of a device, and what survives."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from hub.model import (
    Binding,
    CommandStatus,
    Condition,
    Connection,
    DeviceState,
    Echo,
    Group,
    Person,
    Sequence,
    Twin,
)
from hub.ports import RecordStore
from tests.contracts.records.things import (
    ADA,
    NOW,
    NOW_MS,
    Opener,
    alarm,
    command,
    device,
    settle,
    state,
)

FULL = state(
    "w-1",
    twin=Twin(
        reported={"heart_rate": 131.0, "steps": 7, "worn": True, "mode": "run", "big": 2**70},
        reported_ms={"heart_rate": NOW_MS},
        reported_revision=3,
        desired={"limit": {"value": 150.5, "steps": [1, 2, None]}},
        desired_ms={"limit": NOW_MS},
        revision=4,
    ),
    linked={"worn": True, "mode": "run"},
    echoes={"worn": Echo(chain=("li_1", "li_2"), until_ms=NOW_MS)},
    connection=Connection.SLEEPING,
    heard_ms=NOW_MS,
    ready_ms=NOW_MS - 1,
    newest_ms=NOW_MS - 2,
    sequences={"b1": Sequence(upto=4, above=((6, 9), (11, 11)), seen_ms=NOW_MS)},
    conditions={"r-1": Condition(head_ms=NOW_MS, value=131.5, since_ms=NOW_MS, alarm="al_1")},
    silent={"r-1": "al_2"},
    last_heard_ms={"r-1": NOW_MS},
    judged_from_ms=NOW_MS - 1000,
    alone={"al_3": ((NOW_MS, 1), (NOW_MS + 8000, 2))},
)


async def test_a_state_comes_back_as_it_was_committed(records: RecordStore) -> None:
    await settle(records, ["w-1"])
    await records.commit(Group(states={"w-1": FULL}))
    loaded = await records.load(["w-1"])
    assert loaded == {"w-1": FULL}
    reported = loaded["w-1"].twin.reported
    assert [type(value) for value in reported.values()] == [float, int, bool, str, int]


def test_the_full_state_leaves_no_field_at_its_default() -> None:
    elsewhere = {"device", "person", "alarms", "commands"}
    empty = DeviceState(device=FULL.device)
    unset = {
        field.name
        for field in fields(DeviceState)
        if getattr(FULL, field.name) == getattr(empty, field.name)
    }
    assert unset <= elsewhere


async def test_a_device_never_heard_has_an_empty_state(records: RecordStore) -> None:
    await settle(records, ["w-1"])
    assert await records.load(["w-1"]) == {"w-1": DeviceState(device=device("w-1"))}


async def test_unknown_and_revoked_devices_are_not_loaded(records: RecordStore) -> None:
    await settle(records, ["w-1", "w-2"])
    await records.commit(Group(states={"w-2": state("w-2", heard_ms=NOW_MS)}))
    await records.revoke("w-2", now_ms=NOW_MS)
    assert set(await records.load(["w-1", "w-2", "w-3"])) == {"w-1"}
    assert await records.load([]) == {}


async def test_the_person_bound_now_is_loaded_with_the_device(records: RecordStore) -> None:
    await settle(records, ["w-1", "w-2"])
    bob = Person(id="bob", name="Bob", resting_heart_rate=52.5, zone="hard")
    await records.add_person(bob)
    await records.bind(Binding(device="w-1", person="ada", since_at=NOW))
    assert (await records.load(["w-1"]))["w-1"].person == ADA
    await records.bind(Binding(device="w-1", person="bob", since_at=NOW + timedelta(hours=1)))
    loaded = await records.load(["w-1", "w-2"])
    assert loaded["w-1"].person == bob
    assert loaded["w-2"].person is None


async def test_active_alarms_are_loaded_and_the_others_not(records: RecordStore) -> None:
    await settle(records, ["w-1", "w-2"])
    active = alarm("al_1")
    gone = replace(alarm("al_3"), withdrawn=True)
    cleared = alarm("al_2", cleared_ms=NOW_MS + 5)
    await records.commit(Group(alarms=(active, cleared, gone, alarm("al_4", device="w-2"))))
    assert (await records.load(["w-1"]))["w-1"].alarms == {"al_1": active}
    await records.commit(Group(alarms=(replace(active, cleared_ms=NOW_MS + 9),)))
    assert (await records.load(["w-1"]))["w-1"].alarms == {}


async def test_commands_not_final_are_loaded_in_order_of_issue(records: RecordStore) -> None:
    await settle(records, ["w-1", "w-2"])
    issued = [command(name) for name in ("c-z", "c-a", "c-m")]
    await records.commit(Group(commands=(*issued, command("c-o", to="w-2"))))
    done = replace(issued[1], status=CommandStatus.SUCCEEDED)
    sent = replace(issued[0], status=CommandStatus.SENT)
    await records.commit(Group(commands=(done, sent)))
    loaded = (await records.load(["w-1"]))["w-1"].commands
    assert list(loaded.values()) == [sent, issued[2]]


async def test_a_later_state_replaces_the_earlier_one(opened: Opener) -> None:
    records = await opened()
    await settle(records, ["w-1"])
    await records.commit(Group(states={"w-1": FULL}))
    await records.commit(Group(states={"w-1": state("w-1", heard_ms=NOW_MS + 1)}))
    records = await opened()
    assert (await records.load(["w-1"]))["w-1"] == state("w-1", heard_ms=NOW_MS + 1)


async def test_of_many_boots_the_eight_seen_last_are_remembered(records: RecordStore) -> None:
    await settle(records, ["w-1"])
    boots = {f"b{n}": Sequence(upto=n, seen_ms=NOW_MS + (n * 7) % 20) for n in range(20)}
    await records.commit(Group(states={"w-1": state("w-1", sequences=boots)}))
    kept = (await records.load(["w-1"]))["w-1"].sequences
    newest = sorted(boots, key=lambda boot: boots[boot].seen_ms)[-8:]
    assert kept == {boot: boots[boot] for boot in newest}


@pytest.mark.parametrize("count", [1, 499, 500, 501, 1203])
async def test_any_number_of_devices_is_loaded_at_once(records: RecordStore, count: int) -> None:
    names = [f"w-{n}" for n in range(count)]
    await settle(records, names)
    await records.commit(Group(states={name: state(name, heard_ms=NOW_MS) for name in names}))
    loaded = await records.load(names)
    assert set(loaded) == set(names)
    assert all(kept.heard_ms == NOW_MS for kept in loaded.values())
