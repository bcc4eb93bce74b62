"""As much of MQTT 3.1.1 as a load generator needs, as bytes; a client would be the bottleneck."""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hub.errors import RefusedError, UnavailableError

PUBLISH_QOS_1 = 0x32
PUBACK = 0x40
CONNACK = 0x20
SUBACK = 0x90
ANSWER_S = 10.0
QUICKACK = getattr(socket, "TCP_QUICKACK", None)

_puback = struct.Struct("!BBH").pack
_string_length = struct.Struct("!H").pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How one client comes in at the broker."""

    client: str
    user: str = ""
    password: str = ""
    clean: bool = True


def string(text: bytes) -> bytes:
    return _string_length(len(text)) + text


def packet(header: int, body: bytes) -> bytes:
    return bytes((header,)) + length(len(body)) + body


def length(count: int) -> bytes:
    """Return the variable byte integer of MQTT."""
    digits = bytearray()
    while True:
        count, digit = divmod(count, 128)
        if not count:
            digits.append(digit)
            return bytes(digits)
        digits.append(digit | 128)


def connect(login: Login) -> bytes:
    """Return CONNECT without a keep-alive: who measures may be silent, or stopped."""
    flags = 2 if login.clean else 0
    body = string(login.client.encode())
    if login.user:
        flags |= 0b1100_0000
        body += string(login.user.encode()) + string(login.password.encode())
    return packet(0x10, string(b"MQTT") + bytes((4, flags, 0, 0)) + body)


def subscribe(topic: str) -> bytes:
    return packet(0x82, b"\x00\x01" + string(topic.encode()) + b"\x01")


def publish_qos_1(topic: bytes, payload: bytes, number: int) -> bytes:
    return packet(PUBLISH_QOS_1, string(topic) + _string_length(number) + payload)


def puback(number: int) -> bytes:
    return _puback(PUBACK, 2, number)


@dataclass(frozen=True, slots=True)
class Received:
    """One packet of the broker; of a PUBLISH its topic, packet id and payload."""

    header: int
    topic: bytes = b""
    number: int = 0
    payload: bytes = b""


class Cutter:
    """Cuts what a socket gives into packets; a part at the end waits for the rest."""

    def __init__(self) -> None:
        self._rest = b""

    def cut(self, data: bytes) -> Iterator[Received]:
        data = self._rest + data
        start, end = 0, len(data)
        while end - start >= 2:  # noqa: PLR2004 - the shortest packet
            size, body = _length_at(data, start + 1)
            if body < 0 or body + size > end:
                break
            yield _received(data[start], data[body : body + size])
            start = body + size
        self._rest = data[start:]


def _length_at(data: bytes, start: int) -> tuple[int, int]:
    """Return the length and where it ends; -1 where it is not whole yet."""
    value = 0
    for index in range(min(4, len(data) - start)):
        digit = data[start + index]
        value |= (digit & 127) << 7 * index
        if not digit & 128:
            return value, start + index + 1
    return 0, -1


def _received(header: int, body: bytes) -> Received:
    if header & 0xF0 != PUBLISH_QOS_1 & 0xF0:
        return Received(header)
    end = 2 + (body[0] << 8 | body[1])
    if not header & 0b0110:
        return Received(header, body[2:end], 0, body[end:])
    number = body[end] << 8 | body[end + 1]
    return Received(header, body[2:end], number, body[end + 2 :])


def come_in(address: tuple[str, int], login: Login, *, topic: str = "") -> socket.socket:
    """Return a connection that the broker took, subscribed to `topic` if one is given.

    Raises:
        UnavailableError: no broker, or no answer.
        RefusedError: it does not take us, or not the subscription.
    """
    try:
        sock = socket.create_connection(address, timeout=ANSWER_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _ask(sock, connect(login), lambda answer: answer[0] == CONNACK and answer[3] == 0)
        if topic:
            _ask(sock, subscribe(topic), lambda answer: answer[0] == SUBACK and answer[4] <= 1)
    except OSError as error:
        message = f"the broker at {address[0]}:{address[1]} does not answer: {error}"
        raise UnavailableError(message) from error
    return sock


def _ask(sock: socket.socket, question: bytes, is_yes: Callable[[bytes], bool]) -> None:
    """Ask, and read no byte more than the answer: the session's messages come behind it."""
    sock.sendall(question)
    deadline = time.monotonic() + ANSWER_S
    answer = b""
    while len(answer) < 2 or len(answer) < answer[1] + 2:  # noqa: PLR2004 - header and length
        some = sock.recv(1 if len(answer) < 2 else answer[1] + 2 - len(answer))  # noqa: PLR2004 - as above
        if not some or time.monotonic() > deadline:
            break
        answer += some
    if len(answer) < 4 or not is_yes(answer):  # noqa: PLR2004 - both answers are four bytes or five
        message = f"the broker refused: {answer.hex()}"
        raise RefusedError(message)


def acknowledge_quickly(sock: socket.socket) -> None:
    if QUICKACK is not None:
        sock.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)
