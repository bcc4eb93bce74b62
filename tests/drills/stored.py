"""What is in the series store in the end, as the store's own users would read it."""

import asyncio
from abc import ABC, abstractmethod
from urllib.parse import urlencode

from tests.contracts.influx_server import InfluxServer
from tests.drills.hub_process import HubProcess
from tests.drills.ledger import Comparison, Ledger, compare, total

PAGE = 10_000


class Stored(ABC):
    @abstractmethod
    async def points(self, device: str, name: str) -> list[tuple[int, float]]:
        """Return all (time ms, value) of a watch's property, oldest first."""


class InfluxStored(Stored):
    """Asks InfluxDB itself, past the hub."""

    def __init__(self, server: InfluxServer) -> None:
        self._server = server

    async def points(self, device: str, name: str) -> list[tuple[int, float]]:
        statement = f'SELECT "{name}" FROM "watch" WHERE "device" = \'{device}\''  # noqa: S608 - our own ids
        found = await asyncio.to_thread(self._server.query, statement, db="cx")
        return [(at, value) for series in found for at, value in series["values"]]


class TelemetryStored(Stored):
    """Asks the companion API."""

    def __init__(self, hub: HubProcess) -> None:
        self._hub = hub

    async def points(self, device: str, name: str) -> list[tuple[int, float]]:
        client = await self._hub.client()
        start: int | None = 0
        found: list[tuple[int, float]] = []
        while start is not None:
            query = urlencode({"property": name, "from": start, "limit": PAGE})
            path = f"/devices/{device}/telemetry?{query}"
            page = await asyncio.to_thread(client.call, "GET", path)
            found += [(at, value) for at, value in page["points"]]
            start = page["next_from"]
        return found


async def compare_all(ledger: Ledger, stored: Stored) -> Comparison:
    """Return the whole ledger beside the whole store."""
    return total(
        [compare(page, await stored.points(page.device, "heart_rate")) for page in ledger.pages]
    )
