"""The gatekeeper's line to nats-server, in the account that sees and commands the server."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from hub.adapters.broker.embedded_line import command_line
from hub.adapters.gatekeeper.nats_claims import MARK, Question, read_question
from hub.errors import UnavailableError

_logger = logging.getLogger(__name__)

REQUEST_S = 2.0
RECONNECT_S = (0.01, 0.25)
"""A device that is faster than we are after a restart of the broker waits in vain."""
PAGE = 1024

SETTLE_S = 0.1

Ask = Callable[[Question, Msg], None]
"""Takes a question and the message to answer it to."""


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """A client that is connected now."""

    cid: int
    mqtt_client: str = ""
    account: str = ""
    """Empty until somebody has judged it."""
    authorized_user: str = ""

    @property
    def mark(self) -> str:
        """Return what the gatekeeper that let it in left with it."""
        return self.authorized_user.partition(MARK)[2]


class _Server(msgspec.Struct, frozen=True):
    id: str


class _Visitors(msgspec.Struct, frozen=True):
    connections: tuple[Visitor, ...] = ()


class _Connections(msgspec.Struct, frozen=True):
    server: _Server
    data: _Visitors


class Control:
    """Reconnects by itself at once: while it is away nobody can come in."""

    def __init__(self, url: str, *, seed: str, ask: Ask) -> None:
        self._url = url
        self._seed = seed
        self._ask_us = ask
        # Who asked since we connected; None once those who asked before are turned away.
        self._heard: set[int] | None = None
        self._client: Client | None = None
        self._lost = asyncio.Event()

    async def connect(self) -> None:
        """Connect and listen for the broker's questions.

        Raises:
            UnavailableError: the broker does not answer or does not know us.
        """
        self._lost.clear()
        self._heard = set()
        client = await command_line(self._url, seed=self._seed, on_closed=self._on_closed)
        try:
            await client.subscribe("$SYS.REQ.USER.AUTH", cb=self._hear)
            await client.flush()
        except (OSError, TimeoutError, nats.errors.Error) as error:
            await client.close()
            message = f"the embedded broker does not answer its gatekeeper: {error!r}"
            raise UnavailableError(message) from error
        self._client = client

    async def stay_connected(self) -> None:
        while True:
            with contextlib.suppress(UnavailableError):
                await self._turn_away_unheard()
            await self._lost.wait()
            _logger.warning("the gatekeeper lost the broker", extra={"action": "gate_lost"})
            await self._reconnect()
            _logger.info("the gatekeeper is back at the broker", extra={"action": "gate_regained"})

    async def present(self) -> list[Visitor]:
        """Return who has been let in.

        Raises:
            UnavailableError: the broker does not answer.
        """
        _, visitors = await self._connections()
        return [visitor for visitor in visitors if visitor.account]

    async def kick(self, device: str) -> None:
        """End the device's connection if it has one.

        Raises:
            UnavailableError: the broker does not answer.
        """
        await self._cut(*await self._connections(device))

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def _hear(self, message: Msg) -> None:
        try:
            question = read_question(message.data)
        except ValueError as error:
            _logger.warning("the broker asked what we do not understand: %s", error)
            return
        if self._heard is not None:
            self._heard.add(question.client_info.id)
        self._ask_us(question, message)

    async def _turn_away_unheard(self) -> None:
        """End the connections that asked before anybody was there to hear; they come again.

        The broker would let each of them wait until its patience ends, and refuse it then.
        """
        _, before = await self._connections()
        await asyncio.sleep(SETTLE_S)
        server, now = await self._connections()
        waiting = {visitor for visitor in now if not visitor.account}.intersection(before)
        heard, self._heard = self._heard or set(), None
        await self._cut(server, [visitor for visitor in waiting if visitor.cid not in heard])

    async def _cut(self, server: str, visitors: Iterable[Visitor]) -> None:
        for visitor in visitors:
            await self._ask(f"$SYS.REQ.SERVER.{server}.KICK", {"cid": visitor.cid})

    async def _reconnect(self) -> None:
        delay, longest = RECONNECT_S
        while True:
            with contextlib.suppress(UnavailableError):
                await self.connect()
                return
            await asyncio.sleep(delay)
            delay = min(delay * 1.1, longest)

    async def _connections(self, device: str | None = None) -> tuple[str, list[Visitor]]:
        found: list[Visitor] = []
        while True:
            query: dict[str, object] = {"auth": True, "offset": len(found), "limit": PAGE}
            if device is not None:
                query["mqtt_client"] = device
            answer = await self._ask("$SYS.REQ.SERVER.PING.CONNZ", query)
            page = msgspec.json.decode(answer, type=_Connections)
            found += page.data.connections
            if len(page.data.connections) < PAGE:
                return page.server.id, found

    async def _ask(self, subject: str, content: dict[str, object]) -> bytes:
        if self._client is None or self._client.is_closed:
            message = "the gatekeeper has no connection to the broker"
            raise UnavailableError(message)
        try:
            answer = await self._client.request(
                subject, msgspec.json.encode(content), timeout=REQUEST_S
            )
        except (OSError, TimeoutError, nats.errors.Error) as error:
            message = f"the broker does not answer its gatekeeper: {error!r}"
            raise UnavailableError(message) from error
        return answer.data

    async def _on_closed(self) -> None:
        self._lost.set()
