"""A TCP proxy between the hub and anything, which can be made to misbehave while it runs."""

import asyncio
import contextlib
import socket
import struct
from enum import StrEnum
from types import TracebackType
from typing import Self


class Mode(StrEnum):
    OK = "ok"
    DELAY = "delay"
    """Every chunk arrives `delay_s` later."""
    BLACKHOLE = "blackhole"
    """Connections stay open, also new ones, and nothing comes through: a half-open line."""
    REFUSE = "refuse"
    """Open connections end; new ones are refused."""
    RESET = "reset"
    """Open connections, and new ones once accepted, are reset."""


class Proxy:
    """Listens on a free port of 127.0.0.1, which it keeps through all modes."""

    def __init__(self, target: int, *, host: str = "127.0.0.1") -> None:
        self.port = 0
        self._target = host, target
        self._mode = Mode.OK
        self._delay_s = 0.0
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._through = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.switch(Mode.OK)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stop_listening()
        self.cut()
        if self._lines:
            await asyncio.wait(self._lines)

    async def switch(self, mode: Mode, *, delay_s: float = 0.05) -> None:
        """Change the behaviour, of open connections too."""
        self._mode = mode
        self._delay_s = delay_s if mode is Mode.DELAY else 0.0
        if mode is Mode.BLACKHOLE:
            self._through.clear()
        else:
            self._through.set()
        if mode in {Mode.REFUSE, Mode.RESET}:
            self.cut()
        if mode is Mode.REFUSE:
            await self._stop_listening()
        elif self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Reset every open connection, on both sides."""
        for writer in self._writers:
            if not writer.transport.is_closing():
                end: socket.socket = writer.get_extra_info("socket")
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        for line in self._lines:
            line.cancel()

    async def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.create_task(self._carry(reader, writer))
        self._lines.add(line)
        line.add_done_callback(self._lines.discard)
        self._writers.add(writer)
        if self._mode is Mode.RESET:
            self.cut()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = {writer}
        try:
            await self._through.wait()
            far_reader, far_writer = await asyncio.open_connection(*self._target)
            ends.add(far_writer)
            self._writers.add(far_writer)
            async with asyncio.TaskGroup() as both_ways:
                both_ways.create_task(self._pump(reader, far_writer))
                both_ways.create_task(self._pump(far_reader, writer))
        except OSError:
            # No target: the connection ends, as it would without us.
            return
        finally:
            for end in ends:
                end.close()
            self._writers -= ends

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(65536):
                await self._through.wait()
                if self._delay_s:
                    await asyncio.sleep(self._delay_s)
                writer.write(chunk)
                await writer.drain()
        writer.close()
