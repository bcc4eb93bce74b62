"""InfluxDB 1.x: a database with the retention policy `autogen`, `/write`, and InfluxQL for all."""

from collections.abc import Mapping

from hub.adapters.series import influxql
from hub.adapters.series.influx_http import InfluxHttp, MissingError
from hub.adapters.series.influx_retention import go_duration_s, retention_s, shard_s

_POLICY = "autogen"


class InfluxV1:
    """Source: https://docs.influxdata.com/influxdb/v1/tools/api/ ."""

    def __init__(self, http: InfluxHttp, *, database: str, retention_days: int | None) -> None:
        self._http = http
        self._database = database
        self._retention_days = retention_days

    @property
    def query_parameters(self) -> Mapping[str, str]:
        return {"db": self._database, "rp": _POLICY}

    async def prepare(self) -> None:
        """Make the database; change its retention only where the settings name one."""
        try:
            policies = await self._policies()
        except MissingError:
            await self._http.influxql(f"CREATE DATABASE {influxql.identifier(self._database)}")
            policies = await self._policies()
        days = self._retention_days
        duration = f"DURATION {retention_s(days)}s" if days else "DURATION INF"
        shards = f"SHARD DURATION {shard_s(days)}s" if days else ""
        if _POLICY not in policies:
            await self._policy("CREATE", f"{duration} REPLICATION 1 {shards} DEFAULT")
        elif days and policies[_POLICY] != retention_s(days):
            await self._policy("ALTER", f"{duration} {shards}")

    async def _policies(self) -> Mapping[str, int]:
        """Return each policy's retention in seconds, 0 for ever."""
        answer = await self._http.influxql(
            f"SHOW RETENTION POLICIES ON {influxql.identifier(self._database)}"
        )
        return {
            row[rows.columns.index("name")]: go_duration_s(row[rows.columns.index("duration")])
            for rows in answer
            for row in rows.values
        }

    async def _policy(self, verb: str, options: str) -> None:
        policy, database = influxql.identifier(_POLICY), influxql.identifier(self._database)
        await self._http.influxql(f"{verb} RETENTION POLICY {policy} ON {database} {options}")

    async def write(self, lines: bytes) -> None:
        target = {"db": self._database, "rp": _POLICY, "precision": "ms"}
        await self._http.request("POST", "/write", query=target, text=lines)

    async def delete(self, device: str, *, kind: str, start_ms: int, end_ms: int) -> None:
        statement = influxql.delete(kind=kind, device=device, start_ms=start_ms, end_ms=end_ms)
        await self._http.influxql(statement, db=self._database)
