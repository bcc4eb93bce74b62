"""A broker of the hub's own: nats-server with its MQTT listener, as a child process.

It outlives a killed hub, which finds and adopts it at its next start.
"""

import asyncio
import contextlib
import errno
import logging
import socket
import subprocess
import time
from dataclasses import replace
from pathlib import Path

from hub.adapters.broker.embedded_files import ACCOUNT, BrokerFiles, Identity, free_ports
from hub.adapters.broker.embedded_line import command_line
from hub.adapters.broker.embedded_process import Child, nats_server, runs
from hub.errors import HubError, MisconfiguredError, UnavailableError
from hub.settings import EmbeddedBroker as EmbeddedBrokerSettings

_logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
START_S = 30.0
"""A large store is read through before the broker answers."""
BACKOFF_S = (0.1, 2.0)
STABLE_S = 10.0
"""A broker that lived this long is started again with the shortest wait."""


class EmbeddedBroker:
    """Started, adopted, watched and ended with the hub; `start` before anything else is asked."""

    def __init__(self, settings: EmbeddedBrokerSettings, *, data_dir: Path, cell: str) -> None:
        self._settings = settings
        self._cell = cell
        self._files = BrokerFiles(data_dir)
        self._known: Identity | None = None
        self._child: Child | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """Where devices connect."""
        return self._settings.port or self._identity.port

    @property
    def host(self) -> str:
        """Where the hub itself connects."""
        return LOOPBACK if self._settings.host in {"0.0.0.0", "::"} else self._settings.host  # noqa: S104  # compared, not bound

    @property
    def url(self) -> str:
        return f"mqtt://{self.host}:{self.port}"

    @property
    def websocket_port(self) -> int | None:
        """MQTT over WebSocket at the path `/mqtt`; None where the settings name none."""
        if self._settings.websocket_port is None:
            return None
        return self._settings.websocket_port or self._identity.websocket_port

    @property
    def username(self) -> str:
        """The hub's own user, whom no gatekeeper is asked about."""
        return f"hub-{self._cell}"

    @property
    def client_id(self) -> str:
        return f"hub-{self._cell}"

    @property
    def password(self) -> str:
        return self._identity.password

    @property
    def gate_url(self) -> str:
        """The broker's own protocol, for the gatekeeper."""
        return f"nats://{LOOPBACK}:{self._identity.gate_port}"

    @property
    def gate_seed(self) -> str:
        return self._identity.gate_seed

    @property
    def issuer_seed(self) -> str:
        return self._identity.issuer_seed

    @property
    def account(self) -> str:
        return ACCOUNT

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is none."""
        return self._child.pid if self._child is not None and self._child.alive() else None

    async def start(self) -> None:
        """Adopt what an earlier hub left behind, or start anew; return when it answers.

        Raises:
            MisconfiguredError: a port is taken, no nats-server is installed, or it refuses to run.
            UnavailableError: it does not answer in time.
        """
        self._known = self._files.identity(host=LOOPBACK, cell=self._cell)
        self._child = await self._adopt()
        if self._child is None:
            self._settle_gate_port()
            self._child = await self._launch()
        self._watcher = asyncio.create_task(self._watch(self._child), name="embedded-broker")

    async def stop(self) -> None:
        """End the broker; what it holds stays in the data directory."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.wait([self._watcher])
            self._watcher = None
        if self._child is not None:
            await self._child.end()
            self._child = None

    @property
    def _identity(self) -> Identity:
        if self._known is None:
            message = "the embedded broker has not been started"
            raise RuntimeError(message)
        return self._known

    @property
    def _configuration(self) -> str:
        return self._files.render(self._settings, self._identity, username=self.username)

    async def _adopt(self) -> Child | None:
        pid = self._files.pid()
        if pid is None or not runs(pid, self._files.configuration):
            return None
        child = Child(pid, configuration=self._files.configuration)
        if self._files.configured_as(self._configuration) and await self._answers():
            _logger.info(
                "adopted the embedded broker of an earlier run (process %d)",
                pid,
                extra={"action": "broker_adopted"},
            )
            return child
        await child.end()
        return None

    async def _launch(self) -> Child:
        for host, port, setting in self._listeners():
            _require_free(host, port, setting)
        child = self._spawn()
        try:
            await self._until_it_answers(child)
        except BaseException:
            await child.end()
            raise
        return child

    def _settle_gate_port(self) -> None:
        """Move the inner port if somebody took it; nobody outside knows its number."""
        try:
            _require_free(LOOPBACK, self._identity.gate_port, "the broker's inner port")
        except MisconfiguredError:
            gate_port = free_ports(LOOPBACK, count=1)[0]
            self._known = self._files.keep(replace(self._identity, gate_port=gate_port))

    def _listeners(self) -> list[tuple[str, int, str]]:
        listeners = [
            (self._settings.host, self.port, "HUB_BROKER__PORT"),
            (LOOPBACK, self._identity.gate_port, "the broker's inner port"),
        ]
        if self.websocket_port is not None:
            websocket = (self._settings.host, self.websocket_port, "HUB_BROKER__WEBSOCKET_PORT")
            listeners.append(websocket)
        return listeners

    def _spawn(self) -> Child:
        try:
            self._files.configure(self._configuration)
            with self._files.output.open("wb") as output:
                process = subprocess.Popen(  # noqa: S603  # our own program and file
                    [nats_server(), "-c", self._files.configuration],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    # A Ctrl-C in the terminal is for the hub, which ends the broker last.
                    start_new_session=True,
                )
        except OSError as error:
            message = f"the embedded broker cannot be started: {error}"
            raise UnavailableError(message) from error
        return Child(process.pid, configuration=self._files.configuration, process=process)

    async def _until_it_answers(self, child: Child) -> None:
        deadline = time.monotonic() + START_S
        while not await self._answers():
            if not child.alive():
                message = f"nats-server ended at once: {self._files.last_words()}"
                raise MisconfiguredError(message)
            if time.monotonic() > deadline:
                message = f"the embedded broker did not answer within {START_S:.0f} s"
                raise UnavailableError(message)
            await asyncio.sleep(0.02)

    async def _answers(self) -> bool:
        """Return whether a broker that knows our key is there, and listens for devices too."""
        if not await _listens(self.host, self.port):
            return False
        try:
            client = await command_line(self.gate_url, seed=self.gate_seed)
        except UnavailableError:
            return False
        await client.close()
        return True

    async def _watch(self, child: Child) -> None:
        delay = BACKOFF_S[0]
        while True:
            since = time.monotonic()
            await child.ended()
            _logger.warning(
                "the embedded broker has ended; starting it again", extra={"action": "broker_lost"}
            )
            if time.monotonic() - since > STABLE_S:
                delay = BACKOFF_S[0]
            child, delay = await self._relaunch(delay)
            self._child = child
            _logger.info("the embedded broker is back", extra={"action": "broker_regained"})

    async def _relaunch(self, delay: float) -> tuple[Child, float]:
        """Return the new child and how long to wait before the next one, should it end soon."""
        told = False
        while True:
            await asyncio.sleep(delay)
            delay = min(delay * 2, BACKOFF_S[1])
            try:
                return await self._launch(), delay
            except HubError as error:
                if not told:
                    _logger.warning("the embedded broker does not start: %s", error)
                told = True


def _require_free(host: str, port: int, setting: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            message = (
                f"port {port} on {host} is taken by another program; end it or choose another "
                f"port ({setting})"
            )
        else:
            message = f"port {port} on {host} cannot be used ({setting}): {error}"
        raise MisconfiguredError(message) from error


async def _listens(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
