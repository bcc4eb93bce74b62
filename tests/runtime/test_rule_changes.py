"""A rule that ends, or watches something else, leaves nothing behind."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.model import Binding, Person, Rule, RuleSpec
from tests.runtime.small_cell import T0, RunningCell, SmallCell
from tests.runtime.unready_records import UnreadyRecords

RULE = RuleSpec(name="Heart rate", property="heart_rate", kind="watch", limit=150, dwell_s=0)


async def alarmed(cell: RunningCell) -> None:
    cell.send({"ts": T0, "values": {"heart_rate": 170}})
    await cell.settle()
    await cell.reply_to_all()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(None, id="ended"),
        pytest.param(replace(RULE, enabled=False), id="switched off"),
        pytest.param(replace(RULE, kind=None, devices=("w-2",)), id="for another device"),
    ],
)
async def test_an_alarm_that_no_rule_asks_for_any_more_is_cleared_and_its_end_is_said(
    tmp_path: Path, change: RuleSpec | None
) -> None:
    small = SmallCell(tmp_path)
    await small.move_in(RULE)
    async with small.running() as cell:
        await alarmed(cell)
        if change is None:
            await cell.worker.end_rule("r-1")
        else:
            await cell.worker.put_rule(replace(cell.worker.rules["r-1"], spec=change))
        await cell.until(lambda: len(cell.commands()) == 2)
        (alarm,) = await cell.alarms()

        assert not alarm.active
        assert [command["name"] for command in cell.commands()] == ["alert", "alert_end"]


async def test_the_rule_and_what_follows_from_it_are_one_commit(tmp_path: Path) -> None:
    small = SmallCell(tmp_path, open_records=UnreadyRecords)
    await small.move_in(RULE)
    async with small.running() as cell:
        await alarmed(cell)
        await cell.worker.end_rule("r-1")
        assert isinstance(cell.records, UnreadyRecords)
        (group,) = (g for g in cell.records.committed if g.ended_rules)

        assert [alarm.active for alarm in group.alarms] == [False]
        assert group.states["w-1"].conditions == {}


async def test_a_stricter_rule_judges_only_what_comes_after_it(tmp_path: Path) -> None:
    small = SmallCell(tmp_path)
    await small.move_in(RULE)
    async with small.running() as cell:
        cell.send({"ts": T0, "values": {"heart_rate": 145}})
        cell.send({"ts": T0 + 2000, "values": {"heart_rate": 145}})
        await cell.settle()
        small.clock.at_ms = T0 + 5000
        await cell.worker.put_rule(replace(cell.worker.rules["r-1"], spec=replace(RULE, limit=140)))
        cell.send({"ts": T0 + 1000, "values": {"heart_rate": 145}})
        await cell.settle()
        before = list(await cell.alarms())
        cell.send({"ts": T0 + 6000, "values": {"heart_rate": 145}})
        await cell.settle()

        assert before == []
        assert [alarm.opened_ms for alarm in await cell.alarms()] == [T0 + 6000]


async def test_what_a_switched_off_rule_left_does_not_come_back_with_a_late_reading(
    tmp_path: Path,
) -> None:
    small = SmallCell(tmp_path)
    await small.move_in(RULE)
    async with small.running() as cell:
        for second in range(3):
            cell.send({"ts": T0 + second * 900_000, "values": {"heart_rate": 170}})
        small.clock.at_ms = T0 + 1_800_000
        await cell.settle()
        rule: Rule = cell.worker.rules["r-1"]
        await cell.worker.put_rule(replace(rule, spec=replace(RULE, enabled=False)))
        small.clock.at_ms += 5000
        await cell.worker.put_rule(rule)
        now_ms = small.clock.at_ms
        cell.send({"ts": now_ms + 3000, "values": {"heart_rate": 120}})
        cell.send({"ts": now_ms + 1000, "values": {"heart_rate": 121}})
        await cell.settle()

        assert [alarm.active for alarm in await cell.alarms()] == [False]


async def test_a_rule_that_minds_silence_begins_to_wait_when_it_is_made(tmp_path: Path) -> None:
    small = SmallCell(tmp_path)
    await small.move_in()
    minds = Rule(id="r-9", household="h-home", person=None, spec=replace(RULE, no_data_s=60))
    async with small.running() as cell:
        await cell.worker.put_rule(minds)

        assert await cell.records.next_timer_ms() == T0 + 60_000


async def test_what_a_device_said_of_its_former_owner_is_not_said_of_the_new_one(
    tmp_path: Path,
) -> None:
    small = SmallCell(tmp_path)
    await small.move_in()
    async with small.running() as cell:
        cell.send({"ts": T0, "values": {"heart_rate": 171}})
        await cell.settle()
        await cell.records.add_person(Person(id="p-jun", name="Jun"))
        since_at = datetime.fromtimestamp(T0 / 1000 + 60, UTC)
        await cell.records.bind(Binding(device="w-1", person="p-jun", since_at=since_at))
        await cell.worker.refresh("w-1")

        assert cell.worker.memory.states["w-1"].twin.reported == {}
