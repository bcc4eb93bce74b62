"""What people and wrists say to an alarm."""

from dataclasses import replace

import pytest

from hub.errors import UnknownError
from hub.flow import Draft
from hub.model import AcknowledgeRequest, Alarm, DeviceEvent
from hub.stages.answers import MAX_ALONE, MAX_SNOOZE_MIN
from tests.unit.small_home import (
    FRIDGE,
    RULE,
    T0,
    draft,
    heart,
    known,
    next_group,
    rule,
    state,
    the_only,
)

MINUTE_MS = 60_000


def alarmed() -> Draft:
    seen = draft(rules=[rule()])
    seen.run(heart(T0, 160))
    return next_group(seen)


def alarm_of(seen: Draft, device: str = "w-1") -> Alarm:
    return the_only(list(known(seen, device).alarms.values()))


def say(seen: Draft, kind: str, *, at_ms: int = T0 + 1000, **data: object) -> Draft:
    event = DeviceEvent(
        device="w-1",
        id=f"{kind}-{at_ms}-{data}",
        at_ms=at_ms,
        received_ms=T0 + 1000,
        type=kind,
        data=data,
    )
    seen.run(event)
    return seen


def test_a_wrist_acknowledges_in_the_name_of_its_wearer() -> None:
    seen = alarmed()
    alarm = alarm_of(say(seen, "acknowledge", alert=alarm_of(seen).id))
    assert (alarm.acknowledged_by, alarm.acknowledged_ms, alarm.acknowledged_level) == (
        "p-mina",
        T0 + 1000,
        0,
    )


def test_a_wrist_that_answers_for_the_fridge_acknowledges_its_alarm() -> None:
    cold = replace(RULE, property="temperature", kind=FRIDGE.name, limit=8.0)
    seen = draft(state(), state("f-1", kind=FRIDGE.name), rules=[rule(cold)])
    warm = replace(heart(T0, 0), device="f-1", kind=FRIDGE.name, values={"temperature": 12.0})
    seen.run(warm)
    assert {command.device for command in seen.commands.values()} == {"w-1"}
    say(seen, "acknowledge", alert=alarm_of(seen, "f-1").id)
    assert alarm_of(seen, "f-1").acknowledged_by == "p-mina"


def test_a_wrist_of_another_home_acknowledges_nothing() -> None:
    seen = draft(state(), state("w-2", home="h-other"), rules=[rule()])
    seen.run(heart(T0, 160))
    identity = alarm_of(seen).id
    event = DeviceEvent(
        device="w-2",
        id="e",
        at_ms=T0,
        received_ms=T0,
        type="acknowledge",
        data={"alert": identity},
    )
    seen.run(event)
    assert alarm_of(seen).acknowledged_ms is None


def test_what_counts_is_the_level_at_which_they_acknowledged_not_the_records() -> None:
    seen = draft(rules=[rule()])
    for second, rate in enumerate((175, 160, 175)):
        seen.run(heart(T0 + second * 1000, rate))
    quiet = replace(alarm_of(seen), level=0)
    seen.states["w-1"] = replace(known(seen), alarms={quiet.id: quiet})
    assert alarm_of(say(seen, "acknowledge", alert=quiet.id)).acknowledged_level == 1


@pytest.mark.parametrize(
    ("minutes", "lasts_min"),
    [
        pytest.param(10, 10, id="as asked"),
        pytest.param(-3, 0, id="never backwards"),
        pytest.param(1e300, MAX_SNOOZE_MIN, id="a day at most"),
        pytest.param("ten", 5, id="five where it is no number"),
    ],
)
def test_a_wrist_snoozes_for_so_long(minutes: object, lasts_min: int) -> None:
    seen = alarmed()
    say(seen, "snooze", alert=alarm_of(seen).id, minutes=minutes)
    assert alarm_of(seen).snoozed_until_ms == T0 + 1000 + lasts_min * MINUTE_MS


def test_a_wrist_whose_clock_is_years_ahead_snoozes_no_longer() -> None:
    seen = alarmed()
    say(seen, "snooze", at_ms=4_080_000_000_000, alert=alarm_of(seen).id, minutes=10)
    assert alarm_of(seen).snoozed_until_ms == T0 + 1000 + 10 * MINUTE_MS


def test_an_answer_to_an_alarm_that_is_not_active_is_only_recorded() -> None:
    seen = say(draft(), "acknowledge", alert="al_gone")
    assert (len(seen.events), seen.alarms) == (1, {})


def test_a_person_cannot_acknowledge_what_is_not_active() -> None:
    request = AcknowledgeRequest(alarm="al_gone", device="w-1", author="p-mina", now_ms=T0)
    with pytest.raises(UnknownError):
        draft().run(request)


def test_what_was_felt_alone_is_merged_once() -> None:
    seen = alarmed()
    identity = alarm_of(seen).id
    for _ in range(2):
        say(seen, "alert", alert=identity, step=2)
    assert alarm_of(seen).felt_alone == ((T0 + 1000, 2),)


def test_alarms_felt_alone_and_never_measured_are_forgotten_oldest_first() -> None:
    seen = draft()
    for number in range(MAX_ALONE + 5):
        say(seen, "alert", alert=f"al_{number}", step=1)
    assert list(known(seen).alone) == [f"al_{n}" for n in range(5, MAX_ALONE + 5)]


def test_a_wrist_that_felt_an_alarm_under_its_former_id_still_answers_it() -> None:
    alarm = replace(alarm_of(alarmed()), id="al_amended", felt_as="al_felt")
    seen = draft(replace(state(), alarms={alarm.id: alarm}), rules=[rule()])

    say(seen, "acknowledge", alert="al_felt")

    assert seen.alarms["al_amended"].acknowledged_ms == T0 + 1000
