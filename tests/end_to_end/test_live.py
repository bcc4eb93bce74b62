"""What the app sees as it happens, and how a device is cut off."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.drills.hub_process import EMAIL, PASSWORD
from tests.end_to_end.home import PATIENCE_S, RECORDINGS, Home

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.broker,
    pytest.mark.influx,
    pytest.mark.timeout(120),
    pytest.mark.asyncio(loop_scope="session"),
]
HILLS = ("--recording", str(RECORDINGS / "ride-strap.fit"))


@asynccontextmanager
async def listening(home: Home) -> AsyncIterator[ClientConnection]:
    signed = await home.ask("POST", "/auth/token", {"email": EMAIL, "password": PASSWORD})
    address = home.site.hub.url.replace("http", "ws", 1) + "/api/v1/live"
    async with connect(address) as socket:
        await socket.send(json.dumps({"token": signed["access_token"]}))
        assert json.loads(await socket.recv())["kind"] == "hello"
        yield socket


async def heard(socket: ClientConnection, device: str, *kinds: str) -> dict[str, dict[str, Any]]:
    """Listen until each of these kinds was told of the device; return the last of each."""
    found: dict[str, dict[str, Any]] = {}
    async with asyncio.timeout(PATIENCE_S):
        while not found.keys() >= set(kinds):
            item = json.loads(await socket.recv())
            if item.get("device") == device:
                found[item["kind"]] = item
    return found


async def test_readings_alarms_and_commands_are_told_as_they_happen(shared_home: Home) -> None:
    admission = await shared_home.claim("Live")
    await shared_home.limit(admission["device"], 150)

    async with listening(shared_home) as socket, shared_home.worn(admission, *HILLS) as watch:
        told = await heard(socket, watch.device, "reading", "alarm", "command")
        await watch.until(lambda it: it.felt)
        (touch, *_) = watch.felt

    assert told["reading"]["body"]["values"]["heart_rate"] > 150
    assert told["alarm"]["body"]["id"] == touch["alert"]
    assert told["command"]["body"]["args"]["alert"] == touch["alert"]


async def test_revoking_cuts_the_live_session_for_good(shared_home: Home) -> None:
    admission = await shared_home.claim("Revoked")

    async with shared_home.worn(admission, *HILLS) as watch:
        await watch.until(lambda it: it.said("receipt"))
        await shared_home.ask("DELETE", f"/devices/{watch.device}")
        # Where somebody waits for it, five seconds are the contract; the drill measures them.
        await watch.until(lambda it: it.said("offline"))

    broker = urlsplit(admission["broker"]["url"])
    with pytest.raises(subprocess.CalledProcessError) as refused:
        await shared_home.run(
            "mosquitto_pub",
            *("-h", str(broker.hostname), "-p", str(broker.port)),
            *("-i", watch.device, "-u", watch.device, "-P", admission["token"]),
            *("-t", f"{admission['base']}/up/telemetry", "-m", '{"heart_rate": 131}'),
        )
    assert "authori" in str(refused.value.stderr).lower()
