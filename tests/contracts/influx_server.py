"""An `influxd` of version 1.x of our own, on free ports, its files in a test's directory."""

import json
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from tests.contracts.free_ports import free_port

_CONFIGURATION = """
reporting-enabled = false
bind-address = "127.0.0.1:{rpc}"
[meta]
dir = "{directory}/meta"
[data]
dir = "{directory}/data"
wal-dir = "{directory}/wal"
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:{http}"
log-enabled = false
auth-enabled = {auth}
max-body-size = {max_body_size}
"""


def installed() -> bool:
    return shutil.which("influxd") is not None


class InfluxServer:
    """Started, killed and stopped as a test wants; keeps its address and files."""

    def __init__(
        self, directory: Path, *, auth: str = "false", max_body_size: int = 25_000_000
    ) -> None:
        self._directory = directory
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        text = _CONFIGURATION.format(
            rpc=free_port(),
            http=self._port,
            directory=directory,
            auth=auth,
            max_body_size=max_body_size,
        )
        (directory / "influxdb.conf").write_text(text, encoding="utf-8")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 (our own words)
                ["influxd", "-config", str(self._directory / "influxdb.conf")],  # noqa: S607 (whichever is installed)
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 20
        while not self._answers():
            assert self._process.poll() is None, (self._directory / "log").read_text()
            assert time.monotonic() < deadline, "influxd does not answer"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/ping", timeout=1):  # noqa: S310 (our own address)
                return True
        except OSError:
            return False

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(number)
            self._process.wait(timeout=20)
            self._process = None

    def query(self, statement: str, **parameters: str) -> list[dict[str, Any]]:
        """Return the series that the server itself answers with, as its own shell would."""
        form = urllib.parse.urlencode({"q": statement})
        address = f"{self.url}/query?{urllib.parse.urlencode({'epoch': 'ms', **parameters})}"
        with urllib.request.urlopen(address, data=form.encode()) as answer:  # noqa: S310 (our own)
            results = json.load(answer)["results"]
        assert not [result["error"] for result in results if "error" in result], results
        return [series for result in results for series in result.get("series", [])]

    def write(self, database: str, lines: str) -> None:
        """Write past the hub, as somebody else's program does."""
        target = f"{self.url}/write?db={database}&precision=ms"
        with urllib.request.urlopen(target, data=lines.encode()):  # noqa: S310 (our own address)
            return
