"""Where a drill takes place: a broker, a series store and a hub, each killed as the drill wants."""

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.contracts.free_ports import free_port
from tests.contracts.influx_server import InfluxServer
from tests.contracts.mosquitto_process import Mosquitto, mosquitto, rights_in
from tests.contracts.records.postgres_cluster import PostgresCluster, postgres_cluster
from tests.drills import sockets
from tests.drills.hub_process import HubProcess
from tests.drills.stored import InfluxStored, Stored, TelemetryStored

BROKERS = ("mosquitto", "embedded")
SERIES = ("influx", "sqlite")
RECORDS = ("sqlite", "postgresql")
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What a device got when it was claimed."""

    device: str
    token: str
    base: str


@dataclass(kw_only=True)
class Site:
    folder: Path
    hub: HubProcess
    port: int
    """Where devices find the broker."""
    mosquitto: Mosquitto | None = None
    influx: InfluxServer | None = None
    postgres: PostgresCluster | None = None
    broker_restart_seconds: list[float] = field(default_factory=list)

    @property
    def stored(self) -> Stored:
        return InfluxStored(self.influx) if self.influx else TelemetryStored(self.hub)

    async def admit(
        self, count: int, *, kind: str = "watch", personal: bool = True
    ) -> list[Admission]:
        """Claim so many devices, of the drill's person or of the home, from a file."""
        home = {"kind": kind, "household": self.hub.household}
        if personal:
            home["person"] = self.hub.person
        lines = "".join(json.dumps(home | {"name": f"Device {n}"}) + "\n" for n in range(count))
        answer: Any = await self.hub.ask(
            "POST",
            "/devices/claims/bulk",
            lines.encode(),
            content_type="application/x-ndjson",
        )
        return admissions(answer)

    # -- faults --------------------------------------------------------------------------------

    async def restart_hub(self) -> None:
        """Kill it and start it at once."""
        self.hub.kill()
        await self.hub.start()

    async def restart_influx(self, *, with_hub: bool, away_s: float = 1.0) -> None:
        assert self.influx is not None, "no InfluxDB at this site"
        await asyncio.to_thread(self.influx.kill)
        await asyncio.sleep(away_s)
        if with_hub:
            await self.restart_hub()
        await asyncio.to_thread(self.influx.start)

    async def restart_postgres(self, *, away_s: float = 1.0) -> None:
        """Kill the records' server, all of its processes, under a hub that goes on."""
        assert self.postgres is not None, "no PostgreSQL at this site"
        await asyncio.to_thread(self.postgres.kill)
        await asyncio.sleep(away_s)
        await asyncio.to_thread(self.postgres.start)

    async def kill_broker_in_hand(self) -> int:
        """Kill the broker while the hub holds messages it cannot have acknowledged, and restart it.

        Returns the bytes that the broker had handed over and the hub, frozen, had not read.
        """
        try:
            in_hand = await self._freeze_in_hand()
            self.kill_broker()
        finally:
            self.hub.thaw()
        await self.start_broker()
        return in_hand

    async def _freeze_in_hand(self) -> int:
        end = time.monotonic() + PATIENCE_S
        while True:
            self.hub.freeze()
            await asyncio.sleep(0.1)
            unread = sockets.unread_bytes(self.hub.pid, remote_port=self.port)
            if unread or time.monotonic() > end:
                return unread
            self.hub.thaw()
            await asyncio.sleep(0.05)

    def kill_broker(self) -> None:
        if self.mosquitto is not None:
            self.mosquitto.stop(signal.SIGKILL)
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.embedded_pid(), signal.SIGKILL)

    async def start_broker(self) -> None:
        """Start it again; the embedded one is started by the hub."""
        if self.mosquitto is not None:
            await self.mosquitto.start()

    def embedded_pid(self) -> int:
        return int((self.hub.data_dir / "broker" / "nats.pid").read_text())

    def end_embedded(self) -> None:
        """End what a killed hub leaves behind, also where it had no time to note its number."""
        configuration = str(self.hub.data_dir / "broker" / "nats.conf").encode()
        for command in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if configuration in command.read_bytes().split(b"\0"):
                    os.kill(int(command.parent.name), signal.SIGKILL)


def admissions(answer: object) -> list[Admission]:
    lines = answer.splitlines() if isinstance(answer, str) else [json.dumps(answer)]
    return [Admission(**json.loads(line)) for line in lines if line.strip()]


@contextlib.asynccontextmanager
async def site(  # noqa: PLR0913 - what a drill may choose
    folder: Path,
    *,
    broker: str,
    series: str,
    records: str = "sqlite",
    settings: dict[str, str] | None = None,
    start: bool = True,
) -> AsyncIterator[Site]:
    """Set everything up in an empty folder and take it all down at the end."""
    async with contextlib.AsyncExitStack() as stack:
        environment = dict(settings or {})
        server = _mosquitto(folder, environment, stack) if broker == "mosquitto" else None
        if server is None:
            environment["HUB_BROKER__PORT"] = str(free_port())
        influx = _influx(folder, environment, stack) if series == "influx" else None
        postgres = None
        if records == "postgresql":
            postgres = stack.enter_context(postgres_cluster())
            await asyncio.to_thread(postgres.start)
            environment["HUB_RECORDS__URL"] = await postgres.database()
        hub = HubProcess(folder=folder / "hub", settings=environment)
        port = server.port if server else int(environment["HUB_BROKER__PORT"])
        place = Site(
            folder=folder, hub=hub, port=port, mosquitto=server, influx=influx, postgres=postgres
        )
        stack.callback(place.end_embedded)
        stack.callback(hub.kill)
        if server is not None:
            await server.start()
        if influx is not None:
            await asyncio.to_thread(influx.start)
        await hub.add_operator()
        if start:
            await hub.start()
        yield place


def _mosquitto(
    folder: Path, environment: dict[str, str], stack: contextlib.AsyncExitStack
) -> Mosquitto:
    place = folder / "mosquitto"
    place.mkdir()
    _open_way(place)
    rights = rights_in(place)
    server = stack.enter_context(mosquitto(place))
    environment |= {
        "HUB_BROKER__URL": f"mqtt://127.0.0.1:{server.port}",
        "HUB_BROKER__USERNAME": "hub-main",
        "HUB_BROKER__PASSWORD": rights.hub_password,
        "HUB_BROKER__GATEKEEPER_PASSWORD": rights.admin_password,
        "HUB_BROKER__RIGHTS_DIR": str(rights.directory),
    }
    return server


def _open_way(place: Path) -> None:
    """Let the user that Mosquitto becomes reach its folder."""
    for path in place.parents:
        if path.stat().st_uid == os.geteuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o111)


def _influx(
    folder: Path, environment: dict[str, str], stack: contextlib.AsyncExitStack
) -> InfluxServer:
    place = folder / "influx"
    place.mkdir()
    server = InfluxServer(place)
    stack.callback(server.kill)
    environment["HUB_SERIES__URL"] = server.url
    return server
