"""Make a broker forget the session it keeps for a client: messages waiting and subscriptions."""

import asyncio
import contextlib

from hub.errors import UnavailableError

_CONNECT = 0x10
_CONNACK_ACCEPTED = 0
_DISCONNECT = b"\xe0\x00"
_USER_PASSWORD_CLEAN = 0xC2
_KEEP_ALIVE_S = 10
_TIMEOUT_S = 2.0


async def forget_session(
    client_id: str, *, host: str, port: int, username: str, password: str
) -> None:
    """Connect as the client with a clean session and leave; who is in under that id is put out.

    The user is one whom the broker lets use any client id.

    Raises:
        UnavailableError: the broker did not confirm it.
    """
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(connect_packet(client_id, username=username, password=password))
                accepted = (await reader.readexactly(4))[3] == _CONNACK_ACCEPTED
                writer.write(_DISCONNECT)
                await writer.drain()
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, EOFError, TimeoutError) as error:
        message = f"the broker did not forget the session of {client_id}: {error!r}"
        raise UnavailableError(message) from error
    if not accepted:
        message = f"the broker refused to forget the session of {client_id}"
        raise UnavailableError(message)


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
