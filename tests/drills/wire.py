"""A small MQTT 3.1.1 client that does what it is told, also what a device should not do."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

REFUSED = 0x80
"""The reason of a subscription that was refused."""
ANSWER_WITHIN_S = 10.0


T = TypeVar("T")


class RefusedConnectionError(ConnectionError):
    """The broker answered CONNECT with a reason, or closed the connection instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    topic: str
    payload: bytes
    duplicate: bool
    retained: bool


def _length(size: int) -> bytes:
    digits = bytearray()
    while True:
        size, digit = divmod(size, 128)
        digits.append(digit | 0x80 if size else digit)
        if not size:
            return bytes(digits)


def _text(text: str | bytes) -> bytes:
    raw = text if isinstance(text, bytes) else text.encode()
    return len(raw).to_bytes(2, "big") + raw


class Line(asyncio.Protocol):
    """One connection; acknowledges what it hears after `hear` returned."""

    def __init__(self, hear: Callable[[Heard], None] | None = None) -> None:
        loop = asyncio.get_running_loop()
        self._hear = hear
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._packets = itertools.cycle(range(1, 65536))
        self._connected: asyncio.Future[bool] = loop.create_future()
        self._subscriptions: dict[int, asyncio.Future[int]] = {}
        self._unanswered: set[int] = set()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._ponged = asyncio.Event()
        self.closed: asyncio.Future[None] = loop.create_future()

    @property
    def alive(self) -> bool:
        return not self.closed.done()

    async def sign_in(
        self, client: str, *, username: str, password: str, clean: bool = False
    ) -> bool:
        """Return whether the broker had kept a session.

        Raises:
            RefusedConnectionError: it does not let us in.
        """
        flags = 0xC0 | (2 if clean else 0)
        body = _text("MQTT") + bytes((4, flags, 0, 0))
        self._send(0x10, body + _text(client) + _text(username) + _text(password))
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await self._connected

    async def subscribe(self, topic: str) -> int:
        """Return the granted QoS, or `REFUSED`."""
        packet = next(self._packets)
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._subscriptions[packet] = answer
        self._send(0x82, packet.to_bytes(2, "big") + _text(topic) + b"\x01")
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await answer

    def publish(
        self, topic: str | bytes, payload: bytes, *, qos: int = 1, retain: bool = False
    ) -> None:
        head = _text(topic)
        if qos:
            packet = next(self._packets)
            self._unanswered.add(packet)
            self._quiet.clear()
            head += packet.to_bytes(2, "big")
        self._send(0x30 | qos << 1 | int(retain), head + payload)

    async def acknowledged(self) -> None:
        """Return when the broker has answered every publication.

        Raises:
            ConnectionError: it closed the connection instead.
        """
        await self._until(self._quiet)
        if not self._quiet.is_set():
            message = "the broker closed the connection"
            raise ConnectionError(message)

    async def ping(self) -> None:
        """Return when the broker has handled everything sent before, or closed the connection."""
        self._ponged.clear()
        self._send(0xC0, b"")
        await self._until(self._ponged)

    async def _until(self, event: asyncio.Event) -> None:
        waiting = asyncio.ensure_future(event.wait())
        try:
            async with asyncio.timeout(6 * ANSWER_WITHIN_S):
                await asyncio.wait((waiting, self.closed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()

    def send_raw(self, raw: bytes) -> None:
        """Send bytes that need be no packet at all."""
        if self._transport is not None and self.alive:
            self._transport.write(raw)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def leave(self) -> None:
        """Say goodbye as MQTT asks; the session stays."""
        self._send(0xE0, b"")
        if self._transport is not None:
            self._transport.close()

    def _send(self, head: int, body: bytes) -> None:
        self.send_raw(bytes((head,)) + _length(len(body)) + body)

    # -- asyncio.Protocol ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        error = RefusedConnectionError(f"the broker closed the connection: {exc}")
        _fail(self._connected, error)
        for answer in self._subscriptions.values():
            _fail(answer, error)
        if not self.closed.done():
            self.closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        at = 0
        while (found := _packet(self._buffer, at)) is not None:
            head, start, end = found
            self._take(head, bytes(self._buffer[start:end]))
            at = end
        del self._buffer[:at]

    def _take(self, head: int, body: bytes) -> None:
        match head >> 4:
            case 2:
                self._take_connack(body)
            case 3:
                self._take_publish(head, body)
            case 4:
                self._unanswered.discard(int.from_bytes(body[:2], "big"))
                if not self._unanswered:
                    self._quiet.set()
            case 9:
                answer = self._subscriptions.pop(int.from_bytes(body[:2], "big"), None)
                if answer is not None and not answer.done():
                    answer.set_result(body[2])
            case 13:
                self._ponged.set()
            case _:
                pass

    def _take_connack(self, body: bytes) -> None:
        if self._connected.done():
            return
        if body[1]:
            self._connected.set_exception(RefusedConnectionError(f"CONNACK {body[1]}"))
        else:
            self._connected.set_result(bool(body[0] & 1))

    def _take_publish(self, head: int, body: bytes) -> None:
        size = int.from_bytes(body[:2], "big")
        topic, at = body[2 : 2 + size].decode(), 2 + size
        qos = head >> 1 & 3
        payload = body[at + 2 :] if qos else body[at:]
        if self._hear is not None:
            self._hear(
                Heard(
                    topic=topic,
                    payload=payload,
                    duplicate=bool(head & 8),
                    retained=bool(head & 1),
                )
            )
        if qos:
            self._send(0x40, body[at : at + 2])


def _fail(answer: asyncio.Future[T], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
        answer.exception()  # asked for, so that nobody reports it as forgotten


def _packet(buffer: bytearray, at: int) -> tuple[int, int, int] | None:
    """Return (first byte, start of the body, its end) of the packet at `at` if it is all there."""
    size = shift = 0
    for index in range(at + 1, min(at + 5, len(buffer))):
        size |= (buffer[index] & 0x7F) << shift
        shift += 7
        if not buffer[index] & 0x80:
            end = index + 1 + size
            return (buffer[at], index + 1, end) if end <= len(buffer) else None
    return None


async def dial(port: int, hear: Callable[[Heard], None] | None = None) -> Line:
    """Return a connection on which nothing was said yet."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(ANSWER_WITHIN_S):
        _, line = await loop.create_connection(lambda: Line(hear), "127.0.0.1", port)
    return line
