"""Requests through the InfluxDB client's own transport, and what its answers mean to the hub."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import aiohttp
import msgspec
from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync
from influxdb_client.rest import ApiException

from hub.errors import MisconfiguredError, UnavailableError

_DROPPED = re.compile(r"dropped=(\d+)")


class DeniedError(UnavailableError):
    """The server knows us not, or not well enough; the operator may mend it while we run."""


class MissingError(UnavailableError):
    """There is no such database, bucket or retention policy."""


class AlreadyThereError(UnavailableError):
    """What was to be made exists."""


class TooLargeError(UnavailableError):
    """The request is larger than the server takes."""


class BadRequestError(UnavailableError):
    """The server will not take this content, now or later."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        dropped = _DROPPED.search(reason)
        self.dropped = int(dropped[1]) if dropped else 0
        """How many points it says it left out; 0 where it does not say."""


class Rows(msgspec.Struct):
    """One series of an answer at `/query`."""

    name: str = ""
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    columns: list[str] = msgspec.field(default_factory=list)
    values: list[list[Any]] = msgspec.field(default_factory=list)


class _Result(msgspec.Struct):
    series: list[Rows] = msgspec.field(default_factory=list)
    error: str = ""


class _Results(msgspec.Struct):
    results: list[_Result] = msgspec.field(default_factory=list)
    error: str = ""


class _Fault(msgspec.Struct):
    error: str = ""
    """1.x and 3.x."""
    message: str = ""
    """2.x."""


_DENIED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_BAD_REQUEST = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
_BY_STATUS: Mapping[int, type[UnavailableError]] = {
    HTTPStatus.NOT_FOUND: MissingError,
    HTTPStatus.CONFLICT: AlreadyThereError,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLargeError,
}
_results = msgspec.json.Decoder(_Results)
_fault = msgspec.json.Decoder(_Fault)


class InfluxHttp:
    """One client with its pool of connections; every wait ends after `timeout_s`."""

    def __init__(self, *, url: str, token: str | None, org: str, timeout_s: float) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._org = org
        self._timeout_s = timeout_s
        self._client: InfluxDBClientAsync | None = None

    @property
    def client(self) -> InfluxDBClientAsync:
        if self._client is None:
            message = "the series store is not open"
            raise UnavailableError(message)
        return self._client

    async def open(self) -> None:
        if self._client is None:
            milliseconds = int(self._timeout_s * 1000)
            self._client = InfluxDBClientAsync(
                self._url, token=self._token or "", org=self._org, timeout=milliseconds
            )

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def use_basic_authentication(self) -> None:
        """Send the token `user:password` as 1.x wants it."""
        if self._token:
            basic = base64.b64encode(self._token.encode()).decode()
            self.client.api_client.set_default_header("Authorization", f"Basic {basic}")

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """Give what is awaited inside its time, and its failures the hub's names."""
        try:
            async with asyncio.timeout(self._timeout_s):
                yield
        except TimeoutError:
            message = f"InfluxDB at {self._url} has not answered for {self._timeout_s:g} s"
            raise UnavailableError(message) from None
        except ApiException as error:
            raise self._translated(error) from None
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            message = f"{self._url!r} is not an address; HUB_SERIES__URL is like http://host:8086"
            raise MisconfiguredError(message) from None
        except (aiohttp.ClientError, OSError) as error:
            message = f"InfluxDB at {self._url} cannot be reached: {error}"
            raise UnavailableError(message) from None

    async def request(  # noqa: PLR0913 (what a request consists of, by name)
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        json: object = None,
        text: bytes | None = None,
    ) -> tuple[Mapping[str, str], bytes]:
        """Return headers and body of an answer of the 200s."""
        kinds = {"form": "application/x-www-form-urlencoded", "json": "application/json"}
        kind = "form" if form is not None else "json"
        content_type = "text/plain; charset=utf-8" if text is not None else kinds[kind]
        api = self.client.api_client
        async with self.asking():
            response = await api.request(
                method,
                f"{self._url}{path}",
                query_params=list((query or {}).items()),
                headers={
                    **api.default_headers,
                    "Accept": "application/json",
                    "Content-Type": content_type,
                },
                post_params=list((form or {}).items()),
                body=json if text is None else text,
            )
        return response.getheaders(), response.data

    async def influxql(self, statement: str, **parameters: str) -> list[Rows]:
        """Return the series that one statement answers with; times in milliseconds."""
        _, body = await self.request(
            "POST", "/query", query={**parameters, "epoch": "ms"}, form={"q": statement}
        )
        try:
            answer = _results.decode(body)
        except msgspec.DecodeError:
            message = f"InfluxDB at {self._url} answered a query with something else"
            raise UnavailableError(message) from None
        for error in (answer.error, *(result.error for result in answer.results)):
            if error:
                raise self._named(error)
        return [rows for result in answer.results for rows in result.series]

    def _named(self, error: str) -> UnavailableError:
        message = f"InfluxDB at {self._url}: {error}"
        return MissingError(message) if "not found" in error else UnavailableError(message)

    def _translated(self, error: ApiException) -> UnavailableError:
        """Return our error for an answer outside the 200s."""
        reason = _reason(error)
        message = f"InfluxDB at {self._url} answered {error.status}: {reason or error.reason}"
        # Without a reason in InfluxDB's own form it was not InfluxDB that refused the content.
        if error.status in _BAD_REQUEST and reason:
            return BadRequestError(reason)
        if error.status in _DENIED:
            message += "; HUB_SERIES__TOKEN must be a token with the right to this bucket"
            return DeniedError(message, retry_after_s=10.0)
        # 1.x says 500 of a retention policy that is gone.
        if error.status == HTTPStatus.INTERNAL_SERVER_ERROR and "not found" in reason:
            return MissingError(message)
        header = error.headers.get("Retry-After") if error.headers else None
        retry_after_s = _retry_after_s(header)
        return _BY_STATUS.get(error.status, UnavailableError)(message, retry_after_s=retry_after_s)


def _reason(error: ApiException) -> str:
    try:
        fault = _fault.decode(error.body or b"{}")
    except msgspec.DecodeError:
        return ""
    return fault.message or fault.error


def _retry_after_s(header: str | None) -> float:
    """Return the seconds of a Retry-After header, which may also give a date."""
    if not header:
        return 1.0
    try:
        return max(float(header), 0.0)
    except ValueError:
        pass
    try:
        return max((parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return 1.0
