import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from simulators.appliance import Appliance
from simulators.home.acts import Act, Do
from simulators.home.household import Home
from simulators.home.labels import is_mistake
from simulators.home.people import Resident
from simulators.home.scenario import Scenario
from simulators.laundry import Machine
from simulators.messages import Happening
from simulators.world import HomePlan, Setting, World

Said = Callable[[Appliance], list[dict[str, Any]]]
STILL = Setting(seed=4, scenario=Scenario(routine=False))
PLAN = HomePlan(number=1, people=(Resident(name="Mina"),))
HOUR_MS = 3_600_000


@pytest.fixture
def told() -> list[Happening]:
    return []


@pytest.fixture
def home(make_world: Callable[..., World], told: list[Happening]) -> Home:
    (home,) = make_world(setting=STILL, plans=[PLAN], told=told).homes
    return home


def machine(home: Home, kind: str) -> Machine:
    found = home.devices[kind]
    assert isinstance(found, Machine)
    return found


def events(said: Said, device: Appliance, name: str) -> list[Mapping[str, Any]]:
    return [one["data"] for one in said(device) if one.get("type") == name]


def test_a_load_goes_from_washer_to_dryer_and_line_and_back(
    home: Home, said: Said, start_ms: int
) -> None:
    before = {piece.id for piece in home.laundry.wardrobe.here}
    home.plan([Act(at_ms=start_ms + 1000, do=Do.WASH)])
    home.advance(start_ms + 60_000)
    inside = {piece.id for piece in machine(home, "washer").pieces}
    assert inside
    assert {piece.id for piece in home.laundry.wardrobe.here} == before - inside
    home.advance(start_ms + 24 * HOUR_MS)
    (washed,) = events(said, machine(home, "washer"), "cycle_finished")
    (tumbled,) = events(said, machine(home, "dryer"), "load_added")
    assert set(washed["garments"]) == inside
    assert set(tumbled["garments"]) <= inside
    assert washed["load"] == tumbled["load"]
    assert events(said, machine(home, "dryer"), "cycle_finished")
    assert {piece.id for piece in home.laundry.wardrobe.here} == before
    assert not home.laundry.line


def test_what_the_hub_says_must_hang_does_not_go_into_the_dryer(
    home: Home, said: Said, start_ms: int
) -> None:
    home.plan([Act(at_ms=start_ms + 1000, do=Do.WASH)])
    home.advance(start_ms + 60_000)
    washer, dryer = machine(home, "washer"), machine(home, "dryer")
    kept = washer.pieces[0].id
    args = {"load": washer.load, "course": "delicates", "garments": [], "hang": [kept]}
    command = {"id": "c1", "name": "preset", "args": args}
    dryer.receive(f"{dryer.base}/down/command", json.dumps(command).encode(), start_ms + 61_000)
    home.advance(start_ms + 5 * HOUR_MS)
    (tumbled,) = events(said, dryer, "load_added")
    (started,) = events(said, dryer, "cycle_started")
    assert kept not in tumbled["garments"]
    assert started["course"] == "delicates"


def test_a_forgotten_load_waits_for_hours_and_then_does_not(home: Home, start_ms: int) -> None:
    forget, wash = Act(at_ms=start_ms, do=Do.FORGET_LOAD), Act(at_ms=start_ms + 1000, do=Do.WASH)
    home.plan([forget, wash])
    washer = machine(home, "washer")
    home.advance(start_ms + 4 * HOUR_MS)
    assert washer.values["load_waiting"] is True
    home.advance(start_ms + 14 * HOUR_MS)
    assert washer.values["load_waiting"] is False


def test_everything_hangs_on_the_line_where_the_dryer_has_no_power(
    home: Home, said: Said, start_ms: int
) -> None:
    cut = Act(at_ms=start_ms, do=Do.UNPLUG, device="dryer", for_ms=6 * HOUR_MS)
    home.plan([cut, Act(at_ms=start_ms + 1000, do=Do.WASH)])
    home.advance(start_ms + 5 * HOUR_MS)
    (washed,) = events(said, machine(home, "washer"), "cycle_finished")
    assert {piece.id for _, piece in home.laundry.line} == set(washed["garments"])


def test_named_garments_are_washed(home: Home, start_ms: int) -> None:
    piece = home.laundry.wardrobe.here[0]
    home.plan([Act(at_ms=start_ms + 1000, do=Do.WASH, more={"garments": [piece.id]})])
    home.advance(start_ms + 60_000)
    assert machine(home, "washer").pieces == [piece]


def test_a_garment_has_the_hubs_id_and_answers_to_the_seeds(
    make_world: Callable[..., World], start_ms: int
) -> None:
    setting = replace(STILL, garments={"gm_4-1-mina-1": "gm_of_the_hub"})
    (home,) = make_world(setting=setting, plans=[PLAN]).homes
    home.plan([Act(at_ms=start_ms + 1000, do=Do.WASH, more={"garments": ["gm_4-1-mina-1"]})])
    home.advance(start_ms + 60_000)
    assert [piece.id for piece in machine(home, "washer").pieces] == ["gm_of_the_hub"]


@pytest.mark.parametrize("seed", range(6))
def test_a_wash_by_the_labels_harms_nothing(
    make_world: Callable[..., World], start_ms: int, seed: int
) -> None:
    (home,) = make_world(setting=replace(STILL, seed=seed), plans=[PLAN]).homes
    home.plan([Act(at_ms=start_ms + 1000, do=Do.WASH)])
    home.advance(start_ms + 60_000)
    washer, now_ms = machine(home, "washer"), start_ms + 60_000
    pieces = list(washer.pieces)
    while washer.state == "running":
        now_ms += 60_000
        home.advance(now_ms)
    assert pieces
    assert all(piece.water_kg > 0 for piece in pieces)
    meant = [piece for piece in pieces if not is_mistake(piece)]
    assert [(piece.plan.names["en"], piece.damage) for piece in meant if piece.damage] == []


def test_a_scenario_has_the_last_word_on_the_course(home: Home, said: Said, start_ms: int) -> None:
    home.plan([Act(at_ms=start_ms + 1000, do=Do.WASH, more={"course": "hand_wash"})])
    home.advance(start_ms + 60_000)
    (started,) = events(said, machine(home, "washer"), "cycle_started")
    assert started["course"] == "hand_wash"


def test_a_second_load_waits_for_the_first(
    home: Home, told: list[Happening], start_ms: int
) -> None:
    home.plan(Act(at_ms=start_ms + 1000 * n, do=Do.WASH) for n in (1, 2))
    home.advance(start_ms + 60_000)
    reasons = [one.details["reason"] for one in told if one.what == "left_out"]
    assert reasons == ["something is in the washer already"]


def test_something_hung_in_the_styler_comes_back(home: Home, said: Said, start_ms: int) -> None:
    before = {piece.id for piece in home.laundry.wardrobe.here}
    home.plan([Act(at_ms=start_ms + 1000, do=Do.HANG, person="Mina")])
    home.advance(start_ms + 6 * HOUR_MS)
    assert events(said, machine(home, "styler"), "garments_hung")
    assert events(said, machine(home, "styler"), "cycle_finished")
    assert {piece.id for piece in home.laundry.wardrobe.here} == before
