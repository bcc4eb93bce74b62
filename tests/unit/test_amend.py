"""The record computed anew: what changes, what stays, what people did."""

from collections.abc import Sequence
from dataclasses import replace

from hub.model import IDLE, Alarm, Cause, Condition, Threshold, advance
from hub.stages.amend import CHECKPOINT_EVERY_MS, Past, Replay, amended, cut
from tests.unit.small_home import RULE, T0, state, the_only

THRESHOLD = Threshold(rule="r-1", device="w-1", spec=RULE, limit=150)


def past(rates: Sequence[float | None], *, start_ms: int = T0) -> list[Past]:
    return [Past(start_ms + s * 1000, rate, None) for s, rate in enumerate(rates)]


def replay(
    readings: Sequence[Past], *, condition: Condition = IDLE, alarms: Sequence[Alarm] = ()
) -> Replay:
    again = Replay(
        threshold=THRESHOLD,
        household="h-home",
        condition=condition,
        present=True,
        alarms={alarm.id: alarm for alarm in alarms},
    )
    again.take(readings)
    return again


def alarm_of(again: Replay) -> Alarm:
    return the_only(list(again.alarms.values()))


def changed(again: Replay, *before: Alarm, from_ms: int = T0 - 1) -> list[Alarm]:
    known = {alarm.id: alarm for alarm in before}
    return list(amended(again, known, from_ms=from_ms, state=state()))


def test_a_late_reading_that_changes_nothing_amends_nothing() -> None:
    known = alarm_of(replay(past([160, 161])))
    assert changed(replay(past([160, 161])), replace(known, felt=True)) == []


def test_a_new_alarm_is_its_wearers() -> None:
    alarm = the_only(changed(replay(past([160]))))
    assert (alarm.person, alarm.active) == ("p-mina", True)


def test_a_changed_record_keeps_what_people_did() -> None:
    known = replace(alarm_of(replay(past([160]))), acknowledged_ms=T0, acknowledged_by="p-mina")
    alarm = the_only(changed(replay(past([160, 120])), known))
    assert (alarm.cleared_ms, alarm.acknowledged_by) == (T0 + 1000, "p-mina")


def test_an_alarm_that_never_was_is_withdrawn_once() -> None:
    known = alarm_of(replay(past([160])))
    gone = the_only(changed(replay(past([120])), known))
    assert gone.withdrawn
    assert changed(replay(past([120])), gone) == []


def test_an_alarm_that_began_earlier_than_thought_inherits_what_people_did() -> None:
    known = replace(
        alarm_of(replay(past([160], start_ms=T0 + 1000))), felt=True, snoozed_until_ms=T0 + 9000
    )
    new, old = changed(replay(past([155, 160])), known)
    assert (new.felt, new.snoozed_until_ms) == (True, T0 + 9000)
    assert old.withdrawn


def test_what_ended_before_the_past_that_was_read_stays_as_it_was() -> None:
    long_ago = replace(alarm_of(replay(past([160]))), cleared_ms=T0 + 500)
    assert changed(replay(past([120], start_ms=T0 + 10_000)), long_ago, from_ms=T0 + 9000) == []


def test_what_the_new_record_does_not_know_cannot_stay_active() -> None:
    stray = alarm_of(replay(past([160])))
    again = replay(past([120], start_ms=T0 + 10_000))
    assert the_only(changed(again, stray, from_ms=T0 + 9000)).withdrawn


def test_a_no_data_alarm_is_the_hubs_own_and_never_withdrawn() -> None:
    silence = replace(alarm_of(replay(past([160]))), cause=Cause.NO_DATA)
    assert changed(replay(past([120])), silence) == []


def test_while_it_was_not_worn_nothing_counts() -> None:
    readings = [Past(T0 - 1, None, False), *past([160, 161]), Past(T0 + 5000, 160, True)]  # noqa: FBT003
    assert alarm_of(replay(readings)).opened_ms == T0 + 5000


def test_it_goes_on_from_a_checkpoint_as_if_it_had_seen_all() -> None:
    readings = past([140, 160, 165, 171, 152, 140])
    whole = replay(readings)
    half = replay(readings[:3])
    known = replace(alarm_of(whole), felt=True)
    again = replay(readings[3:], condition=half.condition, alarms=[cut(known, half.condition)])
    assert again.condition == whole.condition
    assert alarm_of(again).transitions == alarm_of(whole).transitions


def test_checkpoints_are_kept_along_the_way() -> None:
    edge_ms = (T0 // CHECKPOINT_EVERY_MS + 1) * CHECKPOINT_EVERY_MS
    again = replay(past([120, 121, 122], start_ms=edge_ms - 1000))
    assert [c.condition.head_ms for c in again.checkpoints] == [edge_ms - 1000]


def test_it_gives_the_same_as_reading_by_reading() -> None:
    readings = past([140, 160, 165, 171, 152, 140, 160])
    condition = IDLE
    for reading in readings:
        assert reading.value is not None
        condition, _ = advance(THRESHOLD, condition, at_ms=reading.at_ms, value=reading.value)
    assert replay(readings).condition == condition
