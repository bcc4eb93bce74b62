"""A household, a runner and a wrist, to look at."""

import asyncio
import contextlib
import json
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from rich.console import Console

from hub.api.client import Client
from hub.errors import UnavailableError
from hub.main.parts import Parts, facts, make_data_dir, opened
from hub.main.people import NewPerson, add_to
from hub.main.serving import run_until
from hub.settings import (
    ClockSettings,
    EmbeddedBroker,
    InfluxSeries,
    Settings,
    SqliteSeries,
)

START_S = 20.0
PULSE_EVERY_MS = 5000
"""Simulated time between two lines of the display."""


async def demo(settings: Settings, *, minutes: float, speed: float, as_json: bool) -> None:
    """Run a hub over a seeded household until Ctrl-C, or for so many minutes."""
    make_data_dir(settings.data_dir)
    async with _series_server(settings) as found:
        chosen = settings.model_copy(
            update={
                "series": found,
                "broker": _free_broker(settings),
                "http": settings.http.model_copy(
                    update={"port": _free(settings.http.host, settings.http.port)}
                ),
                "clock": ClockSettings(rate=speed, anchor_ms=time.time_ns() // 1_000_000),
            }
        )
        async with opened(chosen) as parts:
            await _run(parts, minutes=minutes, as_json=as_json)


async def _run(parts: Parts, *, minutes: float, as_json: bool) -> None:
    password = secrets.token_urlsafe(9)
    email = f"mina-{secrets.token_hex(3)}@home.example"
    wish = NewPerson(name="Mina", email=email, password=password, is_operator=True)
    home = await add_to(parts.records, wish)
    stop, leave = asyncio.Event(), asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, leave.set)
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def show() -> None:
        url = await told
        _print_facts(facts(parts, url) | {"sign-in": f"{email} {password}"}, as_json=as_json)
        await _wear(Guest(url, email, password, home["household"]), parts, as_json=as_json)

    def started(_: Parts, url: str) -> None:
        told.set_result(url)

    async with asyncio.TaskGroup() as group:
        hub = group.create_task(run_until(stop, parts, started))
        showing = group.create_task(show())
        leaving = group.create_task(leave.wait())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(minutes * 60 if minutes else None):
                await asyncio.wait((hub, showing, leaving), return_when=asyncio.FIRST_COMPLETED)
        # First the watch, so that the hub has heard all of it.
        showing.cancel()
        await asyncio.wait((showing,))
        leaving.cancel()
        stop.set()


@dataclass(frozen=True, slots=True)
class Guest:
    """Who signs in at the demo's hub."""

    url: str
    email: str
    password: str
    household: str

    def claim(self) -> dict[str, Any]:
        client = Client(self.url, email=self.email, password=self.password)
        wish = {
            "kind": "watch",
            "name": "Mina's watch",
            "household": self.household,
            "person": "me",
        }
        made = client.call("POST", "/devices/claims", wish)
        admission: dict[str, Any] = client.call("POST", "/devices/claim", {"code": made["code"]})
        return admission


async def _wear(guest: Guest, parts: Parts, *, as_json: bool) -> None:
    """Let a modelled runner wear the watch, and show what the wrist feels."""
    admission = await asyncio.to_thread(guest.claim)
    clock = parts.settings.clock
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "simulators", "watch", "--credentials", "-", "--runner", "--json"),
        *("--speed", str(clock.rate), "--anchor-ms", str(clock.anchor_ms)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    if process.stdin is None or process.stdout is None:
        return
    process.stdin.write(json.dumps(admission).encode() + b"\n")
    process.stdin.close()
    show = _Show(as_json=as_json)
    try:
        async for line in process.stdout:
            show.take(line)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


class _Show:
    """Prints the heart rate as it moves, and every touch of the wrist."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._console = Console(highlight=False, soft_wrap=True)
        self._shown_ms = 0

    def take(self, line: bytes) -> None:
        if self._as_json:
            sys.stdout.write(line.decode())
            sys.stdout.flush()
            return
        happening = json.loads(line)
        match happening:
            case {
                "what": "sent",
                "leaf": "telemetry",
                "messages": [*_, {"ts": at_ms, "values": {"heart_rate": rate}}],
            }:
                if at_ms - self._shown_ms >= PULSE_EVERY_MS:
                    self._shown_ms = at_ms
                    self._console.print(f"{_time(at_ms)}  ♥ {rate:5.1f}  {_bar(rate)}")
            case {"what": "felt", "at_ms": at_ms, "step": step}:
                self._console.print(_felt(at_ms, step, happening), style="bold red")
            case {"what": "ended", "at_ms": at_ms}:
                self._console.print(f"{_time(at_ms)}  the wrist is calm again", style="green")
            case {"what": ("connected" | "offline") as what, "at_ms": at_ms}:
                self._console.print(f"{_time(at_ms)}  the watch is {what}", style="dim")
            case _:
                pass


def _felt(at_ms: int, step: int, happening: dict[str, Any]) -> str:
    haptic = happening.get("haptic") or {}
    sound = happening.get("sound") or {}
    text = happening.get("text") or {}
    return (
        f"{_time(at_ms)}  the wrist feels step {step} {'▮' * step:<5} "
        f"{haptic.get('pattern', '')} {haptic.get('amplitude', 0):.2f}  "
        f"♪ {sound.get('tone', '')} {sound.get('volume', 0):.2f}  {text.get('en', '')}"
    )


def _bar(rate: float) -> str:
    return "▏" + "█" * max(0, int((rate - 60) / 3))


def _time(at_ms: int) -> str:
    seconds = at_ms // 1000 % 86_400
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _print_facts(known: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(known) + "\n")
        sys.stdout.flush()
        return
    for name, value in known.items():
        Console(highlight=False).print(f"[bold]{name:>8}[/bold]  {value}")


# ------------------------------------------------------------------------- what a demo finds here


def _free(host: str, wanted: int) -> int:
    """Return the wanted port, or 0 (any) where somebody has it."""
    try:
        socket.create_server((host, wanted)).close()
    except OSError:
        return 0
    return wanted


def _free_broker(settings: Settings) -> Any:  # noqa: ANN401 - one of the broker settings
    broker = settings.broker
    if isinstance(broker, EmbeddedBroker):
        return broker.model_copy(update={"port": _free(broker.host, broker.port)})
    return broker


@asynccontextmanager
async def _series_server(settings: Settings) -> AsyncIterator[SqliteSeries | InfluxSeries]:
    """Yield where series go: what the settings say; an InfluxDB that runs; one on PATH; SQLite."""
    series = settings.series
    if not isinstance(series, SqliteSeries):
        yield series  # type: ignore[misc]
        return
    running = InfluxSeries()
    if await asyncio.to_thread(_answers, running.url):
        yield running
        return
    program = shutil.which("influxd")
    if program is None:
        yield series
        return
    async with _influxd(program, settings.data_dir / "influxd") as url:
        yield InfluxSeries(url=url)


def _answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/ping", timeout=1):  # noqa: S310 - loopback
            return True
    except (URLError, OSError):
        return False


def _answers_within(url: str, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if _answers(url):
            return True
        time.sleep(0.1)
    return False


def _configure(directory: Path, *, http: int, rpc: int) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    configuration = directory / "influxdb.conf"
    configuration.write_text(
        f'reporting-disabled = true\nbind-address = "127.0.0.1:{rpc}"\n'
        f'[meta]\ndir = "{directory}/meta"\n'
        f'[data]\ndir = "{directory}/data"\nwal-dir = "{directory}/wal"\n'
        f'[http]\nbind-address = "127.0.0.1:{http}"\nlog-enabled = false\n'
        f'[logging]\nlevel = "error"\n',
        encoding="utf-8",
    )
    return configuration


@asynccontextmanager
async def _influxd(program: str, directory: Path) -> AsyncIterator[str]:
    http = _any_port()
    configuration = await asyncio.to_thread(_configure, directory, http=http, rpc=_any_port())
    process = await asyncio.create_subprocess_exec(
        program,
        *("-config", str(configuration)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{http}"
    try:
        if not await asyncio.to_thread(_answers_within, url, START_S):
            message = f"{program} does not answer at {url}; see {configuration}"
            raise UnavailableError(message)
        yield url
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


def _any_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
