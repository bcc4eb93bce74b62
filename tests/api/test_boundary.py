"""What holds for every request: problems, sizes, headers, health, figures, documents."""

import json
from collections.abc import AsyncIterator

import pytest

from hub.adapters.series.memory import MemorySeries
from hub.errors import UnavailableError
from hub.ports import SeriesPoint, SeriesQuery
from tests.api.world import World


class Away:
    """Records that are locked or away."""

    def __getattr__(self, name: str) -> object:
        async def refuse(*_: object, **__: object) -> None:
            message = "the database is locked"
            raise UnavailableError(message, retry_after_s=2.5)

        return refuse


class HangingSeries(MemorySeries):
    """A store that took the question and says nothing."""

    async def read(self, query: SeriesQuery) -> list[SeriesPoint]:
        raise TimeoutError(query.device)


class FaultySeries(MemorySeries):
    """A store with a fault of ours in it."""

    async def read(self, query: SeriesQuery) -> list[SeriesPoint]:
        message = f"PLANTED {query.device}"
        raise ZeroDivisionError(message)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/me", 401),
        ("PUT", "/me", 405),
        ("POST", "/auth/refresh", 422),
    ],
)
async def test_every_error_is_a_problem_document(
    world: World, method: str, path: str, status: int
) -> None:
    answer = await world.anonymous().request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert {"type", "title", "status", "detail"} <= set(document)
    assert document["status"] == status


async def test_a_record_store_that_is_away_is_503_with_a_time(world: World) -> None:
    alice = await world.as_("alice")
    client = world.on(records=Away())
    client.headers |= alice.headers

    for path in ("/me", "/devices", "/alarms", "/devices/w-alice/twin"):
        answer = await client.get(path)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "3"


async def test_a_series_store_that_hangs_is_503(world: World) -> None:
    alice = await world.as_("alice")
    client = world.on(series=HangingSeries())
    client.headers |= alice.headers

    answer = await client.get("/devices/w-alice/telemetry?property=heart_rate")

    assert answer.status_code == 503


async def test_a_fault_of_ours_tells_nothing(world: World) -> None:
    alice = await world.as_("alice")
    client = world.on(series=FaultySeries())
    client.headers |= alice.headers

    answer = await client.get("/devices/w-alice/telemetry?property=heart_rate")

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "PLANTED" not in answer.text


async def test_a_body_that_is_too_large_is_refused_said_or_unsaid(world: World) -> None:
    alice = await world.as_("alice")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    said = await alice.patch("/me", content=b" " * 1_000_001)
    unsaid = await alice.patch(
        "/me", content=pieces(), headers={"Content-Type": "application/json"}
    )

    assert (said.status_code, unsaid.status_code) == (413, 413)
    assert unsaid.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"null",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"name": "\\ud800"}',
        b'{"resting_heart_rate": NaN}',
        b'{"resting_heart_rate": 1e999}',
        b'{"resting_heart_rate": ' + b"9" * 5000 + b"}",
    ],
    ids=[
        "broken",
        "null",
        "array",
        "not UTF-8",
        "deep",
        "half a character",
        "NaN",
        "infinity",
        "a huge number",
    ],
)
async def test_hostile_json_is_invalid_input(world: World, body: bytes) -> None:
    alice = await world.as_("alice")

    answer = await alice.patch("/me", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 422


async def test_browsers_are_told_what_to_hold_to(world: World) -> None:
    alice = await world.as_("alice")

    answer = await alice.get("/me")

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; frame-ancestors 'none'"
    )


async def test_the_name_of_a_person_is_only_ever_json(world: World) -> None:
    alice = await world.as_("alice")
    hostile = '</script><img src=x onerror="alert(1)">'

    answer = await alice.patch("/me", json={"name": hostile})

    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["name"] == hostile


async def test_the_documentation_runs_only_its_own_script(world: World) -> None:
    page = await world.anonymous().get("http://hub.test/docs")

    policy = page.headers["content-security-policy"]
    assert page.status_code == 200
    assert "'sha256-" in policy
    assert "script-src 'unsafe-inline'" not in policy


async def test_is_ready_while_every_part_works(world: World) -> None:
    world.health.good("broker")
    assert (await world.anonymous().get("http://hub.test/readyz")).status_code == 200

    world.health.bad("broker", "connection refused")

    answer = await world.anonymous().get("http://hub.test/readyz")
    assert answer.status_code == 503
    part = answer.json()["parts"]["broker"]
    assert (part["ok"], part["detail"]) == (False, "connection refused")
    assert (await world.anonymous().get("http://hub.test/healthz")).status_code == 200


async def test_figures_name_routes_and_never_ids(world: World) -> None:
    alice = await world.as_("alice")
    await alice.get("/devices/w-alice")
    await alice.get("/nowhere/w-alice")

    figures = (await world.anonymous().get("http://hub.test/metrics")).text

    line = 'hub_http_answers_total{method="GET",route="/api/v1/devices/{device}",status="200"} 1.0'
    assert line in figures
    assert "w-alice" not in figures


async def test_the_api_document_can_be_followed_by_a_stranger(world: World) -> None:
    document = (await world.anonymous().get("http://hub.test/openapi.json")).json()

    assert "Problem" in document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            if path.startswith("/api/"):
                content = operation["responses"]["422"]["content"]
                assert list(content) == ["application/problem+json"], where


async def test_every_reference_of_the_document_leads_somewhere(world: World) -> None:
    document = (await world.anonymous().get("http://hub.test/openapi.json")).json()
    text = json.dumps(document)

    named = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}

    assert named <= set(document["components"]["schemas"])
