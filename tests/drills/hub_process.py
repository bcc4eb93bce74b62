"""A real `hub run` as a child process: started, killed, frozen and asked how it is."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from hub.api.client import Client
from hub.errors import HubError
from tests.contracts.free_ports import free_port

PROGRAM = Path(sys.executable).with_name("hub")
START_S = 60.0
OK = 200
SIGNED_IN_S = 600.0
"""An access token lives for fifteen minutes."""
EMAIL, PASSWORD = "drill@home.example", "for drills only"


def _open(request: str | Request, timeout: float) -> HTTPResponse:
    answer: HTTPResponse = urlopen(request, timeout=timeout)  # noqa: S310 - our own address
    return answer


class HubDiedError(AssertionError):
    """The hub ended by itself."""


@dataclass(kw_only=True)
class HubProcess:
    """Keeps its address and its data directory over restarts."""

    folder: Path
    settings: Mapping[str, str]
    http_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    start_seconds: list[float] = field(default_factory=list, init=False)
    _client: Client | None = field(default=None, init=False)
    _sign_in_at: float = field(default=0.0, init=False)
    person: str = field(default="", init=False)
    household: str = field(default="", init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def data_dir(self) -> Path:
        return Path(self.settings.get("HUB_DATA_DIR", self.folder / "data"))

    @property
    def log(self) -> str:
        return (self.folder / "hub.log").read_text(errors="replace")

    @property
    def pid(self) -> int:
        assert self.process is not None, "the hub was not started"
        return self.process.pid

    @property
    def _environment(self) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("HUB_", "CX_"))
        }
        return {
            **inherited,
            "HUB_DATA_DIR": str(self.data_dir),
            "HUB_HTTP__PORT": str(self.http_port),
            **self.settings,
        }

    async def add_operator(self) -> None:
        """Make the drill's sign-in as an operator does on a new installation."""
        self.folder.mkdir(parents=True, exist_ok=True)
        answer = await asyncio.to_thread(self._add_operator)
        assert answer.returncode == 0, answer.stderr
        made = json.loads(answer.stdout.splitlines()[-1])
        self.person, self.household = made["person"], made["household"]

    def _add_operator(self) -> subprocess.CompletedProcess[str]:
        words = ("people", "add", "Drill", "--email", EMAIL, "--operator", "--json")
        return subprocess.run(  # noqa: S603 - ourselves
            [PROGRAM, *words],
            cwd=self.folder,
            env={**self._environment, "CX_PASSWORD": PASSWORD},
            capture_output=True,
            text=True,
            check=False,
            timeout=START_S,
        )

    async def start(self, *, within_s: float = START_S) -> None:
        """Start it and return when it answers.

        Raises:
            HubDiedError: it ended instead.
        """
        began = time.monotonic()
        self.spawn()
        await self.until_alive(within_s=within_s)
        self.start_seconds.append(time.monotonic() - began)

    def spawn(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (
            (self.folder / "hub.log").open("ab") as log,
            (self.folder / "hub.out").open("ab") as out,
        ):
            self.process = subprocess.Popen(  # noqa: S603 - ourselves
                [PROGRAM, "run", "--json"],
                cwd=self.folder,
                env=self._environment,
                stdout=out,
                stderr=log,
            )

    async def until_alive(self, *, within_s: float = START_S) -> None:
        async with asyncio.timeout(within_s):
            while not await asyncio.to_thread(self._healthy):
                if self.process is None or self.process.poll() is not None:
                    raise HubDiedError(self.log[-4000:])
                await asyncio.sleep(0.05)

    def _healthy(self) -> bool:
        try:
            with _open(f"{self.url}/healthz", timeout=2):
                return True
        except OSError:
            return False

    def kill(self) -> None:
        """End it as a power cut would, and reap it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)

    def freeze(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)

    async def terminate(self, *, within_s: float = 30.0) -> float:
        """Ask it to end; return how many seconds that took."""
        assert self.process is not None, "the hub was not started"
        began = time.monotonic()
        self.process.terminate()
        await asyncio.to_thread(self.process.wait, within_s)
        return time.monotonic() - began

    def rss_mb(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/task").iterdir()))

    async def client(self) -> Client:
        """Return one that is signed in; signing in too often is refused."""
        now = time.monotonic()
        if self._client is None or now > self._sign_in_at:
            self._client = await asyncio.to_thread(Client, self.url, email=EMAIL, password=PASSWORD)
            self._sign_in_at = now + SIGNED_IN_S
        return self._client

    async def ask(self, method: str, path: str, body: object = None, **more: str) -> Any:  # noqa: ANN401 - JSON
        """Call the API signed in; wait where the hub is just being restarted."""
        last: HubError | None = None
        for _ in range(5):
            try:
                client = await self.client()
                return await asyncio.to_thread(client.call, method, path, body, **more)
            except HubError as error:
                last = error
                await asyncio.sleep(0.2)
        raise AssertionError(last)

    async def pages(self, path: str) -> list[dict[str, Any]]:
        """Return all items of a list."""
        client = await self.client()
        join = "&" if "?" in path else "?"
        items: list[dict[str, Any]] = []
        cursor = ""
        while True:
            address = f"{path}{join}limit=100{cursor}"
            page = await asyncio.to_thread(client.call, "GET", address)
            items += page["items"]
            if not page.get("next_cursor"):
                return items
            cursor = f"&cursor={page['next_cursor']}"

    async def status(self, path: str) -> tuple[int, str | None]:
        """Return the status of a read signed in, and its `Retry-After`."""
        signed_in = await self._signed_in()
        return await asyncio.to_thread(self._status, path, signed_in)

    async def _signed_in(self) -> str:
        wish = json.dumps({"email": EMAIL, "password": PASSWORD}).encode()
        headers = {"Content-Type": "application/json"}
        request = Request(  # noqa: S310 - our own address
            f"{self.url}/api/v1/auth/token", data=wish, headers=headers
        )

        def ask() -> str:
            with _open(request, timeout=30) as answer:
                return str(json.load(answer)["access_token"])

        return await asyncio.to_thread(ask)

    def _status(self, path: str, token: str) -> tuple[int, str | None]:
        request = Request(  # noqa: S310 - our own address
            f"{self.url}/api/v1{path}", headers={"Authorization": f"Bearer {token}"}
        )
        try:
            with _open(request, timeout=60) as ok:
                return ok.status, ok.headers.get("Retry-After")
        except HTTPError as error:
            return error.code, error.headers.get("Retry-After")

    async def readyz(self) -> tuple[int, dict[str, Any]]:
        """Return the status and what the parts say."""
        return await asyncio.to_thread(self._readyz)

    def _readyz(self) -> tuple[int, dict[str, Any]]:
        try:
            with _open(f"{self.url}/readyz", timeout=5) as answer:
                return 200, json.load(answer)["parts"]
        except HTTPError as error:
            return error.code, json.load(error)["parts"]
        except OSError as error:
            return 0, {"hub": {"ok": False, "detail": str(error)}}

    async def ready(self, *, within_s: float = 10.0) -> int:
        """Return the status of `/readyz`, 200 as soon as it is."""
        end = time.monotonic() + within_s
        while True:
            status, _ = await self.readyz()
            if status == OK or time.monotonic() > end:
                return status
            await asyncio.sleep(0.05)
