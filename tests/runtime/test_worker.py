"""Committed first, then acknowledged, then felt; and nothing stops those behind."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from hub.errors import UnavailableError
from hub.flow import Draft
from hub.model import Contact, Person, RuleSpec, Schedule
from hub.runtime.feed import Feed
from tests.runtime.small_cell import T0, RunningCell, SmallCell
from tests.runtime.unready_records import UnreadyRecords

RULE = RuleSpec(name="Heart rate", property="heart_rate", kind="watch", limit=150)
TOPIC = "cx/1/main/w-1/up/telemetry"


def numbered(seq: int, rate: float = 120.0, *, boot: str = "b") -> dict[str, object]:
    return {"ts": T0 + seq * 1000, "seq": seq, "boot": boot, "values": {"heart_rate": rate}}


def unready(directory: Path) -> SmallCell:
    return SmallCell(directory, open_records=UnreadyRecords)


def records_of(cell: RunningCell) -> UnreadyRecords:
    assert isinstance(cell.records, UnreadyRecords)
    return cell.records


async def test_what_cannot_be_committed_is_neither_acknowledged_nor_felt(tmp_path: Path) -> None:
    small = unready(tmp_path)
    await small.move_in(RULE)
    async with small.running() as cell:
        await cell.settle()
        records = records_of(cell)
        records.commits_to_refuse = 3
        cell.send(numbered(1, 170))
        await cell.until(lambda: records.commits_to_refuse == 0)
        held, said = small.broker.unacknowledged, cell.commands() + cell.said("receipt")
        await cell.settle()
        await cell.until(lambda: bool(cell.said("receipt")))

        assert (held, said) == (1, [])
        assert [command["name"] for command in cell.commands()] == ["alert"]
        assert cell.said("receipt") == [{"boot": "b", "seq": 1, "events": []}]
        assert sum(len(group.samples) for group in records.committed) == 1


async def test_what_was_committed_and_not_acknowledged_counts_once(tmp_path: Path) -> None:
    small = unready(tmp_path)
    await small.move_in(RULE)
    async with small.running() as cell:
        cell.send(numbered(1, 170))
        await cell.settle()
        cell.send(numbered(1, 170))
        cell.send({"ts": T0 + 1000, "values": {"heart_rate": 170}})
        await cell.settle()

        assert len(await cell.alarms()) == 1
        assert len(cell.commands()) == 1


async def test_an_event_counts_once_and_is_receipted_each_time(tmp_path: Path) -> None:
    small = unready(tmp_path)
    await small.move_in()
    event = {"id": "e-1", "ts": T0, "type": "workout_started", "data": {}}
    async with small.running() as cell:
        for _ in range(2):
            cell.send(event, leaf="event")
            cell.send(event, leaf="event")
            await cell.settle()
        await cell.until(lambda: len(cell.said("receipt")) == 2)

        assert sum(len(group.events) for group in records_of(cell).committed) == 1
        assert {event for receipt in cell.said("receipt") for event in receipt["events"]} == {"e-1"}  # type: ignore[attr-defined]


async def test_a_device_is_heard_in_order_events_among_readings(tmp_path: Path) -> None:
    """Acknowledged on the lower level, then climbed: the higher level must be felt."""
    small = unready(tmp_path)
    levels = replace(RULE, levels=(RULE.levels[0], replace(RULE.levels[0], name="h", offset=20.0)))
    await small.move_in(levels)
    async with small.running() as cell:
        cell.send(numbered(1, 160))
        await cell.settle()
        (alarm,) = await cell.alarms()
        answer = {"id": "e-1", "ts": T0 + 1500, "type": "acknowledge", "data": {"alert": alarm.id}}
        cell.send(answer, leaf="event")
        cell.send({"ts": T0 + 20_000, "values": {"heart_rate": 175}})
        await cell.settle()
        (alarm,) = await cell.alarms()

        assert alarm.acknowledged_level == 0
        assert [command["name"] for command in cell.commands()][-1] == "alert"


async def test_a_fault_in_the_flow_is_set_aside_and_the_next_message_is_handled(
    tmp_path: Path,
) -> None:
    small = unready(tmp_path)
    await small.move_in(replace(RULE, schedule=Schedule()))
    async with small.running() as cell:
        mina = await cell.records.person("p-mina")
        assert mina is not None
        await cell.records.update_person(replace(mina, time_zone="Moon/Tycho"))
        await cell.worker.refresh("w-1")
        cell.send(numbered(1, 170))
        cell.send(numbered(2, 171))
        await cell.settle()
        letters = (await cell.records.dead_letters(device="w-1")).items
        state = await cell.worker.state("w-1")

    assert [letter.source for letter in letters] == ["flow"]
    assert state is not None
    assert state.newest_ms == T0 + 2000


async def test_a_timer_that_no_stage_can_bear_does_not_come_back_for_ever(tmp_path: Path) -> None:
    small = unready(tmp_path)
    top = replace(RULE.levels[0], first_step=9)
    await small.move_in(replace(RULE, levels=(top,), contact="p-mina"))
    async with small.running() as cell:
        agreed = Contact(person="p-mina", contact="p-mina", asked_ms=T0, agreed_ms=T0)
        await cell.records.put_contact(agreed)
        await cell.worker.contacts_changed()
        cell.send(numbered(1, 170))
        await cell.settle()
        cell.worker.memory.kinds = {}
        small.clock.at_ms += 3_600_000
        await cell.until(lambda: any(g.ended_timers for g in records_of(cell).committed))

        assert await cell.records.next_timer_ms() is None
        assert len((await cell.records.dead_letters()).items) == 1


async def test_a_message_that_can_never_be_committed_is_set_aside_alone(tmp_path: Path) -> None:
    small = unready(tmp_path)
    await small.move_in(RULE)
    async with small.running() as cell:
        await cell.settle()
        records = records_of(cell)
        records.unbearable = lambda group: any(sample.seq == 3 for sample in group.samples)
        for seq in range(1, 6):
            cell.send(numbered(seq))
        await cell.settle()

        stored = [sample.seq for group in records.committed for sample in group.samples]
        letters = (await records.dead_letters()).items

    assert stored == [1, 2, 4, 5]
    assert [letter.source for letter in letters] == ["flow"]


async def test_an_event_beside_what_can_never_be_committed_is_recorded(tmp_path: Path) -> None:
    small = unready(tmp_path)
    await small.move_in(RULE)
    async with small.running() as cell:
        records = records_of(cell)
        records.unbearable = lambda group: bool(group.samples)
        cell.send(numbered(1))
        cell.send({"ts": T0, "id": "e-1", "type": "sleep_ended", "data": {}}, leaf="event")
        await cell.settle()

        assert [event.id for event in (await records.events(device="w-1")).items] == ["e-1"]


async def test_a_timer_whose_work_can_never_be_committed_does_not_come_back_for_ever(
    tmp_path: Path,
) -> None:
    small = unready(tmp_path)
    await small.move_in(replace(RULE, no_data_s=60))
    async with small.running() as cell:
        records = records_of(cell)
        cell.send(numbered(1))
        await cell.settle()
        assert await records.next_timer_ms() is not None
        records.unbearable = lambda group: bool(group.alarms)
        small.clock.at_ms += 3_600_000
        await cell.until(lambda: any(group.ended_timers for group in records.committed))

        assert await records.next_timer_ms() is None
        assert len((await records.dead_letters()).items) == 1


async def test_a_wish_that_cannot_begin_in_time_is_refused(tmp_path: Path) -> None:
    small = unready(tmp_path)
    await small.move_in(RULE)
    async with small.running() as cell:
        await cell.settle()
        records_of(cell).commits_to_refuse = 1000
        cell.send(numbered(1))
        await cell.until(lambda: records_of(cell).commits_to_refuse < 999)

        async def wish(_: Draft) -> None: ...

        with pytest.raises(UnavailableError):
            await cell.worker.change(wish, patience_s=0.05)
        records_of(cell).commits_to_refuse = 0
        await cell.settle()


async def test_a_wish_is_refused_while_nothing_can_be_committed_and_leaves_no_trace(
    tmp_path: Path,
) -> None:
    small = unready(tmp_path)
    await small.move_in(RULE)
    async with small.running() as cell:
        await cell.settle()
        records_of(cell).commits_to_refuse = 1
        before = cell.worker.rules["r-1"]
        with pytest.raises(UnavailableError):
            await cell.worker.put_rule(replace(before, spec=replace(RULE, limit=200)))

        assert cell.worker.rules["r-1"] == before


async def test_devices_are_heard_however_many_wish(tmp_path: Path) -> None:
    small = unready(tmp_path)
    await small.move_in()
    async with small.running() as cell:

        async def nothing(_: Draft) -> None:
            await asyncio.sleep(0)

        async def wish() -> None:
            while True:
                await cell.worker.change(nothing)

        wishing = [asyncio.ensure_future(wish()) for _ in range(3)]
        cell.send(numbered(1))
        try:
            await cell.until(lambda: small.broker.unacknowledged == 0)
        finally:
            for task in wishing:
                task.cancel()
            await asyncio.gather(*wishing, return_exceptions=True)


async def test_a_device_that_was_shut_out_is_heard_no_more_and_nothing_of_it_stays_open(
    tmp_path: Path,
) -> None:
    small = unready(tmp_path)
    await small.move_in(RULE)
    async with small.running() as cell:
        cell.send({"status": "sleeping"}, leaf="status")
        cell.send(numbered(1, 170))
        await cell.settle()
        await cell.records.revoke("w-1", now_ms=T0)
        await cell.worker.refresh("w-1")
        cell.send(numbered(2, 171))
        await cell.settle()

        assert await cell.worker.state("w-1") is None
        assert await cell.records.open_commands() == []
        assert [alarm.active for alarm in await cell.alarms()] == [False]
        assert len((await cell.records.dead_letters(device="w-1")).items) == 1


async def test_a_hub_killed_while_a_device_is_shut_out_ends_its_commands_later(
    tmp_path: Path,
) -> None:
    small = unready(tmp_path)
    await small.move_in(RULE)
    async with small.running() as cell:
        cell.send({"status": "sleeping"}, leaf="status")
        cell.send(numbered(1, 170))
        await cell.settle()
        await cell.records.revoke("w-1", now_ms=T0)
    async with small.running() as cell:
        await cell.worker.send_rules_down()

        assert await cell.records.open_commands() == []


async def test_a_watch_that_changes_hands_leaves_its_past_behind(tmp_path: Path) -> None:
    small = unready(tmp_path)
    await small.move_in(RULE)
    async with small.running() as cell:
        cell.send(numbered(1, 170))
        cell.send(numbered(3, 172))
        await cell.settle()
        small.clock.at_ms = T0 + 10_000
        await _hand_over(cell)
        cell.send({"ts": T0 + 2000, "values": {"heart_rate": 171}})
        cell.send(numbered(12, 120))
        await cell.settle()
        (alarm,) = await cell.alarms()

        assert (alarm.person, alarm.cleared_ms, alarm.withdrawn) == ("p-mina", T0 + 10_000, False)
        assert [command["name"] for command in cell.commands()][-1] == "alert_end"


async def _hand_over(cell: RunningCell) -> None:
    bindings = await cell.records.bindings("w-1")
    await cell.records.add_person(Person(id="p-anna", name="Anna"))
    since_at = bindings[-1].since_at.replace(year=2027)
    await cell.records.bind(replace(bindings[-1], person="p-anna", since_at=since_at))
    await cell.worker.refresh("w-1")


async def test_a_numbered_reading_that_was_refused_can_be_tried_again(tmp_path: Path) -> None:
    small = unready(tmp_path)
    await small.move_in()
    async with small.running() as cell:
        state = await cell.worker.state("w-1")
        assert state is not None
        cell.worker.memory.drop_state("w-1")
        cell.send(numbered(1))
        await cell.settle()
        cell.worker.memory.put_state(replace(state, sequences={}))
        (letter,) = (await cell.records.dead_letters()).items
        cell.send({"boot": "b", "seq": 1, "skipped": True})
        await cell.settle()
        await cell.worker.retry(letter)
        await cell.settle()

        heard = await cell.worker.state("w-1")
        assert heard is not None
        assert heard.twin.reported == {"heart_rate": 120}
        assert (await cell.records.dead_letters()).items == ()


async def test_a_desired_state_that_a_killed_hub_did_not_say_is_said_by_the_next(
    tmp_path: Path,
) -> None:
    small = unready(tmp_path)
    await small.move_in(RULE)
    async with small.running() as cell:
        await cell.worker.send_rules_down()
    small.broker.publications.clear()
    async with small.running() as cell:
        await cell.until(lambda: bool(cell.said("desired")))

        assert cell.said("desired")[0]["revision"] == 1


async def test_timers_outlive_the_hub(tmp_path: Path) -> None:
    contact = replace(
        RULE, levels=(replace(RULE.levels[0], first_step=9),), contact="p-mina", no_data_s=30
    )
    small = unready(tmp_path)
    await small.move_in(contact)
    async with small.running() as cell:
        agreed = Contact(person="p-mina", contact="p-mina", asked_ms=T0, agreed_ms=T0)
        await cell.records.put_contact(agreed)
        cell.send(numbered(1, 170))
        await cell.settle()
        cell.send({"id": cell.commands()[0]["id"], "status": "succeeded"}, leaf="reply")
        await cell.settle()
    small.clock.at_ms = T0 + 120_000
    async with small.running() as cell:
        await cell.until(lambda: len(cell.commands()) == 2)
        alarms = {alarm.cause.value: alarm for alarm in await cell.alarms()}

        assert alarms["threshold"].contact_told_ms == T0 + 120_000
        assert alarms["no_data"].opened_ms == T0 + 120_000


def test_nobody_listening_costs_nothing() -> None:
    Feed().publish(None, now_ms=T0)  # type: ignore[arg-type]
