"""InfluxDB 3: databases by its own API, writes by the 2.x one; single points cannot be deleted."""

from collections.abc import Mapping
from contextlib import suppress

from influxdb_client import WritePrecision

from hub.adapters.series.influx_http import AlreadyThereError, InfluxHttp
from hub.errors import RefusedError


class InfluxV3:
    """Source: https://docs.influxdata.com/influxdb3/core/api/ ."""

    def __init__(
        self, http: InfluxHttp, *, org: str, database: str, retention_days: int | None
    ) -> None:
        self._http = http
        self._org = org
        self._database = database
        self._retention_days = retention_days

    @property
    def query_parameters(self) -> Mapping[str, str]:
        return {"db": self._database}

    async def prepare(self) -> None:
        """Make the database; its retention can be set only then."""
        wanted = {"db": self._database}
        if self._retention_days:
            wanted["retention_period"] = f"{self._retention_days}d"
        with suppress(AlreadyThereError):
            await self._http.request("POST", "/api/v3/configure/database", json=wanted)

    async def write(self, lines: bytes) -> None:
        async with self._http.asking():
            await self._http.client.write_api().write(
                self._database,
                self._org,
                record=lines,
                write_precision=WritePrecision.MS,  # type: ignore[arg-type]  # a str there
            )

    async def delete(self, device: str, *, kind: str, start_ms: int, end_ms: int) -> None:  # noqa: ARG002 (the port's signature)
        message = "InfluxDB 3 cannot delete single points; they end with the database's retention"
        raise RefusedError(message)
