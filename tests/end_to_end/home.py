"""A home on real parts: a hub, its broker and its series store, and how one speaks with them."""

import asyncio
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from hub.api.client import Client
from hub.errors import UnavailableError
from tests.drills.hub_process import EMAIL, PASSWORD
from tests.drills.sites import Site, site
from tests.end_to_end.watch_process import WatchProcess, worn

RECORDINGS = Path(__file__).parents[1] / "data"
OPEN = frozenset({"queued", "sent", "delivered", "accepted"})
PATIENCE_S = 60.0
POLL_S = 0.1

HEART_RATE = {
    "name": "Heart rate",
    "property": "heart_rate",
    "levels": [
        {"name": "over"},
        {"name": "high", "offset": 10, "first_step": 2},
        {"name": "very high", "offset": 20, "first_step": 4},
    ],
    "hysteresis": 5,
    "dwell_s": 4,
}
"""What the hub has for a new watch too, apart from the limit."""


@dataclass(kw_only=True)
class Home:
    site: Site
    rate: float
    anchor_ms: int
    folder: Path
    _clients: dict[str, Client] = field(default_factory=dict, init=False)

    def now_ms(self) -> int:
        """Return the time of the hub and of the watches."""
        return self.anchor_ms + round((time.time_ns() // 1_000_000 - self.anchor_ms) * self.rate)

    # ---------------------------------------------------------------------------------- the API

    async def ask(self, method: str, path: str, body: object = None, *, email: str = EMAIL) -> Any:  # noqa: ANN401 - JSON
        """Call the API as this person; wait where the hub is just being restarted."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    return await asyncio.to_thread(self._call, method, path, body, email)
                except UnavailableError:
                    await asyncio.sleep(POLL_S)

    def _call(self, method: str, path: str, body: object, email: str) -> Any:  # noqa: ANN401 - JSON
        if email not in self._clients:
            self._clients[email] = Client(self.site.hub.url, email=email, password=PASSWORD)
        return self._clients[email].call(method, path, body)

    async def add_person(self, name: str, *, email: str) -> str:
        """Add somebody as an operator does, take them into the home, and return their id."""
        made = await self.run("hub", "people", "add", name, "--email", email, "--json")
        person: str = json.loads(made.splitlines()[-1])["person"]
        household = self.site.hub.household
        await self.ask("POST", f"/households/{household}/members", {"person": person})
        return person

    async def run(self, program: str, *arguments: str) -> str:
        """Run a program on this home's machine and return what it says.

        Raises:
            CalledProcessError: it failed; what it said is with it.
        """
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        settings = {"HUB_DATA_DIR": str(self.site.hub.data_dir), **self.site.hub.settings}
        process = await asyncio.create_subprocess_exec(
            *(shutil.which(program, path=path) or program, *arguments),
            env=settings | {"PATH": path, "CX_PASSWORD": PASSWORD},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(PATIENCE_S):
            said, complaint = await process.communicate()
        if process.returncode:
            raise subprocess.CalledProcessError(
                process.returncode, program, said.decode(), complaint.decode()
            )
        return said.decode()

    async def pages(self, path: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = await self.ask("GET", f"{path}{'&' if '?' in path else '?'}limit=100{cursor}")
            items += page["items"]
            if not page["next_cursor"]:
                return items
            cursor = f"&cursor={page['next_cursor']}"

    async def claim(self, name: str, *, email: str = EMAIL, kind: str = "watch") -> dict[str, Any]:
        """Make a code as the person, and take it as the device."""
        wish = {
            "kind": kind,
            "name": name,
            "household": self.site.hub.household,
            "person": "me",
        }
        made = await self.ask("POST", "/devices/claims", wish, email=email)
        admission: dict[str, Any] = await self.ask("POST", "/devices/claim", {"code": made["code"]})
        return admission

    async def rule_of(self, device: str) -> dict[str, Any]:
        """Return the rule that came with the device."""
        (rule,) = await self.pages(f"/rules?device={device}")
        return rule

    async def limit(self, device: str, limit: float, **more: object) -> dict[str, Any]:
        """Set a limit, and what else a rule says, in place of what the device came with."""
        rule = await self.rule_of(device)
        body = HEART_RATE | {"household": rule["household"], "devices": [device], "limit": limit}
        changed: dict[str, Any] = await self.ask("PUT", f"/rules/{rule['id']}", body | more)
        return changed

    async def commands(self, device: str) -> list[dict[str, Any]]:
        """Return the device's commands, oldest first."""
        return (await self.pages(f"/devices/{device}/commands"))[::-1]

    async def alarms(self, device: str) -> list[dict[str, Any]]:
        """Return the device's alarms, oldest first."""
        found = [one for one in await self.pages("/alarms") if one["device"] == device]
        return sorted(found, key=lambda one: str(one["since"]))

    async def until_commands_rest(self, device: str) -> list[dict[str, Any]]:
        """Return the commands when none is on its way any more."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                commands = await self.commands(device)
                if all(command["status"] not in OPEN for command in commands):
                    return commands
                await asyncio.sleep(POLL_S)

    # ------------------------------------------------------------------------------ the watches

    @contextlib.asynccontextmanager
    async def worn(self, admission: dict[str, Any], *options: str) -> AsyncIterator[WatchProcess]:
        async with worn(
            admission, self.folder, *options, rate=self.rate, anchor_ms=self.anchor_ms
        ) as watch:
            yield watch

    # ----------------------------------------------------------------------------- the series

    async def stored(self, watch: WatchProcess) -> dict[int, tuple[float, int]]:
        """Return (heart rate, hub time of receipt) by time, when all that was sent is stored.

        Read past the hub, from the store itself.
        """
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = await asyncio.to_thread(self._rows, watch.device)
                if found.keys() >= watch.readings.keys():
                    return found
                await asyncio.sleep(POLL_S)

    def _rows(self, device: str) -> dict[int, tuple[float, int]]:
        rows = self._in_sqlite(device) if self.site.influx is None else self._in_influx(device)
        return {at_ms: (rate, at_ms + delay_ms) for at_ms, rate, delay_ms in rows}

    def _in_sqlite(self, device: str) -> list[tuple[int, float, int]]:
        path = self.site.hub.data_dir / "series.sqlite"
        wanted = (
            "SELECT time, heart_rate, received FROM series_watch"
            " WHERE device = ? AND heart_rate IS NOT NULL"
        )
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as series:
            try:
                return series.execute(wanted, (device,)).fetchall()
            except sqlite3.OperationalError:
                # No reading has come yet.
                return []

    def _in_influx(self, device: str) -> list[tuple[int, float, int]]:
        assert self.site.influx is not None
        statement = f"SELECT heart_rate, received FROM watch WHERE device = '{device}'"  # noqa: S608 - our own
        found = self.site.influx.query(statement, db="cx")
        return [
            (at_ms, rate, round(delay))
            for one in found
            for at_ms, rate, delay in one["values"]
            if rate is not None
        ]


def ms(moment: str) -> int:
    """Return the milliseconds since 1970 of what the API shows."""
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


@contextlib.asynccontextmanager
async def home(
    folder: Path, *, broker: str, series: str, rate: float, anchor_ms: int | None = None
) -> AsyncIterator[Home]:
    """Move in: everything starts, and ends with it."""
    anchor_ms = time.time_ns() // 1_000_000 if anchor_ms is None else anchor_ms
    settings = {
        "HUB_CLOCK__RATE": str(rate),
        "HUB_CLOCK__ANCHOR_MS": str(anchor_ms),
        # By the hub's clock, which runs fast.
        "HUB_HTTP__ACCESS_TOKEN_S": "1000000",
        # A broker hands over again what a killed hub had in hand after two real seconds.
        "HUB_ALERTS__REPLY_TIMEOUT_S": str(10 * rate),
    }
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    async with site(folder, broker=broker, series=series, settings=settings) as found:
        yield Home(site=found, rate=rate, anchor_ms=anchor_ms, folder=folder)


def plain(value: object) -> str:
    """Return JSON that is equal where the values are."""
    return json.dumps(value, sort_keys=True)
