"""What comes of a link that was set off, and that it never runs away."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from hub.model import (
    Command,
    CommandAction,
    CommandStatus,
    Comparison,
    DesiredAction,
    EventTrigger,
    ExpressionCondition,
    Link,
    LinkEndRequest,
    LinkRequest,
    LinkSpec,
    NeedAction,
    OrderAction,
    Presence,
    PresenceCondition,
    PresetAction,
    PropertyCondition,
    ReadingTrigger,
    SayAction,
    Scene,
    SceneAction,
    Schedule,
    TimeCondition,
    presence_id,
)
from hub.model.care import (
    CareLabel,
    Colour,
    Composition,
    Fibre,
    Tumbling,
    Washing,
)
from hub.model.garments import Garment
from tests.unit.small_home import HOME
from tests.unit.small_links import Home

ON = DesiredAction(device="l-2", values={"on": True})
TURNED_ON = ReadingTrigger(device="l-1", property="on", value=True)
BLINKED = EventTrigger(device="l-1", event="blinked")
DAY_MS = 24 * 3_600_000
SAY = SayAction(text={"ko": "그래요", "en": "so"}, person="p-mina", private=True)


def spec(
    *actions: object, trigger: object = BLINKED, name: str = "a link", **more: object
) -> LinkSpec:
    return LinkSpec(name=name, trigger=trigger, actions=actions or (ON,), **more)  # type: ignore[arg-type]  # any of the unions


def toggled(home: Home, device: str = "l-1") -> None:
    home.says(device, on=False)
    home.says(device, on=True)


# ------------------------------------------------------------------------------------ conditions


@pytest.mark.parametrize(
    ("condition", "held"),
    [
        (
            PropertyCondition(device="l-2", property="lux", comparison=Comparison.BELOW, value=5),
            True,
        ),
        (
            PropertyCondition(device="l-2", property="lux", comparison=Comparison.ABOVE, value=5),
            False,
        ),
        (
            PropertyCondition(device="l-2", property="gone", comparison=Comparison.EQUALS, value=5),
            False,
        ),
        (
            PropertyCondition(
                device="none", property="lux", comparison=Comparison.DIFFERS, value=5
            ),
            False,
        ),
        (TimeCondition(schedule=Schedule()), True),
        (TimeCondition(schedule=Schedule(start_minute=0, end_minute=0)), False),
        (PresenceCondition(at_home=True), True),
        (PresenceCondition(at_home=True, person="p-mina"), True),
        (PresenceCondition(at_home=False, person="p-mina"), False),
        (PresenceCondition(at_home=True, person="p-jun"), False),
        (ExpressionCondition(cel="devices['l-2'].lux < 5 && trigger.data.times == 2"), True),
        (ExpressionCondition(cel="trigger.data.nothing == 2"), False),
        (ExpressionCondition(cel="presence['me'] && hour >= 0"), True),
    ],
)
def test_each_condition_is_looked_at_and_says_what_it_saw(condition: object, held: bool) -> None:  # noqa: FBT001 - a table
    home = Home()
    home.keep(
        Presence(
            id=presence_id(HOME, "p-mina"),
            household=HOME,
            person="p-mina",
            at_home=True,
            since_ms=1,
            source="person",
        )
    )
    home.says("l-2", lux=2.0)
    home.make(spec(conditions=(condition,)))
    home.happens("l-1", "blinked", {"times": 2})

    assert home.outcomes == ["done" if held else "not_now"]
    (checked,) = home.last.checked
    assert checked["held"] is held
    assert set(checked["saw"]) == {"ko", "en"}  # type: ignore[call-overload]  # words
    assert (home.last.reason == {}) is held
    assert home.desired("l-2") == ({"on": True} if held else {})


def test_a_condition_on_somebody_elses_watch_does_not_hold_and_tells_nothing() -> None:
    home = Home()
    home.says("w-jun", heart_rate=77.0)
    home.make(
        spec(
            conditions=(
                PropertyCondition(
                    device="w-jun", property="heart_rate", comparison=Comparison.ABOVE, value=1
                ),
            )
        )
    )
    home.happens("l-1", "blinked")
    assert home.outcomes == ["not_now"]
    assert "77" not in str(home.last)


def test_an_expression_sees_no_device_of_somebody_else() -> None:
    home = Home()
    home.says("w-jun", heart_rate=77.0)
    home.make(spec(conditions=(ExpressionCondition(cel="'w-jun' in devices"),)))
    home.happens("l-1", "blinked")
    assert home.outcomes == ["not_now"]


# --------------------------------------------------------------------------------------- actions


def test_actions_come_in_order_and_the_first_refused_one_is_the_last() -> None:
    home = Home()
    home.make(
        spec(
            ON,
            CommandAction(device="l-2", name="blink", args={"times": 2}),
            CommandAction(device="l-2", name="explode"),
            SAY,
        )
    )
    home.happens("l-1", "blinked")

    assert home.outcomes == ["failed"]
    assert home.desired("l-2") == {"on": True}
    assert [command.name for command in home.commands] == ["blink"]
    assert home.commands[0].cause == home.last.id
    assert home.moments == []
    assert [("led_to" in one) for one in home.last.did] == [True, True, False]
    assert "explode" in home.last.reason["en"]


@pytest.mark.parametrize(
    "action",
    [
        DesiredAction(device="l-2", values={"level": 101}),
        DesiredAction(device="l-2", values={"lux": 5}),
        DesiredAction(device="w-jun", values={"alert_volume": 0.5}),
        CommandAction(device="l-2", name="blink", args={"colour": "red"}),
        CommandAction(device="w-jun", name="alert_end"),
        SceneAction(scene="sc-none"),
        OrderAction(service="sv-none"),
        PresetAction(device="fridge-1"),
        NeedAction(device="fridge-1"),
    ],
    ids=lambda action: str(action)[:50],
)
def test_what_cannot_be_done_is_a_failed_run_with_its_reason(action: object) -> None:
    home = Home()
    home.make(spec(action))
    home.happens("l-1", "blinked")
    assert home.outcomes == ["failed"]
    assert home.last.reason["en"]
    assert home.commands == []


def test_a_command_and_a_desired_value_for_one_device_both_stand() -> None:
    home = Home()
    home.make(spec(ON, CommandAction(device="l-2", name="blink")))
    home.happens("l-1", "blinked")
    state = home.memory.states["l-2"]
    assert state.twin.desired == {"on": True}
    assert state.echoes["level"].chain == ("li-1",)
    assert [command.name for command in home.commands] == ["blink"]


def test_a_scene_sets_all_its_devices() -> None:
    home = Home()
    home.keep(
        Scene(
            id="sc-1",
            household=HOME,
            author="p-mina",
            name="Evening",
            desired={"l-1": {"level": 20.0}, "l-2": {"on": False}},
        )
    )
    home.make(spec(SceneAction(scene="sc-1")))
    home.happens("l-1", "blinked")
    assert home.desired("l-1") == {"level": 20.0}
    assert home.desired("l-2") == {"on": False}


def test_the_same_occasion_is_one_run_whatever_comes_twice() -> None:
    home = Home()
    home.make(spec(CommandAction(device="l-2", name="blink")))
    other = Home()
    other.make(spec(CommandAction(device="l-2", name="blink")))
    for one in (home, other):
        one.happens("l-1", "blinked")
    assert home.runs == other.runs
    assert [c.id for c in home.commands] == [c.id for c in other.commands]


# ------------------------------------------------------------------------------------------ waits


def test_a_wait_is_kept_and_conditions_are_looked_at_after_it() -> None:
    home = Home()
    dark = PropertyCondition(device="l-2", property="lux", comparison=Comparison.BELOW, value=5)
    home.make(spec(conditions=(dark,), wait_s=600))
    home.says("l-2", lux=50.0)
    home.happens("l-1", "blinked")
    assert home.outcomes == ["waiting"]
    assert home.last.open
    home.says("l-2", lux=1.0)
    home.later(601)
    assert home.outcomes == ["done"]
    assert home.timers == {}


def test_what_is_over_when_the_wait_is_does_not_happen() -> None:
    home = Home()
    home.make(spec(trigger=TURNED_ON, wait_s=60))
    toggled(home)
    home.says("l-1", on=False)
    home.later(61)
    assert home.outcomes == ["not_now"]
    assert "over before the wait" in home.last.reason["en"]


def test_a_link_switched_off_while_it_waits_does_not_happen() -> None:
    home = Home()
    link = home.make(spec(wait_s=60))
    home.happens("l-1", "blinked")
    home.run(LinkEndRequest(link=link.id, author="p-mina", now_ms=home.now_ms))
    home.later(61)
    assert home.outcomes == ["not_now"]
    assert home.desired("l-2") == {}


def test_a_wait_that_ended_while_the_hub_was_away_for_long_does_nothing() -> None:
    home = Home()
    home.make(spec(wait_s=60))
    home.happens("l-1", "blinked")
    home.later(61, away_s=3600)
    assert home.outcomes == ["not_now"]


# --------------------------------------------------------------------------------------- circles


def flip(device: str, *, on: bool, name: str) -> LinkSpec:
    return LinkSpec(
        name=name,
        trigger=ReadingTrigger(device=device, property="on", value=on),
        actions=(DesiredAction(device=device, values={"on": not on}),),
    )


def test_two_links_that_flip_each_other_are_stopped_and_named() -> None:
    home = Home()
    home.make(flip("l-1", on=True, name="off again"), name="li-off")
    home.make(flip("l-1", on=False, name="on again"), name="li-on")
    home.says("l-1", on=False)
    home.says("l-1", on=True)
    for _ in range(20):
        home.obeys("l-1")

    assert home.outcomes == ["done", "done", "stopped"]
    assert home.last.chain == ("li-off", "li-on")
    for language in ("ko", "en"):
        assert "“off again” → “on again” → “off again”" in home.last.reason[language]


def test_a_circle_does_not_tell_the_name_of_a_personal_link() -> None:
    home = Home()
    home.make(flip("l-1", on=True, name="SECRET"), name="li-off")
    home.make(flip("l-1", on=False, name="on again"), name="li-on")
    secret = home.memory.thing(Link, "li-off")
    assert secret is not None
    home.keep(replace(secret, personal=True))
    home.says("l-1", on=True)
    home.says("l-1", on=False)
    for _ in range(20):
        home.obeys("l-1")
    assert home.outcomes == ["done", "done", "stopped"]
    assert home.last.reason["en"].endswith("“on again” → “…” → “on again”")


def test_a_person_who_turns_it_back_is_no_echo() -> None:
    home = Home()
    home.make(flip("l-1", on=True, name="off again"))
    toggled(home)
    home.obeys("l-1")
    home.says("l-1", after_s=30, on=True)
    assert home.memory.states["l-1"].twin.revision == 2
    home.obeys("l-1")
    assert home.memory.states["l-1"].twin.reported["on"] is False
    assert home.outcomes == ["done", "done"]


def test_a_link_that_feeds_itself_is_stopped_and_named() -> None:
    home = Home()
    home.make(
        LinkSpec(
            name="ever brighter",
            trigger=ReadingTrigger(device="l-1", property="level", comparison=Comparison.DIFFERS),
            actions=(DesiredAction(device="l-1", values={"level": 80.0}),),
        )
    )
    home.says("l-1", level=10.0)
    home.says("l-1", level=20.0)
    home.obeys("l-1")
    assert home.outcomes == ["done", "stopped"]
    assert "“ever brighter” → “ever brighter”" in home.last.reason["en"]


def test_a_link_that_feeds_itself_by_a_command_and_its_event_is_stopped() -> None:
    home = Home()
    home.make(spec(CommandAction(device="l-1", name="blink"), name="again"))
    home.happens("l-1", "blinked")
    home.happens("l-1", "blinked")
    assert home.outcomes == ["done", "stopped"]


def test_a_row_of_links_that_is_too_long_is_stopped() -> None:
    home = Home()
    for number in range(10):
        home.make(
            LinkSpec(
                name=f"to {number + 1}",
                trigger=ReadingTrigger(device="l-1", property="level", value=float(number)),
                actions=(DesiredAction(device="l-1", values={"level": float(number + 1)}),),
            ),
            name=f"li-{number}",
        )
    home.says("l-1", level=99.0)
    home.says("l-1", level=0.0)
    for _ in range(12):
        home.obeys("l-1")
    assert home.outcomes == ["done"] * 8 + ["stopped"]
    assert "in a row" in home.last.reason["en"]


def test_a_circle_through_the_air_is_caught_by_its_rate() -> None:
    """The lamp lights the sensor: no device says that the one follows from the other."""
    home = Home()
    for number, (compared, value) in enumerate(
        ((Comparison.BELOW, True), (Comparison.ABOVE, False))
    ):
        home.make(
            LinkSpec(
                name=f"by light {number}",
                trigger=ReadingTrigger(
                    device="l-2", property="lux", comparison=compared, value=50.0
                ),
                actions=(DesiredAction(device="l-1", values={"on": value}),),
                most=5,
                per_s=60,
            ),
            name=f"li-{number}",
        )
    for _ in range(20):
        home.says("l-2", after_s=0.5, lux=90.0)
        home.says("l-2", after_s=0.5, lux=10.0)

    links = [home.memory.thing(Link, f"li-{number}") for number in range(2)]
    assert all(link is not None and link.paused for link in links)
    assert home.outcomes.count("done") == 10
    assert home.outcomes.count("stopped") == 2
    told = [moment for moment in home.moments if "paused" in moment.text["en"]]
    assert {moment.person for moment in told} == {"p-mina"}
    assert len(told) == 2


def test_a_paused_link_runs_again_when_it_is_switched_on() -> None:
    home = Home()
    link = home.make(spec(most=1, per_s=60))
    home.happens("l-1", "blinked")
    home.happens("l-1", "blinked")
    assert home.outcomes == ["done", "stopped"]
    home.run(LinkRequest(link=replace(link, paused={}), now_ms=home.now_ms))
    home.now_ms += 60_000
    home.happens("l-1", "blinked")
    assert home.outcomes == ["done", "stopped", "done"]


# ---------------------------------------------------------------------------- presets and needs

COTTON = CareLabel(washing=Washing.W60, tumbling=Tumbling.NORMAL)
WOOL = CareLabel(washing=Washing.HAND, tumbling=Tumbling.NONE)
DRY = LinkSpec(
    name="dry what was washed",
    trigger=EventTrigger(device="washer-1", event="cycle_finished"),
    actions=(PresetAction(device="dryer-1"),),
)


def garment(name: str, label: CareLabel, fibre: Fibre, colour: Colour = Colour.LIGHT) -> Garment:
    return Garment(
        id=name,
        household=HOME,
        name=name,
        label=label,
        fibres=Composition(((fibre, 100),)),
        colour=colour,
    )


def washed(home: Home, load: str, *garments: str, late_s: float = 0) -> None:
    data: Mapping[str, object] = {
        "load": load,
        "course": "cottons",
        "garments": list(garments),
        "moisture": 60,
    }
    home.happens("washer-1", "cycle_finished", data, late_s=late_s)


def test_the_dryer_is_told_the_course_of_each_load() -> None:
    home = Home()
    home.keep(garment("gm-1", COTTON, Fibre.COTTON), garment("gm-2", WOOL, Fibre.WOOL))
    home.make(DRY)
    washed(home, "ld-1", "gm-1", "gm-2")

    (command,) = home.commands
    assert (command.device, command.name, command.insistent) == ("dryer-1", "preset", True)
    assert command.args["load"] == "ld-1"
    assert command.args["course"] == "cottons"
    assert command.args["hang"] == ["gm-2"]
    assert set(command.args["reason"]) == {"ko", "en"}  # type: ignore[call-overload]  # words


def test_presets_wait_for_a_machine_that_is_off_and_none_replaces_another() -> None:
    home = Home()
    home.keep(garment("gm-1", COTTON, Fibre.COTTON))
    home.make(DRY)
    for number in range(3):
        washed(home, f"ld-{number}", "gm-1")
    waiting = home.memory.states["dryer-1"].commands.values()
    assert [c.args["load"] for c in waiting] == ["ld-0", "ld-1", "ld-2"]
    assert all(c.status is CommandStatus.QUEUED for c in waiting)


def test_a_load_of_which_nothing_may_go_in_is_told_so() -> None:
    home = Home()
    home.keep(garment("gm-2", WOOL, Fibre.WOOL))
    home.make(DRY)
    washed(home, "ld-1", "gm-2", "gm-unknown")
    (command,) = home.commands
    assert command.args["course"] == "none"
    assert "gm-2" in command.args["hang"]  # type: ignore[operator]  # a list


def test_a_wash_that_is_heard_of_hours_later_still_has_its_preset() -> None:
    home = Home()
    home.keep(garment("gm-1", COTTON, Fibre.COTTON))
    home.make(DRY)
    home.now_ms += 8 * 3_600_000
    washed(home, "ld-1", "gm-1", late_s=7 * 3600)
    assert home.outcomes == ["done"]


def test_somebody_elses_garment_counts_as_unknown() -> None:
    home = Home()
    home.keep(replace(garment("gm-x", COTTON, Fibre.COTTON), household="h-other"))
    home.make(DRY)
    washed(home, "ld-1", "gm-x")
    (command,) = home.commands
    assert command.args["course"] != "cottons"


FEED = LinkSpec(
    name="after my run",
    trigger=EventTrigger(device="w-1", event="workout_stopped"),
    actions=(NeedAction(device="fridge-1"),),
)
WORKOUT = {"sport": "running", "duration_s": 3600, "energy_kcal": 600}


def test_a_need_reaches_the_fridge_only_by_ones_own_link_and_ends_with_it() -> None:
    home = Home()
    home.happens("w-1", "workout_stopped", WORKOUT)
    link = home.make(FEED)
    home.make(FEED, name="li-jun", author="p-jun")
    assert home.commands == []

    home.happens("w-1", "workout_stopped", WORKOUT)
    (command,) = home.commands
    assert (command.device, command.name) == ("fridge-1", "need")
    assert command.args["need"]["energy_kcal"] == 600  # type: ignore[index]  # a need
    assert [run.link for run in home.runs.values()] == ["li-1"]

    home.run(LinkEndRequest(link=link.id, author="p-mina", now_ms=home.now_ms))
    home.happens("w-1", "workout_stopped", WORKOUT)
    waiting = home.memory.states["fridge-1"].commands.values()
    assert [command.name for command in waiting] == ["need_end"]


def ended_needs(home: Home) -> list[Command]:
    return [command for command in home.commands if command.name == "need_end"]


def off(link: Link) -> Link:
    return replace(link, spec=replace(link.spec, enabled=False))


def test_a_need_is_taken_back_when_its_link_is_switched_off() -> None:
    home = Home()
    link = home.make(FEED)
    home.happens("w-1", "workout_stopped", WORKOUT)
    home.run(LinkRequest(link=off(link), now_ms=home.now_ms))
    (ended,) = ended_needs(home)
    assert (ended.device, ended.args) == ("fridge-1", {"link": link.id})
    assert ended.recipient == "p-mina"
    assert ended.insistent

    home.run(LinkRequest(link=off(link), now_ms=home.now_ms + 1000))
    home.run(LinkEndRequest(link=link.id, author="p-mina", now_ms=home.now_ms + 2000))
    assert len(ended_needs(home)) == 1


def test_a_fridge_that_is_off_for_days_still_hears_of_the_end() -> None:
    home = Home()
    link = home.make(FEED)
    home.happens("w-1", "workout_stopped", WORKOUT)
    home.run(LinkEndRequest(link=link.id, author="p-mina", now_ms=home.now_ms))
    (ended,) = ended_needs(home)
    assert ended.expires_ms - ended.issued_ms == 7 * DAY_MS


def test_a_link_that_told_no_need_ends_none() -> None:
    home = Home()
    link = home.make(FEED)
    home.run(LinkRequest(link=off(link), now_ms=home.now_ms))
    home.run(LinkEndRequest(link=link.id, author="p-mina", now_ms=home.now_ms))
    assert home.commands == []


def test_a_need_says_whose_link_it_is_of_and_how_long_it_is_one() -> None:
    home = Home()
    home.make(FEED)
    home.later(7200)
    home.happens("w-1", "workout_stopped", WORKOUT, late_s=3600)
    (command,) = home.commands
    assert command.args["link"] == "li-1"
    assert command.args["until_ms"] == home.now_ms - 3_600_000 + DAY_MS
    assert command.expires_ms == command.args["until_ms"]


def test_what_is_over_a_day_later_has_nothing_to_end() -> None:
    home = Home()
    link = home.make(FEED)
    home.happens("w-1", "workout_stopped", WORKOUT)
    home.later(25 * 3600)
    home.run(LinkEndRequest(link=link.id, author="p-mina", now_ms=home.now_ms))
    assert ended_needs(home) == []


def test_after_a_wait_longer_than_a_need_lasts_there_is_none() -> None:
    home = Home()
    home.make(replace(FEED, wait_s=25 * 3600))
    home.happens("w-1", "workout_stopped", WORKOUT)
    home.later(26 * 3600)
    assert home.outcomes == ["failed"]
    assert home.commands == []


def test_the_need_of_one_link_outlives_the_end_of_another() -> None:
    home = Home()
    mine = home.make(FEED)
    theirs = replace(FEED, trigger=EventTrigger(device="w-jun", event="workout_stopped"))
    home.make(theirs, name="li-jun", author="p-jun")
    home.happens("w-1", "workout_stopped", WORKOUT)
    home.happens("w-jun", "workout_stopped", WORKOUT)
    told = home.memory.states["fridge-1"].commands.values()
    assert [command.args["link"] for command in told] == ["li-1", "li-jun"]

    home.run(LinkEndRequest(link=mine.id, author="p-mina", now_ms=home.now_ms))
    assert [command.args for command in ended_needs(home)] == [{"link": "li-1"}]
    assert {command.name for command in told if command.args["link"] == "li-jun"} == {"need"}


@pytest.mark.parametrize(
    "changed",
    [
        {"trigger": EventTrigger(device="w-1", event="sleep_ended")},
        {"actions": (SAY,)},
    ],
    ids=["trigger", "actions"],
)
def test_a_need_without_its_cause_is_taken_back(changed: dict[str, object]) -> None:
    home = Home()
    link = home.make(FEED)
    home.happens("w-1", "workout_stopped", WORKOUT)
    changed_link = replace(link, spec=replace(link.spec, **changed))  # type: ignore[arg-type]  # any part
    home.run(LinkRequest(link=changed_link, now_ms=home.now_ms))
    assert [command.args for command in ended_needs(home)] == [{"link": link.id}]


def test_a_link_that_becomes_anothers_takes_back_its_old_authors_need() -> None:
    home = Home()
    link = home.make(FEED)
    home.happens("w-1", "workout_stopped", WORKOUT)
    home.run(LinkRequest(link=replace(link, author="p-jun"), now_ms=home.now_ms))
    (ended,) = ended_needs(home)
    assert ended.recipient == "p-mina"


def test_a_new_name_takes_no_need_back() -> None:
    home = Home()
    link = home.make(FEED)
    home.happens("w-1", "workout_stopped", WORKOUT)
    named = replace(link, spec=replace(link.spec, name="fed"))
    home.run(LinkRequest(link=named, now_ms=home.now_ms))
    assert ended_needs(home) == []

    home.run(LinkEndRequest(link=link.id, author="p-mina", now_ms=home.now_ms))
    assert len(ended_needs(home)) == 1
