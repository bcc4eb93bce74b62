"""Homes of a seed live at a real hub: what they say fits it, and garments keep their names there.

Everything is real but the people: a hub, Mosquitto, and the simulator as a developer starts it.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.drills.hub_process import EMAIL
from tests.end_to_end.home import Home, home, ms

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.broker,
    pytest.mark.timeout(120),
    pytest.mark.asyncio(loop_scope="session"),
]
RATE = 120.0
HOMES = 2
LEFT_OPEN_S = 25 * 60
"""As `door_left_open` has it."""
WASHING = """
[world]
routine = false

[[at]]
after = "1min"
do = "wash"

[[at]]
after = "3min"
do = "hang"
"""


@dataclass(kw_only=True)
class World:
    home: Home
    identities: Path

    async def live(self, scenario: str, *, for_s: int, **more: str) -> list[dict[str, Any]]:
        """Let the homes live and return what happened; fails if anything was not receipted."""
        options = {
            "hub": self.home.site.hub.url,
            "email": EMAIL,
            "credentials": str(self.identities),
            "homes": str(HOMES),
            "seed": "7",
            "speed": str(RATE),
            "scenario": scenario,
            "duration": str(for_s),
            "linger": "20",
            **more,
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        said = await self.home.run(sys.executable, "-m", "simulators", "home", "--json", *words)
        return [json.loads(line) for line in said.splitlines()]

    async def garments(self) -> list[dict[str, Any]]:
        return await self.home.pages("/garments")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("world")
    async with home(folder, broker="mosquitto", series="sqlite", rate=RATE) as found:
        yield World(home=found, identities=folder / "identities.jsonl")


async def test_a_door_left_open_is_an_alarm_in_every_home_until_it_is_shut(world: World) -> None:
    happened = await world.live("door_left_open", for_s=1920)

    assert await world.home.pages("/dead-letters") == []
    fridges = [one for one in await world.home.pages("/devices") if one["kind"] == "fridge"]
    assert len(fridges) == HOMES
    for fridge in fridges:
        (alarm,) = await world.home.alarms(fridge["id"])
        assert alarm["cleared_at"] is not None
        assert 0 < ms(alarm["cleared_at"]) - ms(alarm["since"]) <= LEFT_OPEN_S * 1000
        stock = await world.home.ask("GET", f"/devices/{fridge['id']}/stock")
        assert stock["items"]
    assert {one["device"] for one in happened if one["what"] == "felt"} >= {
        fridge["id"] for fridge in fridges
    }


async def test_garments_are_entered_once_and_machines_move_them(world: World) -> None:
    before = await world.garments()
    assert len({one["household"] for one in before}) == HOMES

    scenario = world.home.folder / "washing.toml"
    await asyncio.to_thread(scenario.write_text, WASHING)
    happened = await world.live(str(scenario), for_s=360)

    after = await world.garments()
    assert {one["id"] for one in after} == {one["id"] for one in before}
    named = {
        garment: machine
        for machine, event in (("washer", "load_added"), ("styler", "garments_hung"))
        for one in happened
        if one["what"] == "event" and one["event"]["type"] == event
        for garment in one["event"]["data"]["garments"]
    }
    assert set(named.values()) == {"washer", "styler"}
    assert {one["id"]: one["place"] for one in after if one["place"] != "wardrobe"} == named
    assert await world.home.pages("/dead-letters") == []
