"""The no-data alarm: silence is judged in the hub's time."""

from dataclasses import replace

from hub.flow import Draft
from hub.model import Cause, TimerFired
from tests.unit.small_home import RULE, T0, draft, heart, known, next_group, rule, the_only

SILENT_AFTER_S = 60
MINDS_SILENCE = replace(RULE, no_data_s=float(SILENT_AFTER_S))
TIMER = "no_data:r-1:w-1"


def minding() -> Draft:
    return draft(rules=[rule(MINDS_SILENCE)])


def fire(seen: Draft, now_ms: int) -> Draft:
    after = next_group(seen)
    after.run(TimerFired(id=TIMER, kind="no_data", device="w-1", subject="r-1", now_ms=now_ms))
    return after


def due_ms(seen: Draft) -> int:
    timer = seen.timers[TIMER]
    assert timer is not None
    return timer.due_ms


def test_the_first_reading_winds_the_timer() -> None:
    seen = minding()
    seen.run(heart(T0, 120))
    assert due_ms(seen) == T0 + SILENT_AFTER_S * 1000


def test_the_next_reading_leaves_the_timer_alone() -> None:
    seen = minding()
    seen.run(heart(T0, 120))
    after = next_group(seen)
    after.run(heart(T0 + 1000, 120))
    assert after.timers == {}


def test_a_timer_that_finds_a_newer_reading_waits_for_that_one() -> None:
    seen = minding()
    seen.run(heart(T0, 120))
    seen.run(heart(T0 + 50_000, 120))
    fired = fire(seen, T0 + 60_000)
    assert fired.alarms == {}
    assert due_ms(fired) == T0 + 110_000


def test_silence_raises_one_alarm_and_ends_the_timer() -> None:
    seen = minding()
    seen.run(heart(T0, 120))
    fired = fire(seen, T0 + 60_000)
    alarm = the_only(list(fired.alarms.values()))
    assert (alarm.cause, alarm.opened_ms, alarm.since_ms) == (Cause.NO_DATA, T0 + 60_000, T0)
    assert fired.timers == {TIMER: None}
    assert fired.commands == {}


def test_the_next_reading_clears_it_and_waits_again() -> None:
    seen = minding()
    seen.run(heart(T0, 120))
    after = next_group(fire(seen, T0 + 60_000))
    after.run(heart(T0 + 90_000, 120))
    assert the_only(list(after.alarms.values())).cleared_ms == T0 + 90_000
    assert (known(after).silent, known(after).alarms) == ({}, {})
    assert due_ms(after) == T0 + 150_000


def test_a_watch_two_minutes_slow_is_not_silent_while_it_speaks() -> None:
    seen = minding()
    seen.run(heart(T0 - 120_000, 120, received_ms=T0))
    seen.run(heart(T0 - 70_000, 120, received_ms=T0 + 50_000))
    fired = fire(seen, T0 + 60_000)
    assert fired.alarms == {}
    assert due_ms(fired) == T0 + 110_000


def test_a_timer_of_a_rule_that_is_gone_ends() -> None:
    assert fire(draft(), T0).timers == {TIMER: None}
