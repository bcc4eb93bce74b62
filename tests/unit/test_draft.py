"""A group as it grows: what the next message sees of those before it."""

from dataclasses import replace

from hub.flow import Draft
from hub.model import Amendment, Command, Connection, Timer
from hub.model.changes import AlarmChanged, CommandQueued, StateChanged, TimerEnded
from tests.unit.small_home import T0, draft, heart, known, memory, rule, state, the_only

COMMAND = Command(
    id="c-1", device="w-1", name="alert_end", args={}, issued_ms=T0, expires_ms=T0 + 1000
)
TIMER = Timer(id="t", due_ms=T0, kind="contact", device="w-1", subject="al")


def test_the_next_message_sees_what_the_one_before_left() -> None:
    seen = draft()
    seen.run(heart(T0, 120))
    assert known(seen).twin.reported == {"heart_rate": 120}
    assert seen.memory.states["w-1"].twin.reported == {}


def test_the_next_group_sees_the_one_that_is_being_committed() -> None:
    kept = memory()
    first = Draft(kept)
    first.run(heart(T0, 120))
    second = Draft(kept, earlier=first.states)
    second.run(heart(T0, 130))
    assert the_only(second.samples).late


def test_nothing_done_leaves_nothing_to_commit() -> None:
    assert draft().group().empty


def test_a_stale_state_does_not_undo_an_alarm_or_a_command() -> None:
    seen = draft(rules=[rule()])
    stale = known(seen)
    seen.run(heart(T0, 160))
    alarms, commands = known(seen).alarms, known(seen).commands
    seen.run(StateChanged(replace(stale, connection=Connection.READY)))
    assert known(seen).connection is Connection.READY
    assert (known(seen).alarms, known(seen).commands) == (alarms, commands)


def test_a_state_of_which_only_commands_changed_is_not_written() -> None:
    seen = draft()
    seen.run(CommandQueued(COMMAND))
    assert seen.group().states == {}
    assert len(seen.group().commands) == 1


def test_a_cleared_alarm_leaves_the_state_and_stays_in_the_group() -> None:
    seen = draft(rules=[rule()])
    seen.run(heart(T0, 160))
    cleared = replace(the_only(list(seen.alarms.values())), cleared_ms=T0 + 1)
    seen.run(AlarmChanged(cleared))
    assert known(seen).alarms == {}
    assert seen.group().alarms == (cleared,)


def test_of_a_timer_the_last_word_counts() -> None:
    seen = draft()
    for word in (TIMER, TimerEnded("t"), replace(TIMER, due_ms=T0 + 1)):
        seen.run(word)
    assert (seen.group().timers, seen.group().ended_timers) == (
        (replace(TIMER, due_ms=T0 + 1),),
        (),
    )
    seen.run(TimerEnded("t"))
    assert (seen.group().timers, seen.group().ended_timers) == ((), ("t",))


def test_of_amendments_the_earliest_counts() -> None:
    seen = draft()
    for from_ms in (T0, T0 - 5, T0 + 5):
        seen.run(Amendment(rule="r-1", device="w-1", from_ms=from_ms))
    assert the_only(seen.group().amendments).from_ms == T0 - 5


def test_a_change_of_a_device_that_is_gone_is_still_written() -> None:
    seen = draft(rules=[rule()])
    seen.run(heart(T0, 160))
    alarm = the_only(list(seen.alarms.values()))
    gone = draft(state("w-2"))
    gone.run(AlarmChanged(replace(alarm, cleared_ms=T0)))
    assert (len(gone.group().alarms), gone.states) == (1, {})
