"""InfluxDB 1.x, 2.x and 3.x as a series store."""

import asyncio
from collections.abc import Sequence

from hub.adapters.series import influxql
from hub.adapters.series.fields import RESERVED, FieldTypes, check_query, result_class
from hub.adapters.series.influx_http import (
    BadRequestError,
    DeniedError,
    InfluxHttp,
    MissingError,
    Rows,
    TooLargeError,
)
from hub.adapters.series.influx_parts import Entry, all_bad, body, entry, halves, refusals
from hub.adapters.series.influx_stored import stored_points
from hub.adapters.series.influx_versions import InfluxVersion, probe
from hub.adapters.series.settling import FirstWins
from hub.errors import MisconfiguredError, UnavailableError
from hub.model import Sample, ValueType
from hub.ports import RefusedSample, SeriesPoint, SeriesQuery

_LINES_PER_REQUEST = 5000
"""What the server's documentation recommends; about 600 kB."""
_LINES_PER_TURN = 250
"""Lines made before other tasks get their turn: about a millisecond."""
_TYPES = {
    "float": ValueType.NUMBER,
    "integer": ValueType.INTEGER,
    "string": ValueType.STRING,
    "boolean": ValueType.BOOLEAN,
}
"""In the order in which 1.x prefers them where it holds several of one field."""


class InfluxSeries:
    """One bucket of 2.x, or database of 1.x and 3.x.

    `token` is an API token; for 1.x `user:password` where the server asks for one.
    """

    def __init__(  # noqa: PLR0913 (one parameter a setting)
        self,
        url: str,
        *,
        token: str | None = None,
        org: str = "cx",
        bucket: str = "cx",
        retention_days: int | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        self._http = InfluxHttp(url=url, token=token, org=org, timeout_s=timeout_s)
        self._org = org
        self._bucket = bucket
        self._retention_days = retention_days
        self._version: InfluxVersion | None = None
        self._types = FieldTypes()

    async def open(self) -> None:
        await self._http.open()
        try:
            version = await probe(
                self._http,
                org=self._org,
                bucket=self._bucket,
                retention_days=self._retention_days,
            )
            await version.prepare()
            self._version = version
            await self._load_types()
        except DeniedError as error:
            raise MisconfiguredError(str(error)) from None

    async def close(self) -> None:
        self._version = None
        await self._http.close()

    @property
    def _server(self) -> InfluxVersion:
        if self._version is None:
            message = "the series store is not open"
            raise UnavailableError(message)
        return self._version

    # ------------------------------------------------------------------------------------ write

    async def write(self, samples: Sequence[Sample]) -> Sequence[RefusedSample]:
        refused: list[RefusedSample] = []
        first_wins = FirstWins()
        for start in range(0, len(samples), _LINES_PER_REQUEST):
            some = samples[start : start + _LINES_PER_REQUEST]
            late = [sample for sample in some if sample.late]
            if late:
                first_wins.remember(await stored_points(late, types=self._types, query=self._query))
            entries: list[Entry] = []
            for turn in range(0, len(some), _LINES_PER_TURN):
                for sample in some[turn : turn + _LINES_PER_TURN]:
                    self._add(sample, first_wins, entries=entries, refused=refused)
                await asyncio.sleep(0)
            await self._send(entries, refused)
        return refused

    def _add(
        self,
        sample: Sample,
        first_wins: FirstWins,
        *,
        entries: list[Entry],
        refused: list[RefusedSample],
    ) -> None:
        values, misfits = self._types.fit(sample)
        refused += misfits
        if not values:
            return
        settled = first_wins.settle(sample, values)
        if settled.refused is not None:
            refused.append(settled.refused)
        if settled.values:
            entries.append(entry(sample, settled))

    async def _send(self, entries: list[Entry], refused: list[RefusedSample]) -> None:
        """Write the lines; a part that is refused is halved until the bad ones stand alone.

        Good lines may be written several times, which changes nothing.
        """
        parts = [entries] if entries else []
        doubtful = False
        while parts:
            part = parts.pop()
            try:
                await self._write_lines(body(part))
            except TooLargeError as error:
                if len(part) == 1:
                    refused += refusals(part, str(error))
                else:
                    parts += halves(part)
            except BadRequestError as error:
                doubtful = True
                if all_bad(part, error):
                    refused += refusals(part, error.reason)
                else:
                    parts += halves(part)
        if doubtful:
            # What the refused values taught us of their properties' types does not hold.
            await self._load_types()

    async def _write_lines(self, lines: bytes) -> None:
        try:
            await self._server.write(lines)
        except MissingError:
            await self._server.prepare()
            await self._server.write(lines)

    # -------------------------------------------------------------------------- read and delete

    async def read(self, query: SeriesQuery) -> Sequence[SeriesPoint]:
        value_type = await self._type(query)
        check_query(query, value_type)
        if value_type is None or query.limit < 1:
            return ()
        answer = await self._query(influxql.select(query, value_type))
        kept = result_class(query, value_type)
        if query.every_ms is not None:
            return [SeriesPoint(row[0], kept(row[1])) for rows in answer for row in rows.values]
        return [
            SeriesPoint(at_ms, kept(value), None if received is None else at_ms + received)
            for rows in answer
            for at_ms, value, received in rows.values
        ]

    async def _type(self, query: SeriesQuery) -> ValueType | None:
        """Return the property's type; asks again for one that somebody else may have written."""
        known = self._types[query.kind, query.property]
        if known is None and query.property not in RESERVED:
            await self._load_types()
            known = self._types[query.kind, query.property]
        return known

    async def _load_types(self) -> None:
        answer = await self._query("SHOW FIELD KEYS")
        self._types.clear()
        for rows in answer:
            for field_type, value_type in reversed(_TYPES.items()):
                for name in [row[0] for row in rows.values if row[1] == field_type]:
                    if name not in RESERVED:
                        self._types.set(rows.name, name, value_type)

    async def delete(self, device: str, *, kind: str, start_ms: int, end_ms: int) -> None:
        await self._server.delete(device, kind=kind, start_ms=start_ms, end_ms=end_ms)

    async def _query(self, statement: str) -> Sequence[Rows]:
        server = self._server
        try:
            return await self._http.influxql(statement, **server.query_parameters)
        except MissingError:
            await server.prepare()
            return await self._http.influxql(statement, **server.query_parameters)
