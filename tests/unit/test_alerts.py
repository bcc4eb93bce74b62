"""Who is touched, how strongly, and who is told when nobody answers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hub.flow import Draft
from hub.model import (
    AcknowledgeRequest,
    Alarm,
    Command,
    CommandProgress,
    CommandStatus,
    DeviceState,
    Person,
    RuleSpec,
    Schedule,
    SnoozeRequest,
    TimerFired,
)
from hub.model.local_time import within
from tests.unit.small_home import RULE, T0, draft, heart, known, next_group, rule, state, the_only

ANNA = Person(id="p-anna", name="Anna")
ON_TOP = replace(RULE, contact="p-anna", contact_after_s=60)
"""A reading at 170 or more is answered on the top step at once."""


def home(*more: DeviceState, spec: RuleSpec = RULE) -> Draft:
    seen = draft(state(), *more, rules=[rule(spec)])
    seen.memory.agreed_contacts = frozenset({("p-mina", "p-anna")})
    return seen


def named(seen: Draft, name: str) -> list[Command]:
    return [command for command in seen.commands.values() if command.name == name]


def waiting(seen: Draft, name: str) -> list[Command]:
    return [one for one in named(seen, name) if one.status is CommandStatus.QUEUED]


def alarm_of(seen: Draft) -> Alarm:
    return the_only(list(known(seen).alarms.values()))


def sent(seen: Draft, now_ms: int) -> Draft:
    """Return the next group, in which all that is queued went out."""
    after = next_group(seen)
    for command in known(seen).commands.values():
        progress = CommandProgress(
            device="w-1",
            command=command.id,
            status=CommandStatus.SENT,
            reason="",
            now_ms=now_ms,
        )
        after.run(progress)
    return next_group(after)


def answer_top(seen: Draft, now_ms: int) -> Draft:
    after = next_group(seen)
    identity = alarm_of(seen).id
    fired = TimerFired(
        id=f"contact:{identity}", kind="contact", device="w-1", subject=identity, now_ms=now_ms
    )
    after.run(fired)
    return after


def acknowledged(seen: Draft, now_ms: int) -> Draft:
    after = next_group(seen)
    alarm = alarm_of(seen).id
    after.run(AcknowledgeRequest(alarm=alarm, device="w-1", author="p-mina", now_ms=now_ms))
    return after


def test_a_fresh_crossing_touches_the_wrist() -> None:
    seen = home()
    seen.run(heart(T0, 160))
    command = the_only(named(seen, "alert"))
    assert (command.device, command.args["step"], command.expires_ms) == ("w-1", 1, T0 + 30_000)
    assert alarm_of(seen).felt


@pytest.mark.parametrize(("old_ms", "touched"), [(30_000, True), (30_001, False)])
def test_nobody_is_touched_for_what_is_older_than_thirty_seconds(
    old_ms: int, *, touched: bool
) -> None:
    seen = home()
    seen.run(heart(T0, 160, received_ms=T0 + old_ms))
    assert (bool(seen.commands), alarm_of(seen).felt) == (touched, touched)


def test_outside_its_schedule_an_alarm_is_suppressed() -> None:
    seen = home(spec=replace(RULE, schedule=Schedule(start_minute=0, end_minute=0)))
    seen.run(heart(T0, 160))
    assert (seen.commands, alarm_of(seen).suppressed) == ({}, True)


@pytest.mark.parametrize(
    ("hour", "inside"), [(21, False), (22, True), (3, True), (6, False)], ids=str
)
def test_a_schedule_may_run_over_midnight_of_the_day_it_began(hour: int, *, inside: bool) -> None:
    monday = 23 if hour > 12 else 24
    at = datetime(2026, 11, monday, hour, tzinfo=UTC)
    schedule = Schedule(days=(0,), start_minute=22 * 60, end_minute=6 * 60)
    assert within(schedule, int(at.timestamp() * 1000), "UTC") is inside


def test_a_schedule_is_in_the_wearers_local_day() -> None:
    noon_utc_ms = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp() * 1000)
    evening = Schedule(start_minute=20 * 60, end_minute=22 * 60)
    assert within(evening, noon_utc_ms, "Asia/Seoul")
    assert not within(evening, noon_utc_ms, "UTC")


def test_the_named_device_answers_for_another() -> None:
    seen = home(state("w-2"), spec=replace(RULE, kind=None, devices=("w-1",), responders=("w-2",)))
    seen.run(heart(T0, 160))
    assert the_only(named(seen, "alert")).device == "w-2"


def test_a_device_of_another_home_never_answers() -> None:
    spec = replace(RULE, responders=("w-2",))
    seen = home(state("w-2", home="h-other"), spec=spec)
    seen.run(heart(T0, 160))
    assert seen.commands == {}


def test_a_touch_not_yet_sent_gives_its_place_to_the_newer_one() -> None:
    seen = home()
    seen.run(heart(T0, 160))
    seen.run(heart(T0 + 1000, 170))
    old, new = named(seen, "alert")
    assert (old.status, old.reason) == (CommandStatus.CANCELLED, "superseded")
    assert new.not_before_ms == old.not_before_ms


def test_two_touches_are_three_seconds_apart() -> None:
    seen = home()
    seen.run(heart(T0, 160))
    after = sent(seen, T0)
    after.run(heart(T0 + 1000, 170))
    assert the_only(named(after, "alert")).not_before_ms == T0 + 3000


def test_the_three_seconds_count_from_when_a_touch_that_waited_went_out() -> None:
    seen = home()
    seen.run(heart(T0, 160))
    after = sent(seen, T0 + 9000)
    after.run(heart(T0 + 10_000, 170))
    assert the_only(named(after, "alert")).not_before_ms == T0 + 12_000


def test_a_clock_set_back_by_an_hour_leaves_the_wrist_waiting_for_seconds_only() -> None:
    seen = home()
    seen.run(heart(T0, 160))
    after = sent(seen, T0 + 3_600_000)
    after.run(heart(T0 + 5000, 170))
    assert the_only(named(after, "alert")).not_before_ms == T0 + 11_000


def test_what_the_watch_felt_before_it_came_back_is_not_touched_again() -> None:
    seen = draft(replace(state(), ready_ms=T0 + 1), rules=[rule()])
    seen.run(heart(T0, 160, received_ms=T0 + 5000))
    assert seen.commands == {}


def test_when_a_felt_alarm_clears_its_waiting_touch_is_cancelled_and_its_end_is_said() -> None:
    seen = home()
    seen.run(heart(T0, 160))
    seen.run(heart(T0 + 1000, 140))
    assert the_only(named(seen, "alert")).status is CommandStatus.CANCELLED
    assert the_only(named(seen, "alert_end")).status is CommandStatus.QUEUED


def test_what_is_acknowledged_touches_only_on_a_higher_level() -> None:
    seen = home()
    seen.run(heart(T0, 160))
    after = next_group(acknowledged(seen, T0 + 500))
    after.run(heart(T0 + 6000, 161))
    assert named(after, "alert") == []
    after.run(heart(T0 + 7000, 175))
    assert len(named(after, "alert")) == 1


def test_what_is_snoozed_touches_again_afterwards() -> None:
    seen = home()
    seen.run(heart(T0, 160))
    after = next_group(seen)
    after.run(
        SnoozeRequest(
            alarm=alarm_of(seen).id,
            device="w-1",
            author="p-mina",
            until_ms=T0 + 10_000,
            now_ms=T0 + 500,
        )
    )
    after.run(heart(T0 + 6000, 175))
    assert waiting(after, "alert") == []
    after.run(heart(T0 + 12_000, 175))
    assert len(waiting(after, "alert")) == 1


# ------------------------------------------------------------------------------------ the contact


def contact_timers(seen: Draft) -> Sequence[int]:
    return [timer.due_ms for timer in seen.timers.values() if timer is not None]


def test_a_felt_top_step_waits_a_minute_for_an_answer() -> None:
    seen = home(state("w-2", person=ANNA), spec=ON_TOP)
    seen.run(heart(T0, 175))
    assert contact_timers(seen) == [T0 + 60_000]


def test_nobody_answers_and_the_contact_is_told_once() -> None:
    seen = home(state("w-2", person=ANNA), spec=ON_TOP)
    seen.run(heart(T0, 175))
    told = answer_top(seen, T0 + 60_000)
    assert the_only(named(told, "alert")).device == "w-2"
    assert named(answer_top(told, T0 + 61_000), "alert") == []


def test_a_contact_who_has_not_agreed_is_not_told() -> None:
    seen = home(state("w-2", person=ANNA), spec=ON_TOP)
    seen.memory.agreed_contacts = frozenset()
    seen.run(heart(T0, 175))
    assert answer_top(seen, T0 + 60_000).commands == {}


def test_who_answers_keeps_the_contact_out_of_it() -> None:
    seen = home(state("w-2", person=ANNA), spec=ON_TOP)
    seen.run(heart(T0, 175))
    after = acknowledged(seen, T0 + 10_000)
    assert [timer for timer in after.timers.values() if timer] == []
    assert answer_top(after, T0 + 60_000).commands == {}


def test_after_a_snooze_the_wait_for_an_answer_begins_anew() -> None:
    seen = home(state("w-2", person=ANNA), spec=ON_TOP)
    seen.run(heart(T0, 175))
    after = next_group(seen)
    after.run(
        SnoozeRequest(
            alarm=alarm_of(seen).id,
            device="w-1",
            author="p-mina",
            until_ms=T0 + 30_000,
            now_ms=T0 + 1000,
        )
    )
    later = next_group(after)
    later.run(heart(T0 + 31_000, 176))
    assert contact_timers(later) == [T0 + 91_000]


def test_who_slowed_and_is_on_the_top_step_again_has_the_whole_time_to_answer() -> None:
    seen = home(state("w-2", person=ANNA), spec=ON_TOP)
    seen.run(heart(T0, 175))
    seen.run(heart(T0 + 6000, 160))
    seen.run(heart(T0 + 20_000, 175))
    assert contact_timers(seen) == [T0 + 80_000]


def test_a_contact_who_was_told_hears_that_it_is_over() -> None:
    seen = home(state("w-2", person=ANNA), spec=ON_TOP)
    seen.run(heart(T0, 175))
    after = next_group(answer_top(seen, T0 + 60_000))
    after.run(heart(T0 + 70_000, 120, received_ms=T0 + 70_000))
    after.run(heart(T0 + 71_000, 120))
    assert {command.device for command in named(after, "alert_end")} == {"w-1", "w-2"}
    assert waiting(after, "alert") == []
