"""What differs between InfluxDB 1.x, 2.x and 3.x: setting up, writing, deleting."""

import re
from collections.abc import Mapping
from typing import Protocol

import msgspec

from hub.adapters.series.influx_http import BadRequestError, InfluxHttp, MissingError
from hub.adapters.series.influx_v1 import InfluxV1
from hub.adapters.series.influx_v2 import InfluxV2
from hub.adapters.series.influx_v3 import InfluxV3
from hub.errors import MisconfiguredError

_MAJOR = re.compile(r"v?(\d+)\.")


class InfluxVersion(Protocol):
    """One generation of the server, and the database or bucket in it."""

    @property
    def query_parameters(self) -> Mapping[str, str]:
        """Return what selects our database at `/query`."""

    async def prepare(self) -> None:
        """Make what is missing."""

    async def write(self, lines: bytes) -> None: ...

    async def delete(self, device: str, *, kind: str, start_ms: int, end_ms: int) -> None: ...


async def probe(
    http: InfluxHttp, *, org: str, bucket: str, retention_days: int | None
) -> InfluxVersion:
    """Ask the server what it is and return how to speak to it.

    Raises:
        MisconfiguredError: what answers is no InfluxDB of version 1, 2 or 3.
    """
    version = await _version(http)
    major = _MAJOR.match(version)
    match major[1] if major else "":
        case "1":
            http.use_basic_authentication()
            return InfluxV1(http, database=bucket, retention_days=retention_days)
        case "2":
            return InfluxV2(http, org=org, bucket=bucket, retention_days=retention_days)
        case "3":
            return InfluxV3(http, org=org, database=bucket, retention_days=retention_days)
        case _:
            message = f"HUB_SERIES__URL answers, but not as InfluxDB 1, 2 or 3: version {version!r}"
            raise MisconfiguredError(message)


class _Ping(msgspec.Struct):
    version: str = ""


async def _version(http: InfluxHttp) -> str:
    """Return what `/ping` says in its header (1.x, 2.x) or body (3.x), else `/health`."""
    for path in ("/ping", "/health"):
        try:
            headers, body = await http.request("GET", path)
        except (MissingError, BadRequestError):
            continue
        version = headers.get("X-Influxdb-Version") or _version_in(body)
        if version:
            return version
    return ""


def _version_in(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Ping).version
    except msgspec.DecodeError:
        return ""
