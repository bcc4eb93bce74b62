import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from devices.watch import HEART_RATE_LIMIT
from hub.model import Threshold
from simulators.watch import Watch
from tests.contracts.free_ports import free_port
from tests.contracts.mosquitto_process import Mosquitto

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def data() -> Path:
    return DATA


@pytest.fixture
def threshold() -> Threshold:
    """The default heart-rate rule with a limit of 150 on the watch `w-1`."""
    return Threshold(rule="hr", device="w-1", spec=HEART_RATE_LIMIT, limit=150, max_rate=25)


@pytest.fixture
def watch() -> Watch:
    return Watch("w-1", "cx/1/main/w-1", boot="b1")


@pytest.fixture
def desire(threshold: Threshold) -> Callable[[Watch], None]:
    """Gives a watch the threshold as its desired state."""

    def give(watch: Watch) -> None:
        rules = [msgspec.to_builtins(threshold)]
        payload = msgspec.json.encode({"values": {"alert_rules": rules}, "revision": 3})
        watch.receive("cx/1/main/w-1/down/desired", payload, 0)

    return give


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    """A bare Mosquitto that asks nobody who they are."""
    port = free_port()
    configuration = tmp_path / "mosquitto.conf"
    configuration.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    mosquitto = Mosquitto(directory=tmp_path, configuration=configuration, port=port)
    await mosquitto.start()
    yield mosquitto
    mosquitto.stop()


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Any]:
    """Waits until something is true; fails if it is not within ten seconds."""

    async def wait(holds: Callable[[], Any]) -> None:
        async with asyncio.timeout(10):
            while not holds():  # noqa: ASYNC110 - any condition, also in another process
                await asyncio.sleep(0.02)

    return wait
