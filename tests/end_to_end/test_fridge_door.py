"""A fridge door left open is felt on the wrist of whoever is at home, by a rule made over the API.

Everything is real: a hub, Mosquitto, two watches as processes of their own, and a fridge that
speaks MQTT.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from tests.drills.hub_process import EMAIL
from tests.drills.wire import Heard, Line, dial
from tests.end_to_end.home import RECORDINGS, Home, home
from tests.end_to_end.watch_process import Happening, WatchProcess

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.broker,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]
RATE = 8.0
SUJI = "suji@home.example"
CALM = ("--recording", str(RECORDINGS / "indoor-pauses.fit"), "--again")
SAYS_EVERY_S = 0.25
"""Real seconds: two of the hub's."""
STEPS = [
    {
        "haptic": {"pattern": pattern, "amplitude": amplitude, "repeat": 1},
        "sound": {"tone": "soft", "volume": amplitude},
        "wait_s": 10,
    }
    for pattern, amplitude in (("single", 0.2), ("double", 0.5), ("triple", 0.9))
]


@dataclass
class Fridge:
    """Says how its door is, and obeys."""

    device: str
    base: str
    home: Home
    door_open: bool = False
    obeyed: list[dict[str, Any]] = field(default_factory=list)
    line: Line = field(init=False)

    @contextlib.asynccontextmanager
    async def switched_on(self, token: str) -> AsyncIterator["Fridge"]:
        """Be connected and say how it is, until the end."""
        self.line = await dial(self.home.site.port, hear=self._hear)
        await self.line.sign_in(self.device, username=self.device, password=token)
        await self.line.subscribe(f"{self.base}/down/command")
        async with asyncio.TaskGroup() as group:
            speaking = group.create_task(self._speak())
            try:
                yield self
            finally:
                speaking.cancel()
                self.line.close()

    async def _speak(self) -> None:
        while True:
            values = {"door_open": self.door_open, "fridge_temperature": 4.0}
            self._say("telemetry", {"ts": self.home.now_ms(), "values": values})
            await asyncio.sleep(SAYS_EVERY_S)

    def _hear(self, heard: Heard) -> None:
        command = json.loads(heard.payload)
        self.obeyed.append(command)
        self._say("reply", {"id": command["id"], "status": "succeeded"})

    def _say(self, leaf: str, content: object) -> None:
        self.line.publish(f"{self.base}/up/{leaf}", json.dumps(content).encode())


@dataclass
class Kitchen:
    home: Home
    fridge: Fridge
    mina: WatchProcess
    """Worn by the one who signed this home up."""
    suji: WatchProcess

    async def is_at_home(self, *, mina: bool, suji: bool) -> None:
        """Let both say where they are, each in the app."""
        path = f"/households/{self.home.site.hub.household}/presence"
        await self.home.ask("PUT", path, {"at_home": mina})
        await self.home.ask("PUT", path, {"at_home": suji}, email=SUJI)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kitchen(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Kitchen]:
    folder = tmp_path_factory.mktemp("kitchen")
    async with contextlib.AsyncExitStack() as stack:
        found = await stack.enter_async_context(
            home(folder, broker="mosquitto", series="sqlite", rate=RATE)
        )
        await found.add_person("Suji", email=SUJI)
        mina = await found.claim("Mina's watch")
        suji = await found.claim("Suji's watch", email=SUJI)
        for admission, email in ((mina, EMAIL), (suji, SUJI)):
            await calm(found, admission["device"], email=email)
        admission = await bring_in(found)
        await watch_the_door(found, admission["device"])
        fridge = Fridge(admission["device"], admission["base"], found)
        kitchen = Kitchen(
            home=found,
            fridge=await stack.enter_async_context(fridge.switched_on(admission["token"])),
            mina=await stack.enter_async_context(found.worn(mina, *CALM)),
            suji=await stack.enter_async_context(found.worn(suji, *CALM)),
        )
        for watch in (kitchen.mina, kitchen.suji):
            await watch.until(lambda it: it.said("sent"))
        yield kitchen


async def calm(home: Home, device: str, *, email: str) -> None:
    """End the watch's own rule: here only the fridge is felt."""
    found = await home.ask("GET", f"/rules?device={device}", email=email)
    for rule in found["items"]:
        await home.ask("DELETE", f"/rules/{rule['id']}", email=email)


async def bring_in(home: Home) -> dict[str, Any]:
    """Claim a fridge for the home; its own rules wait for minutes, so they end."""
    wish = {"kind": "fridge", "name": "Fridge", "household": home.site.hub.household}
    made = await home.ask("POST", "/devices/claims", wish)
    admission: dict[str, Any] = await home.ask("POST", "/devices/claim", {"code": made["code"]})
    await calm(home, admission["device"], email=EMAIL)
    return admission


async def watch_the_door(home: Home, device: str) -> None:
    body = {
        "household": home.site.hub.household,
        "name": "Fridge door",
        "property": "door_open",
        "devices": [device],
        "limit": 0.5,
        "dwell_s": 6,
        "recurrence_s": 0,
        "freshness_s": 60,
        "ladder": {"steps": STEPS},
    }
    await home.ask("POST", "/rules", body)


def touches(watch: WatchProcess, *, alarm: str) -> list[Happening]:
    return [one for one in watch.felt if one["alert"] == alarm]


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.05)


async def opened(kitchen: Kitchen) -> str:
    """Open the door; return the alarm that comes of it."""
    before = {one["id"] for one in await kitchen.home.alarms(kitchen.fridge.device)}
    raised: list[str] = []

    async def is_raised() -> bool:
        alarms = await kitchen.home.alarms(kitchen.fridge.device)
        raised.extend(one["id"] for one in alarms if one["id"] not in before)
        return bool(raised)

    kitchen.fridge.door_open = True
    await until(is_raised)
    return raised[0]


async def closed(kitchen: Kitchen, alarm: str) -> None:
    """Close the door, and wait until the alarm is over."""

    async def is_over() -> bool:
        shown = await kitchen.home.ask("GET", f"/alarms/{alarm}")
        return shown["cleared_at"] is not None

    kitchen.fridge.door_open = False
    await until(is_over)


async def test_only_the_wrist_at_home_feels_it_and_it_grows_until_the_door_closes(
    kitchen: Kitchen,
) -> None:
    await kitchen.is_at_home(mina=True, suji=False)

    alarm = await opened(kitchen)
    await kitchen.mina.until(lambda it: len(touches(it, alarm=alarm)) >= len(STEPS))
    await closed(kitchen, alarm)
    await kitchen.mina.until(lambda it: it.said("ended", alert=alarm))

    felt = touches(kitchen.mina, alarm=alarm)
    assert [one["step"] for one in felt][: len(STEPS)] == [1, 2, 3]
    assert [one["haptic"] for one in felt[: len(STEPS)]] == [one["haptic"] for one in STEPS]
    assert touches(kitchen.suji, alarm=alarm) == []
    told = await kitchen.home.ask("GET", f"/devices/{kitchen.suji.device}/commands", email=SUJI)
    assert [one for one in told["items"] if one["cause"] == alarm] == []


async def sounded(fridge: Fridge, alarm: str) -> bool:
    return any(one["args"]["alert"] == alarm for one in fridge.obeyed)


async def test_the_fridge_itself_sounds_as_well(kitchen: Kitchen) -> None:
    await kitchen.is_at_home(mina=False, suji=False)

    alarm = await opened(kitchen)
    await until(partial(sounded, kitchen.fridge, alarm))
    await closed(kitchen, alarm)

    assert touches(kitchen.mina, alarm=alarm) == touches(kitchen.suji, alarm=alarm) == []


async def test_whoever_leaves_before_the_door_closes_is_not_left_with_the_touch(
    kitchen: Kitchen,
) -> None:
    await kitchen.is_at_home(mina=False, suji=True)

    alarm = await opened(kitchen)
    await kitchen.suji.until(lambda it: touches(it, alarm=alarm))
    await kitchen.is_at_home(mina=False, suji=False)
    await closed(kitchen, alarm)
    await kitchen.suji.until(lambda it: it.said("ended", alert=alarm))

    assert touches(kitchen.mina, alarm=alarm) == []
