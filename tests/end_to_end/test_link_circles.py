"""Links that set each other off are stopped and named, and are tried on the past; all is real.

A hub, Mosquitto, InfluxDB, and simulated speakers that obey what is desired of them.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from simulators.home.voices import Speaker
from tests.drills.wire import Heard, Line, dial
from tests.end_to_end.home import Home, home

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.broker,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="session"),
]
TICK_S = 0.02


@dataclass
class Room:
    """Two speakers on the wire. The second hears the first: no device says so."""

    home: Home
    speakers: list[Speaker] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    air: Callable[["Room"], None] = lambda _: None

    async def bring_in(self) -> None:
        wish = {"kind": "speaker", "name": "Speaker", "household": self.home.site.hub.household}
        made = await self.home.ask("POST", "/devices/claims", wish)
        admission = await self.home.ask("POST", "/devices/claim", {"code": made["code"]})
        speaker = Speaker(admission["device"], admission["base"], boot="b1", rng=Random(1))  # noqa: S311 - a seeded world

        def hear(heard: Heard) -> None:
            speaker.receive(heard.topic, heard.payload, self.home.now_ms())

        line = await dial(self.home.site.port, hear=hear)
        device, token = admission["device"], admission["token"]
        await line.sign_in(device, username=device, password=token)
        await line.subscribe(f"{admission['base']}/down/#")
        speaker.connect(self.home.now_ms())
        self.speakers.append(speaker)
        self.lines.append(line)

    async def live(self) -> None:
        while True:
            self.air(self)
            for speaker, line in zip(self.speakers, self.lines, strict=True):
                speaker.step(self.home.now_ms())
                speaker.tick(self.home.now_ms())
                for out in speaker.take():
                    line.publish(out.topic, out.payload, retain=out.retain)
            await asyncio.sleep(TICK_S)

    async def link(self, name: str, trigger: object, action: object, **more: object) -> str:
        body = {
            "household": self.home.site.hub.household,
            "name": name,
            "trigger": trigger,
            "actions": [action],
        }
        made = await self.home.ask("POST", "/links", body | more)
        return str(made["id"])

    async def runs(self, link: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.home.ask("GET", f"/links/{link}/runs"))["items"]
        return found

    async def until_stopped(self, *links: str) -> list[dict[str, Any]]:
        async with asyncio.timeout(60):
            while True:
                for link in links:
                    stopped = [r for r in await self.runs(link) if r["outcome"] == "stopped"]
                    if stopped:
                        return stopped
                await asyncio.sleep(0.05)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    folder = tmp_path_factory.mktemp("room")
    async with contextlib.AsyncExitStack() as stack:
        found = await stack.enter_async_context(
            home(folder, broker="mosquitto", series="influx", rate=1.0)
        )
        room = Room(found)
        for _ in range(2):
            await room.bring_in()
        group = await stack.enter_async_context(asyncio.TaskGroup())
        living = group.create_task(room.live())
        stack.callback(living.cancel)
        yield room
        for line in room.lines:
            line.close()


def muted(device: str, *, is_muted: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a trigger on a speaker that is muted, or is not, and the action that undoes it."""
    return (
        {"type": "reading", "device": device, "property": "muted", "value": is_muted},
        {"type": "desired", "device": device, "values": {"muted": not is_muted}},
    )


async def test_two_links_that_flip_each_other_are_stopped_and_named(room: Room) -> None:
    device = room.speakers[0].device
    loud = await room.link("loud again", *muted(device, is_muted=True))
    quiet = await room.link("quiet again", *muted(device, is_muted=False))

    room.speakers[0].set("muted", value=True, now_ms=room.home.now_ms())
    (stopped,) = await room.until_stopped(loud, quiet)

    assert stopped["chain"] == [loud, quiet]
    for language in ("ko", "en"):
        assert "“loud again” → “quiet again” → “loud again”" in stopped["reason"][language]
    assert [len(await room.runs(link)) for link in (loud, quiet)] == [2, 1]
    for link in (loud, quiet):
        await room.home.ask("DELETE", f"/links/{link}")


async def test_a_circle_through_the_air_is_paused_by_its_rate(room: Room) -> None:
    """The second speaker turns up when it hears the first, and the first when it hears none."""
    first, second = room.speakers

    def carry(room: Room) -> None:
        heard = 80.0 if first.settings["volume"] == 20.0 else 10.0
        if second.settings["volume"] != heard:
            second.set("volume", heard, room.home.now_ms())

    links = []
    for name, compared, volume in (("down", "below", 20.0), ("up", "above", 60.0)):
        trigger = {
            "type": "reading",
            "device": second.device,
            "property": "volume",
            "comparison": compared,
            "value": 50,
        }
        action = {"type": "desired", "device": first.device, "values": {"volume": volume}}
        links.append(await room.link(name, trigger, action, most=4, per_s=60))
    room.air = carry
    first.set("volume", 20.0, room.home.now_ms())
    stopped = await room.until_stopped(*links)

    assert "more than 4 times within 1 min" in stopped[0]["reason"]["en"]
    shown = [await room.home.ask("GET", f"/links/{link}") for link in links]
    assert any(one["paused"] for one in shown)
    done = [run for link in links for run in await room.runs(link) if run["outcome"] == "done"]
    assert len(done) <= 8
    told = (await room.home.ask("GET", "/moments"))["items"]
    assert any("paused" in moment["text"]["en"] for moment in told)
    room.air = lambda _: None
    for link in links:
        await room.home.ask("DELETE", f"/links/{link}")


async def test_a_link_is_tried_on_what_the_series_store_has(room: Room) -> None:
    """The speaker was muted twice above: by hand, and by the second link."""
    trigger, action = muted(room.speakers[0].device, is_muted=True)
    spec = {
        "household": room.home.site.hub.household,
        "name": "loud again",
        "trigger": trigger,
        "actions": [action],
    }
    now_ms = room.home.now_ms()
    asked = {"spec": spec, "from": now_ms - 600_000, "to": now_ms}
    async with asyncio.timeout(60):
        while True:
            tried = await room.home.ask("POST", "/links/dry-run", asked)
            if tried["outcomes"] == {"done": 2}:
                break
            await asyncio.sleep(0.2)
    assert tried["unknown"] == []
    assert (await room.home.ask("GET", "/links"))["items"] == []
