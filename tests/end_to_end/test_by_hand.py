"""A device that is `mosquitto_pub` typed by a person, seen in the API and in InfluxDB's shell."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.end_to_end.home import PATIENCE_S, POLL_S, Home

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.broker,
    pytest.mark.influx,
    pytest.mark.timeout(120),
    pytest.mark.asyncio(loop_scope="session"),
]


PLUG = {
    "kind": "acme_plug",
    "title": {"en": "Acme plug", "ko": "아크미 플러그"},
    "capabilities": [{"name": "power", "properties": [{"name": "power", "unit": "W"}]}],
}


async def points_of(home: Home, device: str, *, of: str = "heart_rate") -> list[list[Any]]:
    """Return the readings that the API shows, when there are any."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = await home.ask("GET", f"/devices/{device}/telemetry?property={of}")
            if answer["points"]:
                points: list[list[Any]] = answer["points"]
                return points
            await asyncio.sleep(POLL_S)


async def publish(
    home: Home, admission: dict[str, Any], leaf: str, content: object, *more: str
) -> None:
    broker = urlsplit(admission["broker"]["url"])
    device = admission["device"]
    await home.run(
        "mosquitto_pub",
        *("-h", str(broker.hostname), "-p", str(broker.port)),
        *("-i", device, "-u", device, "-P", admission["token"]),
        *("-t", f"{admission['base']}/up/{leaf}", "-q", "1", "-m", json.dumps(content), *more),
    )


async def kinds_of(home: Home) -> set[str]:
    return {kind["name"] for kind in await home.pages("/kinds")}


async def test_what_is_published_by_hand_is_in_the_api_and_in_influxdbs_shell(
    shared_home: Home,
) -> None:
    admission = await shared_home.claim("By hand")
    device = admission["device"]
    assert shared_home.site.influx is not None
    store = urlsplit(shared_home.site.influx.url)

    await publish(shared_home, admission, "telemetry", {"heart_rate": 131})
    ((at_ms, value),) = await points_of(shared_home, device)
    said = await shared_home.run(
        "influx",
        *("-host", str(store.hostname), "-port", str(store.port)),
        *("-database", "cx", "-precision", "ms", "-format", "csv"),
        *("-execute", f"SELECT heart_rate FROM watch WHERE device = '{device}'"),  # noqa: S608 - our own
    )

    assert value == 131
    assert said.splitlines()[-1] == f"watch,{at_ms},131"


async def test_a_device_described_by_hand_is_a_kind_with_a_series_at_once(
    shared_home: Home,
) -> None:
    admission = await shared_home.claim("Plug", kind="described")
    assert "acme_plug" not in await kinds_of(shared_home)

    await publish(shared_home, admission, "description", PLUG, "-r")
    async with asyncio.timeout(PATIENCE_S):
        while "acme_plug" not in await kinds_of(shared_home):  # noqa: ASYNC110 - asks a hub
            await asyncio.sleep(POLL_S)
    await publish(shared_home, admission, "telemetry", {"power": 40.5})

    ((_, value),) = await points_of(shared_home, admission["device"], of="power")
    assert value == 40.5
    assert (await shared_home.ask("GET", f"/devices/{admission['device']}"))["kind"] == "acme_plug"
