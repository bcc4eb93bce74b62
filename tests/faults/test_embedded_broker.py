"""The embedded broker when hub or broker are killed, and when the machine is not as expected."""

import asyncio
import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hub.adapters.broker.embedded import EmbeddedBroker
from hub.errors import MisconfiguredError
from hub.settings import EmbeddedBroker as EmbeddedBrokerSettings
from tests.contracts.gatekeeper_nats import gate_before
from tests.contracts.gatekeepers import Gate, Login, knock, next_message, until_cut

WAIT_S = 10.0
FREE = EmbeddedBrokerSettings(port=0)

HUB_THAT_IS_KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from hub.adapters.broker.embedded import EmbeddedBroker
from hub.settings import EmbeddedBroker as EmbeddedBrokerSettings

async def hub():
    broker = EmbeddedBroker(EmbeddedBrokerSettings(port=0), data_dir=Path(sys.argv[1]), cell="main")
    await broker.start()
    print(broker.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(hub())
"""


@asynccontextmanager
async def running(
    data_dir: Path, settings: EmbeddedBrokerSettings = FREE
) -> AsyncIterator[EmbeddedBroker]:
    broker = EmbeddedBroker(settings, data_dir=data_dir, cell="main")
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110  # other processes set no event
            await asyncio.sleep(0.02)


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def pid_of(broker: EmbeddedBroker) -> int:
    assert broker.pid is not None
    return broker.pid


async def left_by_a_killed_hub(data_dir: Path) -> int:
    """Run a hub that is killed (-9) once its broker answers; return the broker's process id."""
    hub = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HUB_THAT_IS_KILLED, str(data_dir), stdout=subprocess.PIPE
    )
    output, _ = await hub.communicate()
    assert hub.returncode == -signal.SIGKILL
    return int(output)


async def comes_in(gate: Gate, login: Login) -> None:
    """Try as a device does, again and again, until the broker lets it in."""
    async with asyncio.timeout(WAIT_S):
        while True:
            with contextlib.suppress(ConnectionError):
                if await knock(gate.port, login):
                    return
            await asyncio.sleep(0.05)


def take(address: tuple[str, int]) -> socket.socket:
    """Take the address the moment it is free; meanwhile nothing else of this process runs."""
    while True:
        with contextlib.suppress(OSError):
            return socket.create_server(address)


async def test_stop_ends_the_process_and_a_later_start_has_the_same_address(tmp_path: Path) -> None:
    async with running(tmp_path) as broker:
        pid, url, password = pid_of(broker), broker.url, broker.password
    assert not exists(pid)
    async with running(tmp_path) as broker:
        assert pid_of(broker) != pid
        assert (broker.url, broker.password) == (url, password)


async def test_only_the_owner_can_read_what_the_broker_keeps(tmp_path: Path) -> None:
    async with running(tmp_path) as broker:
        directory = tmp_path / "broker"
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        secret = [path for path in directory.iterdir() if path.suffix in {".json", ".conf"}]
        assert len(secret) == 2
        assert {stat.S_IMODE(path.stat().st_mode) for path in secret} == {0o600}
        said = (directory / "nats.log").read_text() + (directory / "nats.out").read_text()
        assert broker.password not in said


async def test_a_keyboard_interrupt_of_the_hub_does_not_reach_the_broker(tmp_path: Path) -> None:
    async with running(tmp_path) as broker:
        assert os.getpgid(pid_of(broker)) != os.getpgid(0)


async def test_a_port_of_somebody_else_is_named_with_the_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings = EmbeddedBrokerSettings(port=other.getsockname()[1])
        with pytest.raises(MisconfiguredError, match="HUB_BROKER__PORT"):
            await EmbeddedBroker(settings, data_dir=tmp_path, cell="main").start()


async def test_an_inner_port_of_somebody_else_is_moved(tmp_path: Path) -> None:
    async with running(tmp_path) as broker:
        inner = broker.gate_url
    with socket.create_server(("127.0.0.1", int(inner.rpartition(":")[2]))):
        async with running(tmp_path) as broker, gate_before(broker) as gate:
            assert broker.gate_url != inner
            assert await gate.lets_in(await gate.admit("w-1"))


async def test_a_broken_identity_is_not_replaced_silently(tmp_path: Path) -> None:
    async with running(tmp_path):
        pass
    identity = tmp_path / "broker" / "identity.json"
    identity.write_text("{")
    with pytest.raises(MisconfiguredError, match=r"identity\.json"):
        await EmbeddedBroker(FREE, data_dir=tmp_path, cell="main").start()


async def test_a_broker_that_cannot_run_says_why(tmp_path: Path) -> None:
    (tmp_path / "broker").mkdir()
    (tmp_path / "broker" / "messages").write_text("a file where a directory must be")
    with pytest.raises(MisconfiguredError, match="not a directory"):
        await EmbeddedBroker(FREE, data_dir=tmp_path, cell="main").start()


async def test_a_killed_broker_is_back_and_lets_devices_in_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "hub")
    async with running(tmp_path) as broker, gate_before(broker) as gate:
        login = await gate.admit("w-1")
        pid = pid_of(broker)
        async with gate.client(login) as device:
            os.kill(pid, signal.SIGKILL)
            await until_cut(device)
        await until(lambda: broker.pid not in {None, pid})
        await comes_in(gate, login)
        await gate.revoke("w-1")
        assert not await gate.lets_in(login)
    actions = [record.__dict__.get("action") for record in caplog.records]
    said_once = ["broker_lost", "broker_regained", "gate_lost", "gate_regained"]
    assert sorted(filter(None, actions)) == said_once


async def test_a_broker_killed_twice_is_back_twice(tmp_path: Path) -> None:
    async with running(tmp_path) as broker:
        for _ in range(2):
            pid = pid_of(broker)
            os.kill(pid, signal.SIGKILL)
            await until(lambda: broker.pid not in {None, pid})  # noqa: B023  # used at once


async def test_a_broker_without_its_port_waits_until_the_port_is_free(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path) as broker:
        port = broker.port
        os.kill(pid_of(broker), signal.SIGKILL)
        with take(("127.0.0.1", port)):
            await until(lambda: "is taken by another program" in caplog.text)
            assert broker.pid is None
        await until(lambda: broker.pid is not None)
        assert broker.port == port


async def test_a_hub_adopts_the_broker_of_a_killed_one(tmp_path: Path) -> None:
    pid = await left_by_a_killed_hub(tmp_path)
    assert exists(pid)
    async with running(tmp_path) as broker, gate_before(broker) as gate:
        assert pid_of(broker) == pid
        assert await gate.lets_in(await gate.admit("w-1"))
    assert not exists(pid)


async def test_an_adopted_broker_is_watched_too(tmp_path: Path) -> None:
    pid = await left_by_a_killed_hub(tmp_path)
    async with running(tmp_path) as broker, gate_before(broker) as gate:
        login = await gate.admit("w-1")
        os.kill(pid, signal.SIGKILL)
        await until(lambda: broker.pid not in {None, pid})
        await comes_in(gate, login)


async def test_a_broker_left_with_other_settings_is_replaced(tmp_path: Path) -> None:
    pid = await left_by_a_killed_hub(tmp_path)
    async with running(tmp_path, EmbeddedBrokerSettings(port=0, window=7)) as broker:
        assert pid_of(broker) != pid
        assert not exists(pid)


async def test_a_broker_left_that_does_not_answer_is_replaced(tmp_path: Path) -> None:
    pid = await left_by_a_killed_hub(tmp_path)
    os.kill(pid, signal.SIGSTOP)
    async with running(tmp_path) as broker:
        assert pid_of(broker) != pid
        assert not exists(pid)


async def test_a_stranger_with_the_number_of_an_old_broker_is_left_alone(tmp_path: Path) -> None:
    async with running(tmp_path):
        pass
    stranger = await asyncio.create_subprocess_exec("sleep", "60")
    (tmp_path / "broker" / "nats.pid").write_text(str(stranger.pid))
    async with running(tmp_path) as broker:
        assert pid_of(broker) != stranger.pid
        assert stranger.returncode is None
    assert exists(stranger.pid)
    stranger.terminate()
    await stranger.wait()


async def end_gently(broker: EmbeddedBroker) -> None:
    await broker.stop()
    await broker.start()


async def kill(broker: EmbeddedBroker) -> None:
    """End the process, not the machine: what the kernel took over is kept, synced or not."""
    pid = pid_of(broker)
    os.kill(pid, signal.SIGKILL)
    await until(lambda: broker.pid not in {None, pid})


@pytest.mark.parametrize("end", [end_gently, kill], ids=["ended gently", "killed"])
async def test_what_waits_for_the_hub_and_what_is_retained_outlives_the_broker(
    tmp_path: Path, end: Callable[[EmbeddedBroker], asyncio.Future[None]]
) -> None:
    async with running(tmp_path) as broker, gate_before(broker) as gate:
        device_login = await gate.admit("w-1")
        async with gate.client(gate.hub, keep_session=True) as hub:
            await hub.subscribe(gate.topics.subscription, qos=1)
            await hub.publish("cx/1/main/w-1/down/desired", b"limit", qos=1, retain=True)
        async with gate.client(device_login) as device:
            for number in range(100):
                await device.publish("cx/1/main/w-1/up/telemetry", b"%d" % number, qos=1)
        await end(broker)
        async with gate.client(gate.hub, keep_session=True) as hub:
            received = [await next_message(hub) for _ in range(100)]
        assert received == [("cx/1/main/w-1/up/telemetry", b"%d" % n) for n in range(100)]
        await comes_in(gate, device_login)
        async with gate.client(device_login) as device:
            await device.subscribe("cx/1/main/w-1/down/#", qos=1)
            assert await next_message(device) == ("cx/1/main/w-1/down/desired", b"limit")
