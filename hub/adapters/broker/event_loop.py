"""Lets the event loop do for a paho client what paho's own thread would."""

import asyncio
import socket
from typing import TYPE_CHECKING

from paho.mqtt.client import Client

if TYPE_CHECKING:
    # Not there at run time.
    from paho.mqtt.client import SocketLike


class LoopDriver:
    """Reads, writes and keeps alive one connection of one client, by paho's documented hooks."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._ticking: asyncio.TimerHandle | None = None
        # With this hook set paho never writes by itself, nor from the connecting thread.
        client.on_socket_register_write = lambda _client, _data, _sock: None

    def start(self, *, tick_s: float) -> None:
        """Take over the socket that the client has just connected."""
        client, sock = self._client, self._client.socket()
        if isinstance(sock, socket.socket):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._loop.add_reader(sock, client.loop_read)
        client.on_socket_close = self._on_close
        client.on_socket_register_write = self._on_something_to_write
        client.on_socket_unregister_write = self._on_all_written
        self._write()
        self._tick(tick_s)

    def stop(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()

    def _tick(self, tick_s: float) -> None:
        self._ticking = self._loop.call_later(tick_s, self._tick, tick_s)
        self._client.loop_misc()

    def _write(self) -> None:
        self._client.loop_write()
        sock = self._client.socket()
        if self._client.want_write() and isinstance(sock, socket.socket):
            self._loop.add_writer(sock, self._client.loop_write)

    def _on_something_to_write(self, _client: Client, _data: object, _sock: "SocketLike") -> None:
        # Soon, not now: what is queued meanwhile goes out in the same round.
        self._loop.call_soon(self._write)

    def _on_all_written(self, _client: Client, _data: object, sock: "SocketLike") -> None:
        self._loop.remove_writer(sock.fileno())

    def _on_close(self, _client: Client, _data: object, sock: "SocketLike") -> None:
        self._loop.remove_reader(sock.fileno())
        self._loop.remove_writer(sock.fileno())
