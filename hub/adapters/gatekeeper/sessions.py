"""Make a broker forget a client: its subscriptions, what waits for it, and what is retained."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Protocol

from hub.errors import UnavailableError

_CONNECT = 0x10
_CONNACK = 0x20
_PUBLISH_RETAINED_QOS_1 = 0x33
_DISCONNECT = b"\xe0\x00"
_USER_PASSWORD_CLEAN = 0xC2
_KEEP_ALIVE_S = 10
_TIMEOUT_S = 2.0


class Access(Protocol):
    """A way into a broker as a user whom it lets use any client id."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def username(self) -> str: ...
    @property
    def password(self) -> str: ...


async def forget_client(client_id: str, *, access: Access, retained: Sequence[str]) -> None:
    """Connect as the client with a clean session, clear the retained topics, and leave.

    Whoever is in under that id is put out.

    Raises:
        UnavailableError: the broker did not confirm it.
    """
    packets = [connect_packet(client_id, username=access.username, password=access.password)]
    packets += [_clearing(topic, number) for number, topic in enumerate(retained, start=1)]
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(access.host, access.port)
            try:
                for packet in packets:
                    writer.write(packet)
                    await _confirmation(reader)
                writer.write(_DISCONNECT)
                await writer.drain()
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, EOFError, TimeoutError) as error:
        message = f"the broker did not forget {client_id}: {error!r}"
        raise UnavailableError(message) from error


async def _confirmation(reader: asyncio.StreamReader) -> None:
    """Read a CONNACK or PUBACK; both are four bytes long.

    Raises:
        UnavailableError: the connection was refused.
    """
    kind, _, _, code = await reader.readexactly(4)
    if kind == _CONNACK and code:
        message = f"the broker refused the hub under a device's client id (code {code})"
        raise UnavailableError(message)


def _clearing(topic: str, number: int) -> bytes:
    """Return a PUBLISH that removes what is retained on the topic."""
    body = _string(topic) + number.to_bytes(2)
    return bytes([_PUBLISH_RETAINED_QOS_1]) + _length(len(body)) + body


def connect_packet(client_id: str, *, username: str, password: str) -> bytes:
    """Return an MQTT 3.1.1 CONNECT for a clean session."""
    head = _string("MQTT") + bytes([4, _USER_PASSWORD_CLEAN]) + _KEEP_ALIVE_S.to_bytes(2)
    body = head + _string(client_id) + _string(username) + _string(password)
    return bytes([_CONNECT]) + _length(len(body)) + body


def _string(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(2) + encoded


def _length(length: int) -> bytes:
    low, high = length % 128, length // 128
    return bytes([low | 0x80, high]) if high else bytes([low])
