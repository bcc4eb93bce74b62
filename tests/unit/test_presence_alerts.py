"""A device of the home alerts whoever is at home; what a person wears alerts its wearer only."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from devices.fridge import DOOR_LEFT_OPEN, DOORS
from hub.flow import Draft
from hub.model import Command, CommandProgress, CommandStatus, DeviceKind, PresenceRequest
from tests.unit.full_home import DEVICES, committed, full_home, said
from tests.unit.small_home import HOME, RULE, T0, heart, rule, state

DOOR = replace(DOOR_LEFT_OPEN, dwell_s=0)


def home(*away: str, devices: Iterable[str] = ("f-1", "w-mina", "w-joon", "s-1")) -> Draft:
    seen = full_home(*(one for one in DEVICES if one.device.id in set(devices)))
    seen.memory.put_rules([rule(DOOR)])
    for person in away:
        seen = there(seen, person, at_home=False, at_ms=T0 - 1000)
    return seen


def there(seen: Draft, person: str, *, at_home: bool, at_ms: int) -> Draft:
    seen.run(PresenceRequest(household=HOME, person=person, at_home=at_home, now_ms=at_ms))
    return committed(seen)


def door(seen: Draft, *, is_open: bool, at_ms: int) -> Draft:
    seen.run(said(seen, "f-1", {"door_open": is_open}, at_ms=at_ms))
    return seen


def named(seen: Draft, name: str) -> set[str]:
    return {one.device for one in seen.commands.values() if one.name == name}


def sent(seen: Draft) -> Draft:
    """Return the next group, in which what was queued went out and was answered."""
    after = committed(seen)
    for command in list(seen.commands.values()):
        for status in (CommandStatus.SENT, CommandStatus.SUCCEEDED):
            progress = CommandProgress(
                device=command.device,
                command=command.id,
                status=status,
                reason="",
                now_ms=command.issued_ms,
            )
            after.run(progress)
    return committed(after)


@pytest.mark.parametrize(
    ("away", "touched"),
    [
        pytest.param((), {"f-1", "w-mina", "w-joon"}, id="nothing is known of anybody"),
        pytest.param(("p-joon",), {"f-1", "w-mina"}, id="one is out"),
        pytest.param(("p-joon", "p-mina"), {"f-1"}, id="all are out"),
    ],
)
def test_a_door_left_open_is_felt_by_whoever_is_at_home(
    away: tuple[str, ...], touched: set[str]
) -> None:
    seen = door(home(*away), is_open=True, at_ms=T0)
    assert named(seen, "alert") == touched


def test_a_mute_device_speaks_through_the_others_of_its_home() -> None:
    seen = home("p-joon")
    mute = DeviceKind(name="cellar", title_en="", title_ko="", capabilities=(DOORS,))
    seen.memory.kinds[mute.name] = mute
    seen.memory.put_state(state("c-1", kind=mute.name, person=None))
    seen.memory.put_rules([rule(replace(DOOR, kind=None, devices=("c-1",)), name="r-cellar")])
    seen.run(said(seen, "c-1", {"door_open": True}, at_ms=T0))
    assert named(seen, "alert") == {"f-1", "s-1", "w-mina"}


def test_named_responders_answer_wherever_they_are() -> None:
    seen = home("p-joon")
    seen.memory.put_rules([rule(replace(DOOR, responders=("w-joon",)))])
    assert named(door(seen, is_open=True, at_ms=T0), "alert") == {"w-joon"}


def test_a_watch_alerts_its_own_wearer_only() -> None:
    seen = full_home(state(), *DEVICES)
    seen.memory.put_rules([rule(RULE)])
    seen.run(heart(T0, 160))
    assert named(seen, "alert") == {"w-1"}


def test_the_end_reaches_whoever_was_touched_and_has_left_since() -> None:
    seen = door(home(), is_open=True, at_ms=T0)
    assert "w-joon" in named(seen, "alert")
    seen = there(sent(seen), "p-joon", at_home=False, at_ms=T0 + 20_000)
    seen = door(seen, is_open=False, at_ms=T0 + 30_000)
    assert named(seen, "alert_end") == {"f-1", "w-mina", "w-joon"}


def test_the_end_is_not_told_to_whoever_was_out_all_along() -> None:
    seen = sent(door(home("p-joon"), is_open=True, at_ms=T0))
    seen = door(seen, is_open=False, at_ms=T0 + 30_000)
    assert named(seen, "alert_end") == {"f-1", "w-mina"}


def test_whoever_comes_home_is_touched_from_the_next_step_on() -> None:
    seen = sent(door(home("p-joon"), is_open=True, at_ms=T0))
    seen = there(seen, "p-joon", at_home=True, at_ms=T0 + 60_000)
    wait_ms = round(DOOR.ladder.steps[0].wait_s * 1000)
    seen = door(seen, is_open=True, at_ms=T0 + wait_ms)
    steps = {one.device: one.args["step"] for one in alerts(seen)}
    assert steps == {"f-1": 2, "w-mina": 2, "w-joon": 2}


def alerts(seen: Draft) -> list[Command]:
    return [one for one in seen.commands.values() if one.name == "alert"]


def test_a_watch_that_just_came_back_is_touched_for_the_fridge() -> None:
    """It has felt by itself what it measured, not what the fridge did."""
    seen = home()
    watch = replace(seen.memory.states["w-mina"], ready_ms=T0 + 500)
    seen.memory.put_state(watch)
    seen.run(said(seen, "f-1", {"door_open": True}, at_ms=T0, received_ms=T0 + 600))
    assert "w-mina" in named(seen, "alert")
