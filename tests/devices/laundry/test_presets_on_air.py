"""Presets of the table's mixes to a dryer that loses its power: Mosquitto between."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from hub.model.care_dry import dry_course
from hub.model.care_wash import wash_course
from simulators.chance import chance
from simulators.clock import SimulatedClock
from simulators.faults import Faults
from simulators.laundry import Dryer
from simulators.messages import Habits
from simulators.radio import Endpoint, Radio
from tests.contracts.mosquitto_process import Mosquitto
from tests.devices.small_hub import SmallHub
from tests.unit.care_table import Mix, mixes

pytestmark = pytest.mark.broker

Eventually = Callable[[Callable[[], object]], Awaitable[None]]


def preset(mix: Mix) -> dict[str, object] | None:
    """Return the command for what the washer leaves of a mix; None where nothing is washed."""
    treatment = wash_course(mix.garments, soil=mix.soil)
    out = {one.garment for one in treatment.left_out}
    garments = [one for one in mix.garments if one.id not in out]
    if not garments:
        return None
    drying = dry_course(garments, after=treatment.course)
    args = {
        "load": f"ld-{mix.id}",
        "course": drying.course,
        "garments": [one.id for one in garments],
        "hang": [one.garment for one in drying.hang],
        "reason": drying.reason,
    }
    return {"id": f"c-{mix.id}", "name": "preset", "args": args}


class Plug:
    """The dryer's, pulled and put back at the worst moments."""

    def __init__(self, dryer: Dryer, radio: Radio) -> None:
        self._dryer = dryer
        self._radio = radio
        self.pulls = 0

    def pull(self) -> None:
        self._dryer.unplug(self.pulls)
        self._radio.unplug()

    def put_back(self) -> None:
        self.pulls += 1
        self._dryer.plug_in(self.pulls, boot=f"b{self.pulls}")
        self._radio.plug_in()


async def send(hub: SmallHub, command: dict[str, object], *, plug: Plug, pull: str) -> None:
    """Send one command until it is answered, as the hub does; `pull` the plug meanwhile."""

    def answered() -> bool:
        replies = hub.said("d-d", "reply")
        return any((r["id"], r["status"]) == (command["id"], "succeeded") for r in replies)

    if pull == "before":
        plug.pull()
    await hub.publish("d-d", "command", command)
    if pull == "amid":
        plug.pull()
    await hub.publish("d-d", "command", command)
    if pull:
        plug.put_back()
    while not answered():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                while not answered():  # noqa: ASYNC110 - what another task hears
                    await asyncio.sleep(0.01)
        if not answered():
            await hub.publish("d-d", "command", command)


async def test_each_preset_is_applied_once_and_right_though_the_plug_is_pulled_now_and_then(
    broker: Mosquitto, eventually: Eventually
) -> None:
    dryer = Dryer(
        "d-d", "cx/1/main/d-d", boot="b0", rng=chance("dryer"), habits=Habits(resend_ms=600)
    )
    endpoint = Endpoint(url=f"mqtt://127.0.0.1:{broker.port}")
    radio = Radio(dryer, endpoint, clock=SimulatedClock(), faults=Faults(), rng=chance("radio"))
    plug = Plug(dryer, radio)
    table = {mix.id: (mix, command) for mix in mixes() if (command := preset(mix))}
    async with SmallHub(broker.port) as hub, asyncio.TaskGroup() as group:
        group.create_task(radio.run())
        await eventually(lambda: dryer.connected)
        for number, (_, command) in enumerate(table.values()):
            pull = {0: "before", 6: "amid"}.get(number % 12, "")
            await send(hub, command, plug=plug, pull=pull)
        await eventually(lambda: len(dryer.outbox) == 0)
        radio.stop()
    applied = {event["id"]: event["data"] for event in hub.said("d-d", "event")}
    assert list(applied) == [f"preset-c-{mix}" for mix in table]
    assert [one["course"] for one in applied.values()] == [
        mix.expected["dry"] for mix, _ in table.values()
    ]
    assert plug.pulls >= len(table) // 6
