"""A body's need reaches the fridge only by a link of the person whose body it is."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.adapters.records.sql import SqlRecords
from hub.model import (
    Binding,
    Device,
    EventTrigger,
    Link,
    LinkEndRequest,
    LinkRequest,
    LinkSpec,
    Membership,
    NeedAction,
    Person,
    Role,
)
from tests.runtime.small_cell import T0, RunningCell, SmallCell

WORKOUT = {"sport": "running", "duration_s": 3600, "energy_kcal": 612, "distance_m": 10_000}
NIGHT = {"start_ms": T0 - 27_000_000, "end_ms": T0, "asleep_min": 340, "resting_heart_rate": 52}


@pytest.fixture
async def cell(tmp_path: Path) -> SmallCell:
    """Let Mina have a watch, Joon one too, and the home a fridge."""
    cell = SmallCell(tmp_path)
    await cell.move_in()
    records = SqlRecords(tmp_path / "records.sqlite")
    await records.open()
    at = datetime.fromtimestamp(T0 / 1000, UTC)
    await records.add_person(Person(id="p-joon", name="Joon"))
    await records.set_membership(Membership(household="h-home", person="p-joon", role=Role.ADULT))
    devices = [
        Device(id=name, kind=kind, name=name, household="h-home", created_at=at)
        for name, kind in (("w-2", "watch"), ("f-1", "fridge"))
    ]
    await records.add_devices(devices, credentials=[], rules=[])
    await records.bind(Binding(device="w-2", person="p-joon", since_at=at))
    await records.close()
    return cell


def link(event: str, *, author: str = "p-mina") -> Link:
    """Return a link from an event of Mina's watch to the fridge."""
    return Link(
        id=f"ln-{event}-{author}",
        household="h-home",
        author=author,
        spec=LinkSpec(
            name="What I need",
            trigger=EventTrigger(event=event, device="w-1"),
            actions=(NeedAction(device="f-1"),),
        ),
        since_ms=T0,
    )


async def happens(running: RunningCell, event: str, data: object, *, name: str) -> None:
    content = {"id": name, "ts": running.cell.clock.at_ms, "type": event, "data": data}
    running.send(content, leaf="event")
    await running.settle()


def to_fridge(running: RunningCell, name: str) -> list[dict[str, object]]:
    return [one for one in running.commands() if one["name"] == name]


async def test_without_a_link_nothing_flows(cell: SmallCell) -> None:
    async with cell.running() as running:
        await happens(running, "workout_stopped", WORKOUT, name="e-1")
        await happens(running, "sleep_ended", NIGHT, name="e-2")
        state = running.worker.memory.states["f-1"]
    assert state.commands == {}
    assert running.commands() == []


async def test_by_their_own_link_a_workout_reaches_the_fridge_as_a_need(cell: SmallCell) -> None:
    async with cell.running() as running:
        await running.worker.submit(LinkRequest(link=link("workout_stopped"), now_ms=T0))
        await happens(running, "workout_stopped", WORKOUT, name="e-1")
        await running.until(lambda: len(to_fridge(running, "need")) == 1)
        (command,) = to_fridge(running, "need")
    until_ms = T0 + 24 * 3_600_000
    assert command["args"] == {
        "link": "ln-workout_stopped-p-mina",
        "until_ms": until_ms,
        "need": {
            "energy_kcal": 612,
            "protein_g": 20.0,
            "fluid_ml": 400.0,
            "rest": "",
            "made_of": {"energy_kcal": 612.0, "duration_s": 3600.0},
        },
    }


async def test_a_night_reaches_it_without_what_the_heart_did(cell: SmallCell) -> None:
    async with cell.running() as running:
        await running.worker.submit(LinkRequest(link=link("sleep_ended"), now_ms=T0))
        await happens(running, "sleep_ended", NIGHT, name="e-1")
        await running.until(lambda: len(to_fridge(running, "need")) == 1)
        (command,) = to_fridge(running, "need")
    assert "short" in str(command["args"])
    assert "resting" not in str(command["args"])


async def test_when_the_link_ends_the_need_is_taken_off_and_nothing_follows(
    cell: SmallCell,
) -> None:
    made = link("workout_stopped")
    async with cell.running() as running:
        await running.worker.submit(LinkRequest(link=made, now_ms=T0))
        await happens(running, "workout_stopped", WORKOUT, name="e-1")
        await running.until(lambda: len(to_fridge(running, "need")) == 1)
        (need,) = to_fridge(running, "need")
        running.send({"id": need["id"], "status": "succeeded"}, leaf="reply", device="f-1")
        await running.settle()
        ended = LinkEndRequest(link=made.id, author="p-mina", now_ms=T0 + 1000)
        await running.worker.submit(ended)
        await running.until(lambda: len(to_fridge(running, "need_end")) == 1)
        await happens(running, "workout_stopped", WORKOUT, name="e-2")
        waiting = running.worker.memory.states["f-1"].commands.values()
    assert [one.name for one in waiting] == ["need_end"]
    assert len(to_fridge(running, "need")) == 1


async def test_a_need_told_before_a_restart_is_taken_off_after_it(cell: SmallCell) -> None:
    made = link("workout_stopped")
    async with cell.running() as running:
        await running.worker.submit(LinkRequest(link=made, now_ms=T0))
        await happens(running, "workout_stopped", WORKOUT, name="e-1")
        await running.until(lambda: len(to_fridge(running, "need")) == 1)
    async with cell.running() as running:
        ended = LinkEndRequest(link=made.id, author="p-mina", now_ms=T0 + 1000)
        await running.worker.submit(ended)
        await running.until(lambda: len(to_fridge(running, "need_end")) == 1)
        (end,) = to_fridge(running, "need_end")
    assert end["args"] == {"link": made.id}


async def test_switched_off_is_as_good_as_ended(cell: SmallCell) -> None:
    made = link("workout_stopped")
    off = replace(made, spec=replace(made.spec, enabled=False), revision=2)
    async with cell.running() as running:
        await running.worker.submit(LinkRequest(link=made, now_ms=T0))
        await happens(running, "workout_stopped", WORKOUT, name="e-1")
        await running.until(lambda: len(to_fridge(running, "need")) == 1)
        (need,) = to_fridge(running, "need")
        running.send({"id": need["id"], "status": "succeeded"}, leaf="reply", device="f-1")
        await running.settle()
        await running.worker.submit(LinkRequest(link=off, now_ms=T0 + 1000))
        await running.until(lambda: len(to_fridge(running, "need_end")) == 1)
        await happens(running, "workout_stopped", WORKOUT, name="e-2")
    assert len(to_fridge(running, "need")) == 1


async def test_another_persons_link_gets_nothing_of_hers(cell: SmallCell) -> None:
    async with cell.running() as running:
        theirs = link("workout_stopped", author="p-joon")
        await running.worker.submit(LinkRequest(link=theirs, now_ms=T0))
        await happens(running, "workout_stopped", WORKOUT, name="e-1")
        state = running.worker.memory.states["f-1"]
    assert state.commands == {}
    assert running.commands() == []
