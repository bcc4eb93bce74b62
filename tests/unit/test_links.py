"""What sets a link off, and what does not."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hub.model import (
    Alarm,
    AlarmTrigger,
    Cause,
    Comparison,
    DesiredAction,
    EventTrigger,
    Link,
    LinkEndRequest,
    LinkRequest,
    LinkSpec,
    Presence,
    PresenceTrigger,
    ReadingTrigger,
    Sample,
    SayAction,
    TimeTrigger,
    presence_id,
)
from hub.model.changes import AlarmTurned, PresenceChanged
from tests.unit.small_home import HOME, T0
from tests.unit.small_links import JUN, Home

ON = DesiredAction(device="l-2", values={"on": True})
DARK = ReadingTrigger(device="l-1", property="lux", comparison=Comparison.BELOW, value=20.0)


def spec(trigger: object, *, action: object = ON, **more: object) -> LinkSpec:
    return LinkSpec(name="a link", trigger=trigger, actions=(action,), **more)  # type: ignore[arg-type]  # any of the unions


def test_a_reading_that_crosses_the_limit_sets_it_off_once() -> None:
    home = Home()
    home.make(spec(DARK))
    home.says("l-1", lux=50.0)
    home.says("l-1", lux=19.0)
    home.says("l-1", lux=10.0)

    assert home.outcomes == ["done"]
    assert home.desired("l-2") == {"on": True}
    assert home.last.trigger["value"] == 19.0
    assert home.last.trigger["before"] == 50.0


def test_it_is_set_off_again_after_it_was_otherwise() -> None:
    home = Home()
    home.make(spec(DARK))
    for lux in (50.0, 10.0, 20.0, 19.9):
        home.says("l-1", lux=lux)
    assert home.outcomes == ["done", "done"]


def test_what_holds_when_the_link_is_made_does_not_set_it_off() -> None:
    home = Home()
    home.says("l-1", lux=10.0)
    home.make(spec(DARK))
    home.says("l-1", lux=9.0)
    assert home.runs == {}


def test_the_first_change_after_the_link_was_made_counts() -> None:
    """The device says only what changes: what it said before the link was made is known."""
    home = Home()
    home.says("l-1", on=False)
    home.make(spec(ReadingTrigger(device="l-1", property="on", value=True)))
    home.says("l-1", on=True)
    assert home.outcomes == ["done"]


def test_the_first_reading_ever_seen_does_not_set_it_off() -> None:
    home = Home()
    home.make(spec(DARK))
    home.says("l-1", lux=10.0)
    assert home.runs == {}


def test_late_readings_doubted_ones_and_retained_reports_set_nothing_off() -> None:
    home = Home()
    home.make(spec(DARK))
    home.says("l-1", lux=50.0)
    home.says("l-1", late_s=30, lux=10.0)
    hour_ms, month_ms = 3_600_000, 40 * 86_400_000
    home.run(
        Sample("l-1", "lamp", home.now_ms + hour_ms, home.now_ms, {"lux": 10.0}),
        Sample("l-1", "lamp", home.now_ms - month_ms, home.now_ms, {"lux": 10.0}),
    )
    home.reports("l-1", retained=True, lux=10.0)
    assert home.runs == {}


def test_a_reading_heard_long_after_is_a_run_that_did_not_happen() -> None:
    home = Home()
    home.make(spec(DARK))
    home.says("l-1", lux=50.0)
    home.says("l-1", after_s=3600, late_s=1800, lux=10.0)

    assert home.outcomes == ["not_now"]
    assert "too late" in home.last.reason["en"]
    assert home.desired("l-2") == {}


@pytest.mark.parametrize(
    ("trigger", "values"),
    [
        (ReadingTrigger(device="l-1", property="mode", value="eco"), ("day", "eco")),
        (
            ReadingTrigger(
                device="l-1", property="mode", comparison=Comparison.DIFFERS, value="day"
            ),
            ("day", "eco"),
        ),
        (
            ReadingTrigger(device="l-1", property="mode", comparison=Comparison.DIFFERS),
            ("day", "eco"),
        ),
        (
            ReadingTrigger(device="l-1", property="level", comparison=Comparison.ABOVE, value=5),
            (5.0, 5.1),
        ),
        (
            ReadingTrigger(device="l-1", property="level", comparison=Comparison.BELOW, value=5),
            (5.0, 4.9),
        ),
        (ReadingTrigger(kind="lamp", property="level", value=5.0), (4.0, 5.0)),
    ],
    ids=["equals", "differs", "any change", "above", "below", "of a kind"],
)
def test_each_comparison_is_met_on_the_way_in(trigger: ReadingTrigger, values: tuple) -> None:  # type: ignore[type-arg]  # of two values
    home = Home()
    home.make(spec(trigger))
    for value in values:
        home.says("l-1", **{trigger.property: value})
    assert home.outcomes == ["done"]
    home.says("l-1", **{trigger.property: values[-1]})
    assert home.outcomes == ["done"]


def test_what_must_last_sets_it_off_when_it_has_lasted() -> None:
    home = Home()
    home.make(spec(ReadingTrigger(device="l-1", property="on", value=True, for_s=3600)))
    home.says("l-1", on=False)
    home.says("l-1", on=True)
    home.later(3599)
    assert home.runs == {}
    home.later(2)
    assert home.outcomes == ["done"]
    assert home.timers == {}


def test_what_does_not_last_sets_nothing_off() -> None:
    home = Home()
    home.make(spec(ReadingTrigger(device="l-1", property="on", value=True, for_s=60)))
    home.says("l-1", on=False)
    home.says("l-1", on=True)
    home.later(30)
    home.says("l-1", on=False)
    home.says("l-1", on=True)
    home.later(40)
    assert home.runs == {}
    home.later(30)
    assert home.outcomes == ["done"]


def test_a_backlog_that_ended_before_it_lasted_sets_nothing_off() -> None:
    """Heard at once, an hour of it: what ended long ago did last, and is no more."""
    home = Home()
    home.make(spec(ReadingTrigger(device="l-1", property="on", value=True, for_s=60)))
    home.says("l-1", on=False)
    home.says("l-1", after_s=600, late_s=500, on=True)
    home.says("l-1", after_s=1, late_s=100, on=False)
    home.later(600)
    assert home.runs == {}


def test_an_event_sets_it_off_with_its_data() -> None:
    home = Home()
    home.make(spec(EventTrigger(kind="lamp", event="blinked")))
    home.happens("l-1", "blinked", {"times": 3})
    assert home.outcomes == ["done"]
    assert home.last.trigger["data"] == {"times": 3}


def test_data_beyond_bounds_is_left_out() -> None:
    home = Home()
    home.make(spec(EventTrigger(device="l-1", event="blinked")))
    home.happens("l-1", "blinked", {"text": "x" * 20_000})
    assert home.last.trigger["data"] == {"left_out": "too large"}


def test_a_stale_event_is_a_run_that_did_not_happen() -> None:
    home = Home()
    home.make(spec(EventTrigger(device="l-1", event="blinked")))
    home.now_ms += 3_600_000
    home.happens("l-1", "blinked", late_s=16 * 60)
    assert home.outcomes == ["not_now"]


def alarm(person: str | None = None) -> Alarm:
    return Alarm(
        id="al-1",
        rule="r-1",
        device="l-1",
        household=HOME,
        person=person,
        property_name="lux",
        cause=Cause.THRESHOLD,
        limit=5.0,
        since_ms=T0,
        opened_ms=T0,
    )


@pytest.mark.parametrize(
    ("trigger", "person", "runs"),
    [
        (AlarmTrigger(), None, 1),
        (AlarmTrigger(rule="r-1"), None, 1),
        (AlarmTrigger(rule="r-2"), None, 0),
        (AlarmTrigger(change="cleared"), None, 0),
        (AlarmTrigger(), "p-mina", 1),
        (AlarmTrigger(), "p-jun", 0),
    ],
    ids=["any", "of the rule", "of another", "cleared", "one's own", "somebody else's"],
)
def test_an_alarm_sets_it_off(trigger: AlarmTrigger, person: str | None, runs: int) -> None:
    home = Home()
    home.make(spec(trigger))
    home.run(AlarmTurned(alarm=alarm(person), change="opened", now_ms=home.now_ms))
    assert len(home.runs) == runs


def moves(home: Home, person: str, *, at_home: bool) -> None:
    home.now_ms += 1000
    presence = Presence(
        id=presence_id(HOME, person),
        household=HOME,
        person=person,
        at_home=at_home,
        since_ms=home.now_ms,
        source="person",
    )
    home.keep(presence)
    home.run(PresenceChanged(presence=presence, now_ms=home.now_ms))


@pytest.mark.parametrize(
    ("change", "person", "runs"),
    [
        ("arrives", None, 2),
        ("arrives", "p-mina", 1),
        ("arrives", "p-jun", 0),
        ("first_in", None, 1),
        ("leaves", None, 2),
        ("last_out", None, 1),
    ],
)
def test_presence_sets_it_off(change: str, person: str | None, runs: int) -> None:
    home = Home()
    home.make(spec(PresenceTrigger(change=change, person=person)))
    moves(home, "p-mina", at_home=True)
    moves(home, "p-jun", at_home=True)
    moves(home, "p-jun", at_home=False)
    moves(home, "p-mina", at_home=False)
    assert len(home.runs) == runs


def test_whose_coming_set_it_off_is_kept_only_where_the_link_is_on_them() -> None:
    home = Home()
    home.make(spec(PresenceTrigger(change="arrives")))
    home.make(spec(PresenceTrigger(change="arrives", person="p-mina")), name="li-own")
    moves(home, "p-jun", at_home=True)
    moves(home, "p-mina", at_home=True)
    for run in home.runs.values():
        assert run.trigger.get("person") == ("p-mina" if run.link == "li-own" else None)
        assert "p-jun" not in str(run)


SEVEN = 7 * 60


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_a_minute_of_the_authors_day_sets_it_off() -> None:
    home = Home(now_ms=at("2026-11-23T21:59:00"))
    home.make(spec(TimeTrigger(minute=SEVEN)))
    home.later(59)
    assert home.runs == {}
    home.later(2)
    assert home.outcomes == ["done"]
    home.later(24 * 3600)
    assert home.outcomes == ["done", "done"]


def test_a_minute_missed_for_long_is_said_to_be_missed() -> None:
    home = Home(now_ms=at("2026-11-23T21:59:00"))
    home.make(spec(TimeTrigger(minute=SEVEN)))
    home.later(61, away_s=9 * 60)
    assert home.outcomes == ["done"]
    home.now_ms = at("2026-11-24T21:59:00")
    home.later(61, away_s=12 * 60)
    assert home.outcomes == ["done", "not_now"]


def test_a_link_switched_off_or_ended_is_set_off_no_more() -> None:
    home = Home()
    link = home.make(spec(DARK))
    home.says("l-1", lux=50.0)
    off = replace(link, spec=replace(link.spec, enabled=False))
    home.run(LinkRequest(link=off, now_ms=home.now_ms))
    home.says("l-1", lux=10.0)
    assert home.runs == {}
    home.run(LinkRequest(link=link, now_ms=home.now_ms))
    home.says("l-1", lux=50.0)
    home.run(LinkEndRequest(link=link.id, author="p-mina", now_ms=home.now_ms))
    home.says("l-1", lux=10.0)
    assert home.runs == {}
    assert home.memory.thing(Link, link.id) is None


def test_somebody_elses_watch_sets_off_nothing_and_leaves_no_trace() -> None:
    home = Home()
    fast = ReadingTrigger(
        kind="watch", property="heart_rate", comparison=Comparison.ABOVE, value=120.0
    )
    home.make(spec(fast, action=SayAction(text={"ko": "빨라요", "en": "fast"})))
    for device in ("w-jun", "w-1"):
        home.says(device, heart_rate=80.0)
        home.says(device, after_s=60, heart_rate=130.0)
    assert [run.trigger["device"] for run in home.runs.values()] == ["w-1"]
    assert JUN.id not in str(home.runs)


# --------------------------------------------------------------------- changed as it comes due


def stale(home: Home, timer: str, link: Link, *, after_ms: int = 300) -> None:
    """Let a timer come due, change the link, and only then hear of the timer."""
    due_ms, fired = home.timers[timer]
    home.now_ms = due_ms + after_ms
    changed = replace(link, since_ms=home.now_ms, revision=link.revision + 1)
    home.run(LinkRequest(link=changed, now_ms=home.now_ms))
    home.now_ms += 200
    home.run(replace(fired, now_ms=home.now_ms))


def test_a_minute_that_came_due_before_the_link_was_changed_does_not_run_it() -> None:
    home = Home()
    link = home.make(spec(TimeTrigger(minute=420)))
    stale(home, "minute:li-1", link)
    assert home.runs == {}
    home.later(86_400)
    assert home.outcomes == ["done"]


def test_a_minute_of_before_the_change_does_not_put_off_the_new_one() -> None:
    home = Home()
    link = home.make(spec(TimeTrigger(minute=420)))
    later = replace(link, spec=spec(TimeTrigger(minute=421)))
    stale(home, "minute:li-1", later, after_ms=59_900)
    assert home.runs == {}
    home.later(1)
    assert home.outcomes == ["done"]
    assert home.last.trigger["minute"] == 421


def test_a_minute_of_where_the_author_lived_before_does_not_run_it() -> None:
    home = Home()
    link = home.make(spec(TimeTrigger(minute=420)))
    due_ms, fired = home.timers["minute:li-1"]
    home.now_ms = due_ms + 300
    home.run(LinkRequest(link=replace(link, time_zone="Europe/Berlin"), now_ms=home.now_ms))
    home.run(replace(fired, now_ms=home.now_ms + 200))
    assert home.runs == {}
    home.later(86_400)
    assert home.outcomes == ["done"]


def test_what_lasted_before_the_link_was_changed_does_not_run_it() -> None:
    home = Home()
    link = home.make(spec(ReadingTrigger(device="l-1", property="on", value=True, for_s=60)))
    home.says("l-1", on=False)
    home.says("l-1", on=True)
    stale(home, "hold:li-1:l-1", link)
    home.later(600)
    assert home.runs == {}


def test_what_waits_when_the_link_is_changed_does_not_happen() -> None:
    home = Home()
    link = home.make(spec(EventTrigger(device="l-1", event="blinked"), wait_s=60))
    home.happens("l-1", "blinked")
    home.now_ms += 1000
    home.run(LinkRequest(link=replace(link, since_ms=home.now_ms), now_ms=home.now_ms))
    home.later(120)
    assert home.outcomes == ["not_now"]
    assert "changed" in home.last.reason["en"]
    assert home.desired("l-2") == {}


# ------------------------------------------------------------------ what holds when it is made


@pytest.mark.parametrize("known", ["made", "changed", "switched on"])
def test_a_limit_that_is_passed_already_does_not_set_it_off_whatever_links_saw_last(
    known: str,
) -> None:
    """Another link saw 20 and nothing since, as nothing was crossed."""
    home = Home()
    home.make(spec(_lux_above(30)), name="li-other")
    if known == "changed":
        home.make(spec(_lux_above(35)), name="li-2")
    if known == "switched on":
        home.make(spec(_lux_above(27), enabled=False), name="li-2")
    home.says("l-1", lux=20.0)
    home.says("l-1", after_s=60, lux=28.0)
    assert home.memory.states["l-1"].linked["lux"] == 20.0

    home.make(spec(_lux_above(27)), name="li-2")
    home.says("l-1", after_s=60, lux=29.0)
    assert home.runs == {}
    for lux in (26.0, 28.0):
        home.says("l-1", after_s=60, lux=lux)
    assert home.outcomes == ["done"]


def _lux_above(value: float) -> ReadingTrigger:
    return ReadingTrigger(device="l-1", property="lux", comparison=Comparison.ABOVE, value=value)
