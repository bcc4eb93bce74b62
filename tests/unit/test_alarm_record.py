"""An alarm's record stays small, and what is written out field by field loses no field."""

from dataclasses import fields, replace
from typing import Any

from hub.model import IDLE, Alarm, Cause, Change, Condition, DeviceState, Transition
from hub.model.alarms import MAX_TRANSITIONS, MOST_TRANSITIONS, recorded
from tests.unit.small_home import state

ALARM = Alarm(
    id="al_1",
    rule="r-1",
    device="w-1",
    household="h-1",
    person=None,
    property_name="heart_rate",
    cause=Cause.THRESHOLD,
    limit=150,
    since_ms=0,
    opened_ms=0,
)


def entry(change: Change, at_ms: int) -> Transition:
    return Transition(alarm="al_1", change=change, at_ms=at_ms, value=160, level=0, step=0)


def after(changes: list[Change]) -> Alarm:
    alarm = ALARM
    for at_ms, change in enumerate(changes):
        alarm = recorded(alarm, entry(change, at_ms), peak=160)
    return alarm


def test_repeats_beyond_the_bound_are_left_out() -> None:
    alarm = after([Change.REPEATED] * (MAX_TRANSITIONS + 5))

    assert len(alarm.transitions) == MAX_TRANSITIONS


def test_an_alarm_that_swings_for_days_keeps_a_bounded_record_and_its_clearing() -> None:
    swings = [Change.CLIMBED, Change.EASED] * (MOST_TRANSITIONS // 2 + 5)

    alarm = after([*swings, Change.CLEARED])

    assert len(alarm.transitions) == MOST_TRANSITIONS + 1
    assert alarm.transitions[-1].change is Change.CLEARED
    assert alarm.cleared_ms == len(swings)


def test_a_judged_state_keeps_every_other_field() -> None:
    values: dict[str, Any] = {field.name: object() for field in fields(DeviceState)}
    before = replace(state(), **values | {"conditions": {}})

    judged = before.judged("r-9", IDLE)

    for field in fields(DeviceState):
        if field.name != "conditions":
            assert getattr(judged, field.name) is getattr(before, field.name), field.name
    assert judged.conditions["r-9"] is IDLE


def test_a_settled_condition_keeps_every_other_field() -> None:
    values: dict[str, Any] = {
        field.name: index for index, field in enumerate(fields(Condition), start=7)
    }
    condition = replace(IDLE, **values)

    settled = condition.settled(120.0, at_ms=99)

    changed = {"head_ms": 99, "value": 120.0, "value_ms": 99, "doubted": None, "doubted_ms": -1}
    for field in fields(Condition):
        expected = changed.get(field.name, values[field.name])
        assert getattr(settled, field.name) == expected, field.name
