"""Presence, words and stock over kills and repeats: a whole cell with a phone and a fridge."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from devices.fridge import DOOR_LEFT_OPEN
from hub.adapters.records.sql import SqlRecords
from hub.model import (
    Binding,
    CommandStatus,
    Device,
    Moment,
    MomentAnswer,
    Person,
    Presence,
    PresenceRequest,
    Role,
    StockItem,
)
from hub.model.changes import MomentRaised
from hub.model.people import Membership
from tests.runtime.small_cell import T0, RunningCell, SmallCell

MILK = {"item": "it-1", "name": "Milk", "quantity": 900, "unit": "mL", "expires": None}
MINUTE = 60_000


@pytest.fixture
async def cell(tmp_path: Path) -> SmallCell:
    """Let Mina have a watch and a phone, Joon a watch, and the home a fridge."""
    cell = SmallCell(tmp_path)
    await cell.move_in(DOOR_LEFT_OPEN)
    records = SqlRecords(tmp_path / "records.sqlite")
    await records.open()
    at = datetime.fromtimestamp(T0 / 1000, UTC)
    await records.add_person(Person(id="p-joon", name="Joon"))
    await records.set_membership(Membership(household="h-home", person="p-joon", role=Role.ADULT))
    devices = [
        Device(id=name, kind=kind, name=name, household="h-home", created_at=at)
        for name, kind in (("ph-1", "phone"), ("w-2", "watch"), ("f-1", "fridge"))
    ]
    await records.add_devices(devices, credentials=[], rules=[])
    for device, person in (("ph-1", "p-mina"), ("w-2", "p-joon")):
        await records.bind(Binding(device=device, person=person, since_at=at))
    await records.close()
    return cell


def phone_says(running: RunningCell, *, at_home: bool, at_ms: int) -> None:
    running.send({"ts": at_ms, "values": {"at_home": at_home}}, device="ph-1")


def said_on(running: RunningCell, name: str) -> list[str]:
    return [str(one["id"]) for one in running.commands() if one["name"] == name]


async def test_who_is_at_home_is_known_after_a_kill(cell: SmallCell) -> None:
    async with cell.running() as running:
        phone_says(running, at_home=True, at_ms=T0)
        await running.settle()
        before = running.worker.kept(Presence, "h-home:p-mina")
    async with cell.running() as running:
        assert running.worker.kept(Presence, "h-home:p-mina") == before
        phone_says(running, at_home=True, at_ms=T0 + 1000)
        await running.settle()
        after = await running.records.thing(Presence, "h-home:p-mina")
    assert before is not None
    assert after == before


async def test_what_is_put_in_counts_once_however_often_it_is_said(cell: SmallCell) -> None:
    event = {"id": "e-1", "ts": T0, "type": "stock_added", "data": MILK}
    async with cell.running() as running:
        for _ in range(3):
            running.send(event, leaf="event", device="f-1")
        await running.settle()
    async with cell.running() as running:
        running.send(event, leaf="event", device="f-1")
        await running.settle()
        milk = await running.records.thing(StockItem, "f-1:it-1")
    assert milk is not None
    assert milk.quantity == 900.0


async def ask(running: RunningCell, *, person: str | None = "p-mina") -> None:
    moment = Moment(
        id="mo-1",
        household="h-home",
        person=person,
        text={"ko": "할까요?", "en": "Shall I?"},
        cause="ru-1",
        at_ms=T0,
        expires_ms=T0 + 10 * MINUTE,
        ask=True,
    )
    await running.worker.tell([MomentRaised(moment=moment, now_ms=T0)])


async def test_a_question_goes_to_the_phone_and_its_answer_comes_back_once(
    cell: SmallCell,
) -> None:
    async with cell.running() as running:
        await ask(running)
        await running.until(lambda: len(said_on(running, "say")) == 1)
        (command,) = running.commands()
        running.send({"id": command["id"], "status": "succeeded"}, leaf="reply", device="ph-1")
        answer = {"moment": "mo-1", "answer": "yes"}
        event = {"id": "a-1", "ts": T0 + 1000, "type": "answer", "data": answer}
        running.send(event, leaf="event", device="ph-1")
        running.send(
            event | {"id": "a-2", "data": answer | {"answer": "no"}}, leaf="event", device="ph-1"
        )
        await running.settle()
        kept = await running.records.thing(Moment, "mo-1")
    assert command["args"] == {
        "moment": "mo-1",
        "text": {"ko": "할까요?", "en": "Shall I?"},
        "ask": True,
    }
    assert kept is not None
    assert (kept.answer, kept.devices) == ("yes", ("ph-1",))


async def test_a_question_is_closed_in_time_also_by_a_hub_that_was_killed(cell: SmallCell) -> None:
    async with cell.running() as running:
        await ask(running)
    cell.clock.at_ms = T0 + 11 * MINUTE
    async with cell.running() as running:
        await running.until(lambda: running.worker.kept(Moment, "mo-1") is None)
        kept = await running.records.thing(Moment, "mo-1")
        assert await running.records.next_timer_ms() is None
    assert kept is not None
    assert kept.answer == "none"


async def test_the_app_and_the_phone_do_not_both_answer(cell: SmallCell) -> None:
    async with cell.running() as running:
        await ask(running)
        said = MomentAnswer(moment="mo-1", answer="no", author="p-mina", now_ms=T0 + 500)
        answered = await running.worker.submit(said)
        event = {"id": "a-1", "type": "answer", "data": {"moment": "mo-1", "answer": "yes"}}
        running.send(event, leaf="event", device="ph-1")
        await running.settle()
        kept = await running.records.thing(Moment, "mo-1")
    assert isinstance(answered, Moment)
    assert kept == answered
    assert kept.answer == "no"


async def test_a_word_that_waits_does_not_reach_whoever_gets_the_phone(cell: SmallCell) -> None:
    async with cell.running() as running:
        running.send({"status": "lost"}, leaf="status", device="ph-1")
        running.send({"status": "lost"}, leaf="status", device="w-1")
        await running.settle()
        await ask(running)
        at = datetime.fromtimestamp(T0 / 1000 + 1, UTC)
        await running.records.bind(Binding(device="ph-1", person="p-joon", since_at=at))
        await running.worker.refresh("ph-1")
        running.send({"status": "ready"}, leaf="status", device="ph-1")
        await running.settle()
        (said,) = (await running.records.commands(device="ph-1")).items
        state = running.worker.memory.states["ph-1"]
    assert (said.status, said.name) == (CommandStatus.CANCELLED, "say")
    assert state.commands == {}
    assert state.person is not None
    assert state.person.id == "p-joon"
    assert running.commands() == []


async def test_a_door_left_open_reaches_only_whoever_is_at_home(cell: SmallCell) -> None:
    async with cell.running() as running:
        asked = PresenceRequest(household="h-home", person="p-joon", at_home=False, now_ms=T0)
        await running.worker.submit(asked)
        phone_says(running, at_home=True, at_ms=T0)
        for second in range(0, 75, 15):
            cell.clock.at_ms = T0 + second * 1000
            values = {"door_open": True}
            running.send({"ts": cell.clock.at_ms, "values": values}, device="f-1")
            await running.settle()
        await running.until(lambda: len(said_on(running, "alert")) == 3)
        touched = {
            publication.topic.split("/")[3]
            for publication in cell.broker.publications
            if publication.topic.endswith("/down/command")
        }
    assert touched == {"f-1", "ph-1", "w-1"}
