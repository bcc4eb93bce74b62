import json
from collections.abc import Callable
from typing import Any

import pytest

from simulators.appliance import Appliance
from simulators.home.acts import Act, Do
from simulators.home.fridge import Fridge
from simulators.home.household import Home
from simulators.home.people import Resident
from simulators.home.scenario import Scenario
from simulators.home.voices import Phone
from simulators.messages import Happening
from simulators.world import HomePlan, Setting, World

Said = Callable[[Appliance], list[dict[str, Any]]]
STILL = Setting(seed=1, scenario=Scenario(routine=False))
"""Nobody does anything by themselves."""
PLAN = HomePlan(number=1, people=(Resident(name="Mina"), Resident(name="Jun", child=True)))


@pytest.fixture
def told() -> list[Happening]:
    return []


@pytest.fixture
def home(make_world: Callable[..., World], told: list[Happening]) -> Home:
    world = make_world(setting=STILL, plans=[PLAN], told=told)
    (home,) = world.homes
    return home


def the_fridge(home: Home) -> Fridge:
    fridge = home.devices["fridge"]
    assert isinstance(fridge, Fridge)
    return fridge


def left_out(told: list[Happening]) -> list[object]:
    return [one.details["reason"] for one in told if one.what == "left_out"]


def do(home: Home, at_ms: int, what: Do, **about: Any) -> None:  # noqa: ANN401 - of any act
    home.plan([Act(at_ms=at_ms, do=what, **about)])
    home.advance(at_ms)


def test_a_door_opened_for_a_while_is_shut_again(home: Home, start_ms: int) -> None:
    do(home, start_ms + 1000, Do.OPEN, device="fridge", for_ms=600_000)
    home.advance(start_ms + 590_000)
    assert the_fridge(home).cold.fridge.open
    home.advance(start_ms + 610_000)
    assert not the_fridge(home).cold.fridge.open


def test_the_panel_sees_the_watch_of_whoever_is_in_front_then_nobody(
    home: Home, start_ms: int
) -> None:
    do(home, start_ms + 1000, Do.COOK, person="Mina")
    assert the_fridge(home).values["in_front"] == home.devices["watch/Mina"].device
    home.advance(start_ms + 120_000)
    assert the_fridge(home).values["in_front"] == ""


def test_the_panel_sees_the_phone_of_who_has_laid_the_watch_off(home: Home, start_ms: int) -> None:
    do(home, start_ms + 1000, Do.CHARGE_WATCH, person="Mina")
    do(home, start_ms + 2000, Do.STAND, person="Mina", device="fridge")
    assert the_fridge(home).values["in_front"] == home.devices["phone/Mina"].device


def test_the_panel_sees_someone_where_nobody_is_named(home: Home, start_ms: int) -> None:
    do(home, start_ms + 1000, Do.STAND, device="fridge")
    assert the_fridge(home).values["in_front"] == "someone"


def test_who_is_away_does_not_open_the_fridge(
    home: Home, told: list[Happening], start_ms: int
) -> None:
    do(home, start_ms + 1000, Do.LEAVE, person="Mina")
    do(home, start_ms + 2000, Do.COOK, person="Mina")
    assert not the_fridge(home).cold.fridge.open
    assert left_out(told) == ["Mina is not at home"]


def test_a_phone_says_at_once_who_left_and_came_home(home: Home, said: Said, start_ms: int) -> None:
    do(home, start_ms + 1000, Do.LEAVE, person="Mina")
    do(home, start_ms + 7_200_000, Do.COME_HOME, person="Mina")
    phone = home.devices["phone/Mina"]
    assert isinstance(phone, Phone)
    at_home = [(one["ts"] - start_ms, one["values"]["at_home"]) for one in said(phone)]
    assert (1000, False) in at_home
    assert (7_200_000, True) in at_home


def test_a_run_is_summed_up_by_the_watch(home: Home, said: Said, start_ms: int) -> None:
    do(home, start_ms + 1000, Do.RUN, person="Mina", for_ms=1_200_000)
    home.advance(start_ms + 1_300_000)
    watch = home.devices["watch/Mina"]
    (stopped,) = [one for one in said(watch) if one.get("type") == "workout_stopped"]
    data = stopped["data"]
    assert set(data) == {
        *("sport", "duration_s", "distance_m", "energy_kcal"),
        *("mean_heart_rate", "max_heart_rate"),
    }
    assert data["duration_s"] == pytest.approx(1200, abs=5)
    assert 1500 < data["distance_m"] < 5500
    assert 60 < data["mean_heart_rate"] < data["max_heart_rate"] <= 200
    each = [one for one in said(watch) if "cadence" in one.get("values", {})]
    assert len(each) == pytest.approx(1200, abs=5)


def test_a_night_is_summed_up_when_it_is_over(home: Home, said: Said, start_ms: int) -> None:
    do(home, start_ms + 1000, Do.SLEEP, person="Mina")
    do(home, start_ms + 8 * 3_600_000, Do.WAKE, person="Mina")
    (night,) = [
        one["data"] for one in said(home.devices["watch/Mina"]) if one.get("type") == "sleep_ended"
    ]
    assert night["end_ms"] - night["start_ms"] == 8 * 3_600_000 - 1000
    assert night["asleep_min"] + night["awake_min"] == 479
    assert night["deep_min"] + night["rem_min"] < night["asleep_min"]
    assert 35 < night["resting_heart_rate"] < 80


def test_a_watch_on_its_charger_sums_no_night_up(home: Home, said: Said, start_ms: int) -> None:
    do(home, start_ms, Do.CHARGE_WATCH, person="Mina")
    do(home, start_ms + 1000, Do.SLEEP, person="Mina")
    do(home, start_ms + 8 * 3_600_000, Do.WAKE, person="Mina")
    watch = home.devices["watch/Mina"]
    assert not [one for one in said(watch) if one.get("type") == "sleep_ended"]


def test_loses_and_gets_back_its_power(home: Home, told: list[Happening], start_ms: int) -> None:
    do(home, start_ms + 1000, Do.UNPLUG, device="fridge", for_ms=7_200_000)
    assert not the_fridge(home).powered
    boot = the_fridge(home).outbox.boot
    home.advance(start_ms + 7_300_000)
    assert the_fridge(home).powered
    assert the_fridge(home).outbox.boot != boot
    assert [one.what for one in told if one.what in {"unplugged", "plugged_in"}] == [
        "unplugged",
        "plugged_in",
    ]


@pytest.mark.parametrize(
    ("what", "about", "reason"),
    [
        (
            Do.SET,
            {"device": "speaker", "more": {"property": "volume", "value": 400}},
            "cannot",
        ),
        (Do.FAULT, {"device": "speaker", "more": {"fault": "stuck"}}, "nothing is known to break"),
        (Do.WAKE, {"person": "Nobody"}, "nobody called 'Nobody'"),
        (Do.UNPLUG, {"device": "watch"}, "or more than one"),
        (Do.ANSWER, {"device": "fridge"}, "nothing was asked"),
        (Do.ACKNOWLEDGE, {"device": "watch", "person": "Jun"}, "nothing is felt"),
    ],
    ids=lambda value: str(value) if isinstance(value, Do) else "",
)
def test_tells_why_something_cannot_be_done(
    home: Home, told: list[Happening], what: Do, about: dict[str, Any], reason: str
) -> None:
    do(home, 1_794_992_801_000, what, **about)
    (why,) = left_out(told)
    assert reason in str(why)


def alert(device: Appliance, number: int, now_ms: int) -> None:
    args = {"alert": f"al_{number}", "step": 4, "sound": {"tone": "chime", "volume": 0.6}}
    command = {"id": f"c{number}", "name": "alert", "args": args}
    device.receive(f"{device.base}/down/command", json.dumps(command).encode(), now_ms)


def test_most_people_shut_the_door_when_they_are_told_loudly(
    make_world: Callable[..., World], start_ms: int
) -> None:
    shut = 0
    for number in range(20):
        (home,) = make_world(setting=STILL, plans=[PLAN]).homes
        do(home, start_ms + 1000, Do.OPEN, device="fridge")
        alert(the_fridge(home), number, start_ms + 90_000)
        home.advance(start_ms + 300_000)
        shut += not the_fridge(home).cold.fridge.open
    assert 10 <= shut < 20


def test_nobody_shuts_the_door_when_nobody_is_there(
    make_world: Callable[..., World], start_ms: int
) -> None:
    for number in range(10):
        (home,) = make_world(setting=STILL, plans=[PLAN]).homes
        do(home, start_ms + 1000, Do.OPEN, device="fridge")
        for name in ("Mina", "Jun"):
            do(home, start_ms + 2000, Do.LEAVE, person=name)
        alert(the_fridge(home), number, start_ms + 90_000)
        home.advance(start_ms + 300_000)
        assert the_fridge(home).cold.fridge.open
