"""A real sandbox partner as a child process, and a way to it on which answers are held back."""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from tests.contracts.free_ports import free_port

START_S = 30.0
HEAD_END = b"\r\n\r\n"


@dataclass(kw_only=True)
class SandboxProcess:
    folder: Path
    kind: str = "dry_cleaner"
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, *, secret: str, hook: str) -> None:
        """Start it and return when it answers."""
        file = self.folder / "partner.secret"
        file.touch(mode=0o600)
        file.write_text(secret)
        self._spawn(file, hook)
        async with asyncio.timeout(START_S):
            while not await asyncio.to_thread(self._answers):
                assert self.process is not None
                assert self.process.poll() is None, (self.folder / "partner.log").read_text()
                await asyncio.sleep(0.05)

    def _spawn(self, secret: Path, hook: str) -> None:
        words = ["partner", self.kind, "--port", str(self.port), "--hook", hook]
        words += ["--secret-file", str(secret), "--state", str(self.folder / "partner.state")]
        with (self.folder / "partner.log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-m", "simulators", *words, *self.options],
                stdout=log,
                stderr=log,
            )

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)

    async def mode(self, name: str, *, for_s: float | None = None) -> None:
        await self._ask("/_sandbox/mode", {"mode": name, "for_s": for_s})

    async def requests(self) -> list[dict[str, Any]]:
        ledger = await self._ask("/_sandbox/ledger")
        found: list[dict[str, Any]] = ledger["requests"]
        return found

    async def truth(self) -> dict[str, dict[str, Any]]:
        return {one["order"]: one for one in await self._ask("/_sandbox/truth")}

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/_sandbox/ledger", timeout=2):  # noqa: S310 - our own address
                return True
        except OSError:
            return False

    async def _ask(self, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}{path}", data=data)  # noqa: S310 - our own address

        def ask() -> Any:  # noqa: ANN401 - JSON
            with urlopen(request, timeout=20) as answer:  # noqa: S310 - our own address
                return json.load(answer)

        return await asyncio.to_thread(ask)


@dataclass
class HeldWay:
    """Between hub and partner: lets everything through, and keeps one answer when armed."""

    target_port: int
    port: int = 0
    armed: str = ""
    """The request line's beginning whose answer is kept, `POST /orders `; empty: none."""
    held: asyncio.Event = field(default_factory=asyncio.Event)
    """The partner has answered, and the hub does not know."""
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["HeldWay"]:
        server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in self._writers:
                writer.transport.abort()
            while self._writers:  # noqa: ASYNC110 - their handlers end by themselves
                await asyncio.sleep(0.01)

    def arm(self, beginning: str) -> None:
        self.held.clear()
        self.armed = beginning

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            asked = await _message(reader)
            there, back = await asyncio.open_connection("127.0.0.1", self.target_port)
            back.write(asked)
            answer = await there.read()
            back.close()
            if self.armed and asked.decode(errors="replace").startswith(self.armed):
                self.armed = ""
                self.held.set()
                # Until whoever asked is gone.
                await reader.read()
            else:
                writer.write(answer)
                await writer.drain()
        writer.close()
        self._writers.discard(writer)


async def _message(reader: asyncio.StreamReader) -> bytes:
    """Return one request, told to close its connection after the answer."""
    head = await reader.readuntil(HEAD_END)
    lines = [
        line for line in head[:-4].split(b"\r\n") if not line.lower().startswith(b"connection:")
    ]
    length = next(
        (int(line[15:]) for line in lines if line.lower().startswith(b"content-length:")), 0
    )
    body = await reader.readexactly(length)
    return b"\r\n".join([*lines, b"connection: close"]) + HEAD_END + body
