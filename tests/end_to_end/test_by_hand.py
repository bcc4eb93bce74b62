"""A device that is `mosquitto_pub` typed by a person, seen in the API and in InfluxDB's shell."""

import asyncio
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


async def points_of(home: Home, device: str) -> list[list[Any]]:
    """Return the heart rates that the API shows, when there are any."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = await home.ask("GET", f"/devices/{device}/telemetry?property=heart_rate")
            if answer["points"]:
                points: list[list[Any]] = answer["points"]
                return points
            await asyncio.sleep(POLL_S)


async def test_what_is_published_by_hand_is_in_the_api_and_in_influxdbs_shell(
    shared_home: Home,
) -> None:
    admission = await shared_home.claim("By hand")
    device, broker = admission["device"], urlsplit(admission["broker"]["url"])
    assert shared_home.site.influx is not None
    store = urlsplit(shared_home.site.influx.url)

    await shared_home.run(
        "mosquitto_pub",
        *("-h", str(broker.hostname), "-p", str(broker.port)),
        *("-i", device, "-u", device, "-P", admission["token"]),
        *("-t", f"{admission['base']}/up/telemetry", "-q", "1", "-m", '{"heart_rate": 131}'),
    )
    ((at_ms, value),) = await points_of(shared_home, device)
    said = await shared_home.run(
        "influx",
        *("-host", str(store.hostname), "-port", str(store.port)),
        *("-database", "cx", "-precision", "ms", "-format", "csv"),
        *("-execute", f"SELECT heart_rate FROM watch WHERE device = '{device}'"),  # noqa: S608 - our own
    )

    assert value == 131
    assert said.splitlines()[-1] == f"watch,{at_ms},131"
