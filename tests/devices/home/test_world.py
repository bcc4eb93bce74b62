from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from hub.errors import InvalidInputError
from hub.model import DEVICE_ID
from simulators.home.troubles import Troubles, parse_troubles
from simulators.messages import Happening
from simulators.world import Setting, World, nameless, plan_homes

HOUR_MS = 3_600_000
BUSY = Setting(
    seed=7,
    zone=ZoneInfo("Asia/Seoul"),
    troubles=Troubles(unplug=3, stuck=1, noise=1, dropout=1, bounce=1, clock=0.2),
)
Make = Callable[..., World]


def history(world: World) -> dict[str, list[object]]:
    return {device.device: list(device.outbox.contents()) for device in world.devices}


def lived(world: World, *, start_ms: int, hours: int, turn_ms: int) -> dict[str, list[object]]:
    end_ms = start_ms + hours * HOUR_MS
    for now_ms in range(start_ms, end_ms, turn_ms):
        world.advance(now_ms)
    world.advance(end_ms)
    return history(world)


def test_a_seed_is_one_history_however_time_is_cut(make_world: Make, start_ms: int) -> None:
    often, seldom = make_world(homes=3, setting=BUSY), make_world(homes=3, setting=BUSY)
    one = lived(often, start_ms=start_ms, hours=30, turn_ms=12_000)
    other = lived(seldom, start_ms=start_ms, hours=30, turn_ms=997_000)
    boots = {device.device: device.outbox.boot for device in often.devices}
    assert one.keys() == other.keys()
    assert boots
    for device, told in one.items():
        assert told == other[device], device


def test_another_seed_is_another_history(make_world: Make, start_ms: int) -> None:
    worlds = [make_world(setting=Setting(seed=seed)) for seed in (1, 2)]
    one, other = (lived(w, start_ms=start_ms, hours=6, turn_ms=60_000) for w in worlds)
    assert one["h001-fridge"] != other["h001-fridge"]


def test_more_homes_leave_the_first_as_they_are(make_world: Make, start_ms: int) -> None:
    few, many = make_world(homes=2, setting=BUSY), make_world(homes=4, setting=BUSY)
    one = lived(few, start_ms=start_ms, hours=4, turn_ms=60_000)
    other = lived(many, start_ms=start_ms, hours=4, turn_ms=60_000)
    # Boot ids are counted over all devices, and part of no history.
    assert [strip(c) for c in one["h002-fridge"]] == [strip(c) for c in other["h002-fridge"]]


def strip(content: object) -> object:
    assert isinstance(content, tuple)
    leaf, told = content
    return leaf, {k: v for k, v in told.items() if k not in {"boot", "id"}}


def test_fifty_homes_have_some_eight_devices_each_with_a_lawful_id() -> None:
    found = nameless(plan_homes(50, seed=7))
    assert 5 * 50 <= len(found) <= 10 * 50
    assert len({one.device for one in found}) == len(found)
    assert all(DEVICE_ID.match(one.device) for one in found)


def test_people_sleep_leave_and_eat_every_day(make_world: Make, start_ms: int) -> None:
    told: list[Happening] = []
    world = make_world(homes=5, setting=Setting(seed=5), told=told)
    lived(world, start_ms=start_ms, hours=72, turn_ms=600_000)
    done = [str(one.details.get("do")) for one in told if one.what == "act"]
    people = sum(len(home.lives) for home in world.homes)
    assert 2 * people <= done.count("sleep") <= 3 * people + 1
    assert done.count("cook") >= 2 * 3 * people
    assert done.count("shop") >= 3
    assert {"wake", "leave", "come_home", "charge_watch"} <= set(done)


def test_a_wrong_clock_is_wrong_by_minutes_and_for_good(make_world: Make, start_ms: int) -> None:
    world = make_world(homes=3, setting=Setting(seed=1, troubles=Troubles(clock=1)))
    world.advance(start_ms + HOUR_MS)
    for device in world.devices:
        stamped = [content["ts"] for _, content in device.outbox.contents()]
        assert abs(device.clock_off_ms) >= 6 * 60_000
        assert all(
            -60_000 <= at_ms - device.clock_off_ms - start_ms <= HOUR_MS for at_ms in stamped
        )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("fire", "there is no fault 'fire'"),
        ("wifi=2", "a share is at most 1"),
        ("unplug=-1", "not negative"),
        ("stuck=often", "cannot be read"),
    ],
)
def test_says_what_is_wrong_with_faults(text: str, complaint: str) -> None:
    with pytest.raises(InvalidInputError, match=complaint):
        parse_troubles(text)


def test_faults_without_a_number_are_as_often_as_usual() -> None:
    troubles = parse_troubles("wifi, unplug=2")
    assert (troubles.wifi, troubles.unplug, troubles.stuck) == (0.1, 2.0, 0.0)
