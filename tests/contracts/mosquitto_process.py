"""Mosquitto as a child process, by the configuration file that is shipped or by another one."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from hub.adapters.gatekeeper.dynsec_file import RightsDirectory
from hub.model import Topics
from hub.settings import MqttBroker
from tests.contracts.free_ports import free_port

SHIPPED = Path(__file__).parents[2] / "deploy" / "mosquitto" / "mosquitto.conf"
PROGRAM = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
START_WITHIN_S = 10.0


@dataclass(kw_only=True)
class Mosquitto:
    """A broker that can be started, killed and started again in one directory."""

    directory: Path
    configuration: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text()

    async def start(self) -> None:
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: ASYNC220, S603 - returns at once; our own words
                [PROGRAM, "-c", str(self.configuration)], cwd=self.directory, stderr=log
            )
        async with asyncio.timeout(START_WITHIN_S):
            while not await self._answers():
                assert self.process.poll() is None, self.log
                await asyncio.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=10)
            self.process = None

    async def _answers(self) -> bool:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.close()
            await writer.wait_closed()
            return True
        return False


@contextmanager
def mosquitto(directory: Path, configuration: str | None = None) -> Iterator[Mosquitto]:
    """Prepare a broker on a free port: by its own configuration text or by the shipped file.

    Of the shipped one only the listener differs, which it takes from `conf.d`.
    """
    port = free_port()
    listener = f"listener {port} 127.0.0.1\n"
    path = SHIPPED
    if configuration is None:
        _write(directory / "conf.d" / "test.conf", listener)
    else:
        path = directory / "mosquitto.conf"
        _write(path, listener + configuration)
    hand_over(directory)
    broker = Mosquitto(directory=directory, configuration=path, port=port)
    try:
        yield broker
    finally:
        broker.stop(signal.SIGKILL)


def rights_in(directory: Path, *, topics: Topics | None = None) -> RightsDirectory:
    """Set up the rights as the operator does, with passwords of the test's own."""
    rights = RightsDirectory(
        directory=directory / "rights",
        topics=topics or Topics(),
        admin_password="of the gate",
        hub_password="of the hub",
    )
    rights.directory.mkdir()
    hand_over(directory)
    rights.set_up()
    return rights


def settings_for(port: int, **changes: object) -> MqttBroker:
    values = {"gatekeeper_password": "of the gate", "username": "hub-main"}
    return MqttBroker.model_validate(
        {"url": f"mqtt://127.0.0.1:{port}", "password": "of the hub", **values, **changes}
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def hand_over(directory: Path) -> None:
    """Started by root, Mosquitto becomes the user `mosquitto` and needs directories of its own."""
    (directory / "data").mkdir(exist_ok=True)
    if os.geteuid() == 0:
        user = pwd.getpwnam("mosquitto")
        for path in (directory, *directory.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)
