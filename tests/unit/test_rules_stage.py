"""What a reading means to the rules, and what of it is left to the record's amendment."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from hub.flow import Draft
from hub.model import Change, Quality, RuleSpec
from hub.model.changes import Admitted, Hush, Touch
from hub.stages.rules import AMEND_WITHIN_MS, CHECKPOINT_EVERY_MS, judge
from tests.unit.small_home import RULE, T0, draft, heart, known, rule, the_only


def play(rates: Sequence[float], *, spec: RuleSpec = RULE, start_ms: int = T0) -> Draft:
    seen = draft(rules=[rule(spec)])
    for second, rate in enumerate(rates):
        seen.run(heart(start_ms + second * 1000, rate))
    return seen


def changes(seen: Draft) -> list[Change]:
    alarm = the_only(list(seen.alarms.values()))
    return [entry.change for entry in alarm.transitions]


def test_a_reading_beyond_the_limit_opens_an_alarm_of_its_wearer() -> None:
    alarm = the_only(list(play([140, 160]).alarms.values()))
    assert (alarm.opened_ms, alarm.person, alarm.household) == (T0 + 1000, "p-mina", "h-home")


def test_coming_back_inside_clears_it_and_leaves_nothing_active() -> None:
    seen = play([160, 144])
    assert changes(seen) == [Change.OPENED, Change.CLEARED]
    assert known(seen).alarms == {}


def test_what_the_watch_felt_alone_is_in_the_alarm_from_the_beginning() -> None:
    seen = play([160])
    identity = the_only(list(seen.alarms))
    told = draft(rules=[rule()])
    told.states["w-1"] = replace(known(told), alone={identity: ((T0, 1),)})
    told.run(heart(T0, 160))
    assert told.alarms[identity].felt_alone == ((T0, 1),)
    assert known(told).alone == {}


def test_a_late_reading_asks_for_an_amendment_and_touches_nobody() -> None:
    seen = play([120, 121, 122])
    seen.run(heart(T0 + 500, 200, received_ms=T0 + 2000))
    assert seen.amendments["r-1", "w-1"].from_ms == T0 + 500
    assert seen.alarms == {}


def test_of_several_late_readings_the_earliest_counts() -> None:
    seen = play([120, 121, 122])
    for back_ms in (500, 1500, 700):
        seen.run(heart(T0 + 2000 - back_ms, 125, received_ms=T0 + 2000))
    assert seen.amendments["r-1", "w-1"].from_ms == T0 + 500


@pytest.mark.parametrize(
    ("late_ms", "amended"),
    [
        pytest.param(AMEND_WITHIN_MS, True, id="seven days"),
        pytest.param(AMEND_WITHIN_MS + 1, False, id="longer"),
    ],
)
def test_what_comes_later_than_seven_days_changes_no_record(late_ms: int, *, amended: bool) -> None:
    seen = play([120])
    seen.run(heart(T0 - 1000, 125, received_ms=T0 - 1000 + late_ms))
    assert bool(seen.amendments) is amended


def test_what_was_before_the_rule_is_not_judged() -> None:
    seen = draft(rules=[replace(rule(), since_ms=T0)])
    seen.run(heart(T0 - 1, 200, received_ms=T0))
    assert (seen.alarms, seen.amendments) == ({}, {})


def test_a_far_off_clock_is_not_judged() -> None:
    seen = draft(rules=[rule()])
    sample = replace(heart(T0, 200), quality=Quality.CLOCK)
    assert list(judge(Admitted(sample), seen)) == []


def test_a_watch_that_is_not_worn_raises_nothing() -> None:
    seen = draft(rules=[rule()])
    seen.run(heart(T0, 170, worn=False))
    seen.run(heart(T0 + 1000, 170))
    assert seen.alarms == {}


def test_a_reading_older_than_the_newest_word_on_worn_is_for_history_to_judge() -> None:
    seen = draft(rules=[rule()])
    seen.run(heart(T0 + 1000, 120, worn=True))
    seen.run(replace(heart(T0 + 2000, 0), values={"worn": False}))
    seen.run(heart(T0 + 1500, 170, received_ms=T0 + 2000))
    assert seen.amendments["r-1", "w-1"].from_ms == T0 + 1500


def test_a_late_word_on_worn_has_the_record_computed_anew() -> None:
    seen = play([160, 161])
    seen.run(replace(heart(T0 + 500, 0, received_ms=T0 + 2000), values={"worn": False}))
    assert seen.amendments["r-1", "w-1"].from_ms == T0 + 500


def test_a_checkpoint_is_kept_whenever_a_quarter_of_an_hour_begins() -> None:
    edge_ms = (T0 // CHECKPOINT_EVERY_MS + 1) * CHECKPOINT_EVERY_MS
    seen = play([120, 121, 122, 123], start_ms=edge_ms - 2000)
    assert [c.condition.head_ms for c in seen.checkpoints] == [edge_ms - 1000]


def test_two_rules_on_one_reading_raise_two_alarms() -> None:
    seen = draft(rules=[rule(), rule(replace(RULE, limit=155), name="r-2")])
    seen.run(heart(T0, 160))
    assert {alarm.rule for alarm in known(seen).alarms.values()} == {"r-1", "r-2"}


def test_only_an_alarm_that_was_felt_is_hushed() -> None:
    seen = draft(rules=[rule()])
    late_ms = int(RULE.freshness_s * 1000) + 1
    seen.run(heart(T0, 160, received_ms=T0 + late_ms))
    answers = judge(Admitted(heart(T0 + 1000, 120, received_ms=T0 + late_ms)), seen)
    assert not [answer for answer in answers if isinstance(answer, Hush | Touch)]
