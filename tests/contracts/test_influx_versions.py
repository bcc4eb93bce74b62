"""The requests that InfluxDB 2.x and 3.x get, against their documentation.

Source: https://docs.influxdata.com/influxdb/v2/api/ and
https://docs.influxdata.com/influxdb3/core/api/ .
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web

from hub.adapters.series.influx import InfluxSeries
from hub.errors import MisconfiguredError, RefusedError, UnavailableError
from hub.model import Sample
from hub.ports import SeriesQuery

ORG = {"id": "0a0a0a0a0a0a0a0a", "name": "home"}
BUCKET = {
    "id": "0b0b0b0b0b0b0b0b",
    "orgID": ORG["id"],
    "name": "cx",
    "retentionRules": [{"type": "expire", "everySeconds": 0}],
}
MAPPING = {
    "id": "0d0d0d0d0d0d0d0d",
    "orgID": ORG["id"],
    "bucketID": BUCKET["id"],
    "database": "cx",
    "retention_policy": "autogen",
    "default": True,
}
WATCH = Sample(
    device="w-1",
    kind="watch",
    at_ms=1_795_000_000_000,
    received_ms=1_795_000_000_012,
    values={"heart_rate": 131.0, "steps": 7, "worn": True, "mode": 'r"un'},
)


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the server saw it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 (whatever was sent)
        return json.loads(self.body)


Answer = Callable[[Call], web.Response]


def answering(content: object, status: int = 200) -> Answer:
    return lambda _: web.json_response(content, status=status)


def refusing(status: int, code: str, message: str) -> Answer:
    return answering({"code": code, "message": message}, status)


def nothing(_: Call) -> web.Response:
    return web.Response(status=204)


def no_fields(_: Call) -> web.Response:
    return web.json_response({"results": [{"statement_id": 0}]})


@dataclass
class RecordingServer:
    """Answers as told and remembers every request."""

    version: str = "v2.7.11"
    url: str = ""
    hangs_at: str = ""
    released: asyncio.Event = field(default_factory=asyncio.Event)
    calls: list[Call] = field(default_factory=list)
    answers: dict[tuple[str, str], Answer] = field(
        default_factory=lambda: {
            ("GET", "/api/v2/buckets"): answering({"buckets": [BUCKET]}),
            ("GET", "/api/v2/orgs"): answering({"orgs": [ORG]}),
            ("POST", "/api/v2/buckets"): answering(BUCKET, 201),
            ("PATCH", f"/api/v2/buckets/{BUCKET['id']}"): answering(BUCKET),
            ("GET", "/api/v2/dbrps"): answering({"content": [MAPPING]}),
            ("POST", "/api/v2/dbrps"): answering(MAPPING, 201),
            ("POST", "/api/v2/write"): nothing,
            ("POST", "/api/v2/delete"): nothing,
            ("POST", "/query"): no_fields,
        }
    )

    async def handle(self, request: web.Request) -> web.Response:
        call = Call(
            request.method, request.path, request.query, request.headers, await request.read()
        )
        if call.path == "/ping":
            return web.Response(status=204, headers={"X-Influxdb-Version": self.version})
        self.calls.append(call)
        if call.path == self.hangs_at:
            await self.released.wait()
        return self.answers[call.method, call.path](call)

    def of(self, method: str, path: str) -> list[Call]:
        return [call for call in self.calls if (call.method, call.path) == (method, path)]


@pytest.fixture
async def server() -> AsyncIterator[RecordingServer]:
    recording = RecordingServer()
    application = web.Application(client_max_size=2**24)
    application.router.add_route("*", "/{path:.*}", recording.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    recording.url = f"http://{host}:{port}"
    yield recording
    recording.released.set()
    await runner.cleanup()


@pytest.fixture
async def series(server: RecordingServer) -> AsyncIterator[InfluxSeries]:
    store = InfluxSeries(server.url, token="secret", org="home", bucket="cx")
    yield store
    await store.close()


async def test_bucket_and_mapping_that_are_there_are_only_looked_at(
    server: RecordingServer, series: InfluxSeries
) -> None:
    await series.open()

    assert [(call.method, call.path) for call in server.calls] == [
        ("GET", "/api/v2/buckets"),
        ("GET", "/api/v2/dbrps"),
        ("POST", "/query"),
    ]
    buckets, mappings, _ = server.calls
    assert dict(buckets.query) == {"org": "home", "name": "cx"}
    assert dict(mappings.query) == {"orgID": ORG["id"], "db": "cx", "rp": "autogen"}
    assert {call.headers["Authorization"] for call in server.calls} == {"Token secret"}


@pytest.mark.parametrize(
    "missing",
    [answering({"buckets": []}), refusing(404, "not found", 'bucket "cx" not found')],
    ids=["empty list", "not found"],
)
async def test_a_missing_bucket_is_made_with_its_mapping(
    server: RecordingServer, series: InfluxSeries, missing: Answer
) -> None:
    server.answers["GET", "/api/v2/buckets"] = missing
    server.answers["GET", "/api/v2/dbrps"] = answering({"content": []})

    await series.open()

    (orgs,) = server.of("GET", "/api/v2/orgs")
    assert dict(orgs.query) == {"org": "home"}
    (bucket,) = server.of("POST", "/api/v2/buckets")
    assert bucket.json == {"orgID": ORG["id"], "name": "cx", "retentionRules": []}
    (mapping,) = server.of("POST", "/api/v2/dbrps")
    assert mapping.json == {
        "orgID": ORG["id"],
        "bucketID": BUCKET["id"],
        "database": "cx",
        "retention_policy": "autogen",
        "default": True,
    }


async def test_a_new_bucket_has_the_retention_of_the_settings(server: RecordingServer) -> None:
    server.answers["GET", "/api/v2/buckets"] = answering({"buckets": []})
    made = {**BUCKET, "retentionRules": [{"type": "expire", "everySeconds": 2_592_000}]}
    server.answers["POST", "/api/v2/buckets"] = answering(made, 201)
    store = InfluxSeries(server.url, token="secret", org="home", retention_days=30)

    await store.open()
    await store.close()

    (bucket,) = server.of("POST", "/api/v2/buckets")
    assert bucket.json["retentionRules"] == [
        {"type": "expire", "everySeconds": 2_592_000, "shardGroupDurationSeconds": 86_400}
    ]
    assert server.of("PATCH", f"/api/v2/buckets/{BUCKET['id']}") == []


async def test_a_bucket_gets_the_retention_of_the_settings(server: RecordingServer) -> None:
    store = InfluxSeries(server.url, token="secret", org="home", retention_days=1)

    await store.open()
    await store.close()

    (change,) = server.of("PATCH", f"/api/v2/buckets/{BUCKET['id']}")
    assert change.json == {
        "retentionRules": [
            {"type": "expire", "everySeconds": 86_400, "shardGroupDurationSeconds": 3600}
        ]
    }


async def test_a_virtual_mapping_is_made_a_real_one_where_the_token_may(
    server: RecordingServer, series: InfluxSeries
) -> None:
    server.answers["GET", "/api/v2/dbrps"] = answering({"content": [{**MAPPING, "virtual": True}]})
    server.answers["POST", "/api/v2/dbrps"] = refusing(401, "unauthorized", "write:orgs")

    await series.open()

    assert len(server.of("POST", "/api/v2/dbrps")) == 1


@pytest.mark.parametrize(
    ("request_line", "answer"),
    [
        (("GET", "/api/v2/buckets"), refusing(401, "unauthorized", "unauthorized access")),
        (("GET", "/api/v2/orgs"), answering({"orgs": []})),
        (("GET", "/api/v2/orgs"), refusing(404, "not found", "organization not found")),
        (("POST", "/api/v2/dbrps"), refusing(403, "forbidden", "insufficient permissions")),
        (("GET", "/api/v2/dbrps"), answering({"content": [{**MAPPING, "bucketID": "0c" * 8}]})),
    ],
    ids=["wrong token", "no such org", "org not found", "may not map", "mapped elsewhere"],
)
async def test_what_the_operator_must_mend_is_said_at_the_start(
    server: RecordingServer,
    series: InfluxSeries,
    request_line: tuple[str, str],
    answer: Answer,
) -> None:
    server.answers["GET", "/api/v2/dbrps"] = answering({"content": []})
    if request_line[1] == "/api/v2/orgs":
        server.answers["GET", "/api/v2/buckets"] = answering({"buckets": []})
    server.answers[request_line] = answer

    with pytest.raises(MisconfiguredError):
        await series.open()


async def test_points_are_written_as_line_protocol_in_milliseconds(
    server: RecordingServer, series: InfluxSeries
) -> None:
    await series.open()

    assert await series.write([WATCH]) == []

    (write,) = server.of("POST", "/api/v2/write")
    assert dict(write.query) == {"org": "home", "bucket": "cx", "precision": "ms"}
    assert write.headers["Content-Type"].startswith("text/plain")
    assert write.headers["Authorization"] == "Token secret"
    assert "Content-Encoding" not in write.headers
    assert write.body.decode() == (
        'watch,device=w-1 heart_rate=131.0,steps=7i,worn=true,mode="r\\"un",received=12i'
        " 1795000000000"
    )


async def test_many_points_go_in_requests_of_five_thousand(
    server: RecordingServer, series: InfluxSeries
) -> None:
    await series.open()
    many = [
        Sample(device="w-1", kind="watch", at_ms=at, received_ms=at, values={"v": 1.0})
        for at in range(12_001)
    ]

    await series.write(many)

    sizes = [call.body.count(b"\n") + 1 for call in server.of("POST", "/api/v2/write")]
    assert sizes == [5000, 5000, 2001]


async def test_a_device_is_deleted_by_the_documented_predicate(
    server: RecordingServer, series: InfluxSeries
) -> None:
    await series.open()

    await series.delete("w-1", kind="watch", start_ms=-1, end_ms=1_795_000_000_000)
    await series.delete("w-1", kind="watch", start_ms=5, end_ms=5)

    (delete,) = server.of("POST", "/api/v2/delete")
    assert dict(delete.query) == {"org": "home", "bucket": "cx"}
    assert delete.json == {
        "start": "1969-12-31T23:59:59.999000000Z",
        # Both ends count there, so the last nanosecond before the end.
        "stop": "2026-11-18T11:06:39.999999999Z",
        "predicate": '_measurement="watch" AND device="w-1"',
    }


async def test_all_times_are_inside_what_the_server_takes(
    server: RecordingServer, series: InfluxSeries
) -> None:
    await series.open()

    await series.delete("w-1", kind="watch", start_ms=-(10**15), end_ms=10**15)

    (delete,) = server.of("POST", "/api/v2/delete")
    assert delete.json["start"] > "1677-09-21T00:12:43.145224193Z"
    assert delete.json["stop"] < "2262-04-11T23:47:16.854775806Z"


async def test_queries_are_influxql_at_the_mapped_database(
    server: RecordingServer, series: InfluxSeries
) -> None:
    await series.open()
    await series.write([WATCH])
    rows = {"name": "watch", "columns": ["time", "mean"], "values": [[1_795_000_000_000, 131]]}
    server.answers["POST", "/query"] = answering({"results": [{"series": [rows]}]})
    server.calls.clear()

    (point,) = await series.read(
        SeriesQuery(
            device="w-1",
            kind="watch",
            property="heart_rate",
            start_ms=1000,
            end_ms=2000,
            every_ms=60_000,
        )
    )

    (query,) = server.of("POST", "/query")
    assert (point.at_ms, point.value, type(point.value)) == (1_795_000_000_000, 131.0, float)
    assert dict(query.query) == {"db": "cx", "rp": "autogen", "epoch": "ms"}
    assert query.headers["Content-Type"] == "application/x-www-form-urlencoded"
    form = _form(query)
    assert form == {
        "q": 'SELECT mean("heart_rate") FROM "watch" WHERE "device" = \'w-1\''
        " AND time >= 1000000000 AND time <= 1999999999"
        " GROUP BY time(60000ms) fill(none) LIMIT 10000"
    }


def _form(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode()))


@pytest.mark.parametrize("status", [400, 422])
async def test_refused_lines_are_found_whether_the_rest_was_stored_or_not(
    server: RecordingServer, series: InfluxSeries, status: int
) -> None:
    """2.x stores nothing of a malformed request, and the rest of one with a type conflict."""
    await series.open()
    samples = [
        Sample(device="w-1", kind="watch", at_ms=at, received_ms=at, values={"v": 1.0, "w": 2.0})
        for at in range(40)
    ]
    stored: set[str] = set()

    def write(call: Call) -> web.Response:
        lines = set(call.body.decode().split("\n"))
        bad = {line for line in lines if "v=" in line and line.rsplit(" ", 1)[1] in ("7", "31")}
        if status == 422 or not bad:
            stored.update(lines - bad)
        if not bad:
            return web.Response(status=204)
        message = f"partial write: field type conflict: dropped={len(bad)}"
        return web.json_response({"code": "invalid", "message": message}, status=status)

    server.answers["POST", "/api/v2/write"] = write

    refused = await series.write(samples)

    assert sorted((each.sample.at_ms, *each.sample.values) for each in refused) == [
        (7, "v"),
        (31, "v"),
    ]
    assert all("field type conflict" in each.reason for each in refused)
    assert len(stored) == 40


async def test_a_request_that_is_too_large_is_halved(
    server: RecordingServer, series: InfluxSeries
) -> None:
    await series.open()
    stored: list[bytes] = []

    def write(call: Call) -> web.Response:
        lines = call.body.split(b"\n")
        if len(lines) > 3:
            return web.Response(status=413)
        stored.extend(lines)
        return web.Response(status=204)

    server.answers["POST", "/api/v2/write"] = write
    samples = [
        Sample(device="w-1", kind="watch", at_ms=at, received_ms=at, values={"v": 1.0})
        for at in range(20)
    ]

    assert await series.write(samples) == []
    assert len(stored) == len(set(stored)) == 20


@pytest.mark.parametrize(
    ("status", "headers", "retry_after_s"),
    [
        (503, {"Retry-After": "7"}, 7.0),
        (429, {"Retry-After": "2.5"}, 2.5),
        (429, {"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        (500, {}, 1.0),
        (502, {"Retry-After": "soon"}, 1.0),
        (401, {}, 10.0),
        (403, {}, 10.0),
        (400, {}, 1.0),
    ],
    ids=str,
)
async def test_everything_else_is_tried_again_later(
    server: RecordingServer,
    series: InfluxSeries,
    status: int,
    headers: dict[str, str],
    retry_after_s: float,
) -> None:
    """A 400 that is not in InfluxDB's own form comes from something in between."""
    await series.open()
    server.answers["POST", "/api/v2/write"] = lambda _: web.Response(
        status=status, headers=headers, text="<html>no</html>"
    )

    with pytest.raises(UnavailableError) as caught:
        await series.write([WATCH])

    assert caught.value.retry_after_s == retry_after_s


async def test_a_server_that_does_not_answer_is_given_up(server: RecordingServer) -> None:
    store = InfluxSeries(server.url, token="secret", org="home", timeout_s=0.1)
    await store.open()
    server.hangs_at = "/api/v2/write"

    with pytest.raises(UnavailableError, match="has not answered"):
        await store.write([WATCH])
    await store.close()


async def test_a_bucket_that_vanished_is_made_again(
    server: RecordingServer, series: InfluxSeries
) -> None:
    await series.open()
    gone = refusing(404, "not found", 'bucket "cx" not found')
    server.answers["GET", "/api/v2/buckets"] = answering({"buckets": []})

    def write(call: Call) -> web.Response:
        return nothing(call) if server.of("POST", "/api/v2/buckets") else gone(call)

    server.answers["POST", "/api/v2/write"] = write

    assert await series.write([WATCH]) == []

    assert len(server.of("POST", "/api/v2/buckets")) == 1
    assert len(server.of("POST", "/api/v2/write")) == 2


async def test_influxdb_3_gets_a_database_and_cannot_delete(server: RecordingServer) -> None:
    server.version = "3.2.1"
    server.answers["POST", "/api/v3/configure/database"] = answering({}, 409)
    store = InfluxSeries(server.url, token="secret", bucket="cx", retention_days=30)

    await store.open()
    await store.write([WATCH])
    with pytest.raises(RefusedError):
        await store.delete("w-1", kind="watch", start_ms=0, end_ms=10)
    await store.close()

    (database,) = server.of("POST", "/api/v3/configure/database")
    assert database.json == {"db": "cx", "retention_period": "30d"}
    (write,) = server.of("POST", "/api/v2/write")
    assert (write.query["bucket"], write.query["precision"]) == ("cx", "ms")
    (query,) = server.of("POST", "/query")
    assert dict(query.query) == {"db": "cx", "epoch": "ms"}


async def test_something_that_is_not_influxdb_is_the_operators_to_mend(
    server: RecordingServer, series: InfluxSeries
) -> None:
    server.version = ""
    server.answers["GET", "/health"] = answering({"status": "fine"})

    with pytest.raises(MisconfiguredError):
        await series.open()


async def test_an_address_that_is_none_is_the_operators_to_mend() -> None:
    store = InfluxSeries("127.0.0.1:8086")

    with pytest.raises(MisconfiguredError):
        await store.open()
    await store.close()
