"""Broker, series store and hub as processes on free ports, their files in one directory."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.errors import UnavailableError

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "mosquitto" / "mosquitto.conf"
ADMIN, HUB_PASSWORD = "of-the-gate", "of-the-hub"
PROGRAM = ("-c", "from hub.cli import app; app()")
START_S = 60.0
END_S = 30.0
_INFLUX = """
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
[logging]
level = "error"
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: Sequence[str | Path], *, cwd: Path, log: Path) -> Iterator[int]:
    """Run a server until the end of the `with`; gives its process id."""
    with log.open("ab") as out:
        process = subprocess.Popen(command, cwd=cwd, stdout=out, stderr=out)  # noqa: S603 - our own words
    try:
        yield process.pid
    finally:
        end(process)


def end(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGCONT)
        process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


def _wait_for_port(port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    message = f"nothing answers at port {port}; its log ends:\n{tail(log)}"
    raise UnavailableError(message)


# ------------------------------------------------------------------------------------------ broker


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAt:
    port: int
    pid: int
    settings: Mapping[str, str]
    """What the hub's environment needs."""
    user: str = ""
    password: str = ""


@contextmanager
def guarded_mosquitto(directory: Path) -> Iterator[BrokerAt]:
    """Mosquitto by the configuration that is shipped, with dynamic security."""
    directory.mkdir(parents=True)
    port = free_port()
    rights = directory / "rights"
    rights.mkdir()
    for name, text in (("gate", ADMIN), ("hub", HUB_PASSWORD)):
        (directory / name).write_text(text)
    _hand_over(directory)
    subprocess.run(  # noqa: S603 - our own words
        [
            *(sys.executable, "-m", "hub.adapters.gatekeeper.dynsec_file", rights),
            *("--admin-password-file", directory / "gate"),
            *("--hub-password-file", directory / "hub"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    settings = {
        "HUB_BROKER__URL": f"mqtt://127.0.0.1:{port}",
        "HUB_BROKER__USERNAME": "hub-main",
        "HUB_BROKER__PASSWORD": HUB_PASSWORD,
        "HUB_BROKER__GATEKEEPER_PASSWORD": ADMIN,
    }
    with _mosquitto(directory, port=port, configuration=CONFIGURATION.read_text()) as pid:
        yield BrokerAt(
            port=port, pid=pid, settings=settings, user="hub-main", password=HUB_PASSWORD
        )


@contextmanager
def open_mosquitto(directory: Path) -> Iterator[BrokerAt]:
    """The same without rights: one connection may speak for ten thousand devices."""
    directory.mkdir(parents=True)
    port = free_port()
    kept = [
        line
        for line in CONFIGURATION.read_text().splitlines()
        if not line.startswith(("plugin", "acl_file", "allow_anonymous"))
    ]
    configuration = "\n".join([*kept, "allow_anonymous true\n"])
    settings = {
        "HUB_BROKER__URL": f"mqtt://127.0.0.1:{port}",
        "HUB_BROKER__GATEKEEPER": "none",
    }
    with _mosquitto(directory, port=port, configuration=configuration) as pid:
        yield BrokerAt(port=port, pid=pid, settings=settings)


@contextmanager
def _mosquitto(directory: Path, *, port: int, configuration: str) -> Iterator[int]:
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    (directory / "conf.d").mkdir()
    (directory / "conf.d" / "bench.conf").write_text(f"listener {port} 127.0.0.1\n")
    (directory / "mosquitto.conf").write_text(configuration)
    (directory / "data").mkdir()
    _hand_over(directory)
    log = directory / "log"
    with running([program, "-c", directory / "mosquitto.conf"], cwd=directory, log=log) as pid:
        _wait_for_port(port, log)
        yield pid


def _hand_over(directory: Path) -> None:
    """Started by root, Mosquitto becomes the user `mosquitto` and needs files of its own."""
    if os.geteuid() == 0:
        user = pwd.getpwnam("mosquitto")
        for path in (directory, *directory.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)


# ---------------------------------------------------------------------------------------- InfluxDB


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxAt:
    url: str
    pid: int
    log: Path
    database: str = "cx"

    def query(self, statement: str) -> list[list[Any]]:
        """Return the rows of the first series; none where there is nothing yet.

        Raises:
            UnavailableError: the server is gone.
        """
        form = urllib.parse.urlencode({"q": statement}).encode()
        address = f"{self.url}/query?epoch=ms&db={self.database}"
        try:
            with urllib.request.urlopen(address, form, timeout=60) as answer:  # noqa: S310 - loopback
                result = json.load(answer)["results"][0]
        except OSError as error:
            message = f"influxd does not answer: {error}; its log ends:\n{tail(self.log)}"
            raise UnavailableError(message) from error
        series = result.get("series", [])
        rows: list[list[Any]] = series[0].get("values", []) if series else []
        return rows

    def has(self, device: str, at_ms: int) -> bool:
        return bool(
            self.query(
                f"SELECT heart_rate FROM watch WHERE device = '{device}' AND time = {at_ms}ms"  # noqa: S608 - our own names
            )
        )

    def count(self) -> int:
        rows = self.query("SELECT count(heart_rate) FROM watch")
        return int(rows[0][1]) if rows else 0


@contextmanager
def influxd(directory: Path) -> Iterator[InfluxAt]:
    directory.mkdir(parents=True)
    http, log = free_port(), directory / "log"
    configuration = directory / "influxdb.conf"
    configuration.write_text(_INFLUX.format(directory=directory, http=http, rpc=free_port()))
    with running(["influxd", "-config", configuration], cwd=directory, log=log) as pid:
        _wait_for_port(http, log)
        at = InfluxAt(url=f"http://127.0.0.1:{http}", pid=pid, log=log)
        at.query(f"CREATE DATABASE {at.database}")
        yield at


# --------------------------------------------------------------------------------------------- hub


@dataclass(slots=True, kw_only=True)
class Hub:
    """A hub as a process of its own, as `hub run` starts it."""

    directory: Path
    settings: Mapping[str, str]
    program: Sequence[str] = PROGRAM
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    url: str = field(default="", init=False)
    broker_url: str = field(default="", init=False)
    ready_s: float = field(default=0.0, init=False)
    """From the start of the process to the answering API."""

    @property
    def pid(self) -> int:
        if self.process is None:
            raise AssertionError
        return self.process.pid

    @property
    def environment(self) -> dict[str, str]:
        # An empty file, so that a hub.toml where the bench is started does not count.
        configuration = self.directory / "hub.toml"
        configuration.touch()
        data = {
            "HUB_CONFIG": str(configuration),
            "HUB_DATA_DIR": str(self.directory),
            "HUB_HTTP__PORT": "0",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        return {**kept, **data, **self.settings}

    def command(self, *arguments: str, secret: str = "") -> Any:  # noqa: ANN401 - JSON
        """Run one command of the hub's own command line; return what it says as JSON."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        done = subprocess.run(  # noqa: S603 - our own words
            [sys.executable, *PROGRAM, *arguments, "--json"],
            env={**self.environment, "CX_PASSWORD": secret},
            check=True,
            stdout=subprocess.PIPE,
        )
        return json.loads(done.stdout)

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            UnavailableError: it ended instead; its log says why.
        """
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        began = time.perf_counter()
        log = self.directory / "log"
        with log.open("ab") as out:
            self.process = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, *self.program, "run", "--json"],
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=out,
            )
        if self.process.stdout is None:
            raise AssertionError
        line = self.process.stdout.readline()
        self.ready_s = time.perf_counter() - began
        if not line:
            message = f"the hub ended; its log ends:\n{tail(log)}"
            raise UnavailableError(message)
        facts = json.loads(line)
        self.url, self.broker_url = facts["api"], facts["broker"].split()[0]

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def stop(self) -> None:
        if self.process is not None:
            end(self.process)
            if self.process.stdout is not None:
                self.process.stdout.close()
            self.process = None

    def figure(self, name: str) -> float:
        """Return one of the hub's own counts at `/metrics`."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=30) as answer:  # noqa: S310 - loopback
            for line in answer.read().decode().splitlines():
                if line.startswith(f"{name} "):
                    return float(line.split()[1])
        return 0.0


@contextmanager
def hub_in(
    directory: Path, settings: Mapping[str, str], *, program: Sequence[str] = PROGRAM
) -> Iterator[Hub]:
    """Give a hub that the caller starts; stopped at the end."""
    hub = Hub(directory=directory, settings=settings, program=program)
    try:
        yield hub
    finally:
        hub.stop()
