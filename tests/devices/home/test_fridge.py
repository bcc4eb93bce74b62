import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from simulators.appliance import Appliance
from simulators.chance import chance
from simulators.home.fridge import Fridge
from simulators.home.sensors import SensorFault

Said = Callable[[Appliance], list[dict[str, Any]]]
BASE = "cx/1/main/f-1"


def hear(fridge: Fridge, leaf: str, payload: object, now_ms: int) -> None:
    fridge.receive(f"{BASE}/down/{leaf}", json.dumps(payload).encode(), now_ms)


def published(fridge: Fridge, leaf: str) -> list[Any]:
    messages = [m for m in fridge.take() if m.topic == f"{BASE}/up/{leaf}"]
    return [json.loads(message.payload) for message in messages]


def values(said: list[dict[str, Any]], name: str) -> list[Any]:
    return [one["values"][name] for one in said if name in one.get("values", {})]


def test_says_how_it_is_every_thirty_seconds(fridge: Fridge, said: Said, start_ms: int) -> None:
    fridge.step(start_ms + 600_000)
    times = [one["ts"] for one in said(fridge) if "fridge_temperature" in one["values"]]
    assert [b - a for a, b in pairwise(times)] == [30_000] * (len(times) - 1)
    assert len(times) == 20


def test_says_at_once_that_a_door_moved_and_goes_on_saying_it(
    fridge: Fridge, said: Said, start_ms: int
) -> None:
    fridge.step(start_ms + 61_000)
    fridge.open(start_ms + 61_000)
    fridge.step(start_ms + 121_000)
    opened = [one["ts"] for one in said(fridge) if one["values"].get("door_open")]
    assert opened[0] == start_ms + 61_000
    assert len(opened) == 3


def test_how_often_time_is_asked_for_changes_nothing(said: Said, start_ms: int) -> None:
    told = []
    for turn_ms in (700, 45_000):
        fridge = Fridge("f-1", BASE, boot="b1", rng=chance(1))
        for now_ms in range(start_ms, start_ms + 3_600_001, turn_ms):
            fridge.step(now_ms)
        fridge.step(start_ms + 3_600_000)
        told.append(said(fridge))
    assert told[0] == told[1]


def test_takes_desired_settings_over_and_says_so_with_their_revision(
    fridge: Fridge, start_ms: int
) -> None:
    fridge.connect(start_ms)
    fridge.take()
    hear(fridge, "desired", {"values": {"fridge_setpoint": 2}, "revision": 5}, start_ms)
    (state,) = published(fridge, "state")
    assert state == {
        "values": {"fridge_setpoint": 2.0, "freezer_setpoint": -18.0, "rapid_cool": False},
        "revision": 5,
    }
    fridge.step(start_ms + 4 * 3_600_000)
    assert fridge.cold.fridge.air_c < 3.5


@pytest.mark.parametrize(
    "wished", [{"fridge_setpoint": 40}, {"door_open": True}, {"rapid_cool": 1}, {"nothing": 1}]
)
def test_leaves_what_it_cannot_be_set_to(
    fridge: Fridge, start_ms: int, wished: dict[str, object]
) -> None:
    before = dict(fridge.settings)
    hear(fridge, "desired", {"values": wished, "revision": 6}, start_ms)
    assert fridge.settings == before
    assert not fridge.cold.fridge.open


def test_rapid_cooling_ends_by_itself_and_is_reported(fridge: Fridge, start_ms: int) -> None:
    fridge.set("rapid_cool", value=True, now_ms=start_ms)
    fridge.connect(start_ms)
    fridge.take()
    fridge.step(start_ms + 3 * 3_600_000)
    assert not fridge.settings["rapid_cool"]
    assert published(fridge, "state")[-1]["values"]["rapid_cool"] is False


def test_tells_what_comes_and_goes_with_ids_of_its_own(
    fridge: Fridge, said: Said, start_ms: int
) -> None:
    fridge.add(start_ms, name="우유")
    fridge.take_food(start_ms + 1000)
    added, taken = [one for one in said(fridge) if "type" in one]
    assert (added["type"], taken["type"]) == ("stock_added", "stock_taken")
    assert added["data"]["name"] == "우유"
    assert added["data"]["unit"] == "mL"
    assert added["data"]["item"] == taken["data"]["item"]
    assert 0 < taken["data"]["quantity"] <= added["data"]["quantity"]
    assert values(said(fridge), "stock_items") == [1, 1]


def test_taking_from_an_empty_fridge_tells_nothing(
    fridge: Fridge, said: Said, start_ms: int
) -> None:
    assert not fridge.take_food(start_ms)
    assert said(fridge) == []


def test_a_recount_tells_the_whole_stock(fridge: Fridge, said: Said, start_ms: int) -> None:
    for _ in range(5):
        fridge.add(start_ms)
    fridge.recount(start_ms)
    counted = [one for one in said(fridge) if one.get("type") == "stock_counted"]
    assert len(counted[0]["data"]["items"]) == 5


def tell_need(fridge: Fridge, command: str, at_ms: int, *, link: str, protein_g: float) -> None:
    args = {"link": link, "need": {"protein_g": protein_g}, "until_ms": at_ms + 60_000}
    hear(fridge, "command", {"id": command, "name": "need", "args": args}, at_ms)


def test_shows_the_need_of_each_link_until_its_end(fridge: Fridge, start_ms: int) -> None:
    tell_need(fridge, "c1", start_ms, link="li_1", protein_g=24)
    tell_need(fridge, "c2", start_ms, link="li_2", protein_g=30)
    assert fridge.needs == {"li_1": {"protein_g": 24}, "li_2": {"protein_g": 30}}
    end = {"id": "c3", "name": "need_end", "args": {"link": "li_1"}}
    hear(fridge, "command", end, start_ms)
    assert fridge.needs == {"li_2": {"protein_g": 30}}


def test_a_need_is_over_by_itself_after_its_time(fridge: Fridge, start_ms: int) -> None:
    tell_need(fridge, "c1", start_ms, link="li_1", protein_g=24)
    fridge.step(start_ms + 50_000)
    assert fridge.needs
    fridge.step(start_ms + 60_000)
    assert fridge.needs == {}


def test_asks_once_and_tells_the_answer_once(fridge: Fridge, said: Said, start_ms: int) -> None:
    args = {"moment": "mo_1", "text": {"en": "Cook the tofu?"}, "ask": True}
    for _ in range(2):
        hear(fridge, "command", {"id": "c1", "name": "say", "args": args}, start_ms)
    assert fridge.answer("mo_1", "yes", start_ms)
    assert not fridge.answer("mo_1", "no", start_ms)
    (answer,) = [one for one in said(fridge) if one.get("type") == "answer"]
    assert answer["data"] == {"moment": "mo_1", "answer": "yes"}


def test_says_nothing_without_power_and_begins_a_new_count(
    fridge: Fridge, said: Said, start_ms: int
) -> None:
    fridge.step(start_ms + 60_000)
    before = len(said(fridge))
    fridge.unplug(start_ms + 60_000)
    fridge.open(start_ms + 70_000)
    fridge.step(start_ms + 7_200_000)
    assert len(said(fridge)) == before
    assert fridge.cold.fridge.air_c > 10
    fridge.plug_in(start_ms + 7_200_000, boot="b2")
    fridge.step(start_ms + 7_260_000)
    fresh = said(fridge)[before:]
    assert {(one["boot"], one["seq"]) for one in fresh} == {("b2", 1), ("b2", 2)}


def test_a_stuck_sensor_repeats_itself_while_the_food_warms(
    fridge: Fridge, said: Said, start_ms: int
) -> None:
    fridge.step(start_ms + 60_000)
    fridge.sensors.fault = SensorFault.STUCK
    before = len(said(fridge))
    fridge.open(start_ms + 60_000)
    fridge.step(start_ms + 660_000)
    assert len(set(values(said(fridge)[before:], "fridge_temperature"))) == 1
    assert fridge.cold.fridge.air_c > 10


def test_a_sensor_that_drops_out_leaves_some_readings_out(
    fridge: Fridge, said: Said, start_ms: int
) -> None:
    fridge.sensors.fault = SensorFault.DROPOUT
    fridge.step(start_ms + 3_600_000)
    told = len(values(said(fridge), "fridge_temperature"))
    assert 0.5 * 120 < told < 0.9 * 120
    assert len(values(said(fridge), "door_open")) == 120


def test_a_worn_contact_bounces_and_ends_as_it_is(
    fridge: Fridge, said: Said, start_ms: int
) -> None:
    fridge.sensors.fault = SensorFault.BOUNCE
    fridge.open(start_ms)
    told = values(said(fridge), "door_open")
    assert told == [True, False, True, False, True]


def test_a_fault_ends_when_its_time_is_over(fridge: Fridge, said: Said, start_ms: int) -> None:
    fridge.sensors.fault, fridge.sensors.until_ms = SensorFault.STUCK, start_ms + 600_000
    fridge.step(start_ms + 1_200_000)
    assert len(set(values(said(fridge), "fridge_temperature"))) > 5


def test_remembers_its_settings_over_a_restart(fridge: Fridge, start_ms: int) -> None:
    hear(fridge, "desired", {"values": {"fridge_setpoint": 3}, "revision": 5}, start_ms)
    again = Fridge("f-1", BASE, boot="b9", rng=chance(1))
    again.restore(fridge.snapshot())
    again.connect(start_ms)
    assert published(again, "state")[0]["revision"] == 5
    assert again.settings["fridge_setpoint"] == 3.0
