"""Series, as far as they are the reader's to see."""

import pytest

from hub.model import Group, Sample
from tests.api.world import NOW_MS, World

PATH = "/devices/w-alice/telemetry"


async def test_gives_raw_points_with_their_unit(world: World) -> None:
    alice = await world.as_("alice")
    sample = {"ts": NOW_MS - 5000, "values": {"heart_rate": 81.5}}
    await world.publish("w-alice", "telemetry", [sample, {"ts": NOW_MS, "values": {"spo2": 97}}])

    found = (await alice.get(f"{PATH}?property=heart_rate")).json()

    assert found["points"] == [[NOW_MS - 5000, 81.5]]
    assert (found["unit"], found["tier"]) == ("/min", "raw")
    assert found["stale_since"] is None
    assert found["next_from"] is None


@pytest.mark.parametrize(
    "span",
    [
        f"from={NOW_MS - 60_000}&to={NOW_MS}",
        "from=2026-11-18T11:05:40Z&to=2026-11-18T11:06:40",
        "from=2026-11-18T20:05:40+09:00&to=2026-11-18T20:06:40%2B09:00",
    ],
    ids=["milliseconds", "ISO 8601", "another zone, its plus sign not escaped"],
)
async def test_the_span_is_said_in_milliseconds_or_iso_8601(world: World, span: str) -> None:
    await world.publish(
        "w-alice",
        "telemetry",
        [
            {"ts": NOW_MS - 60_001, "values": {"heart_rate": 60}},
            {"ts": NOW_MS - 60_000, "values": {"heart_rate": 61}},
            {"ts": NOW_MS, "values": {"heart_rate": 62}},
        ],
    )
    alice = await world.as_("alice")

    found = (await alice.get(f"{PATH}?property=heart_rate&{span}")).json()

    assert found["points"] == [[NOW_MS - 60_000, 61]]


async def test_gives_one_value_a_bucket(world: World) -> None:
    start = NOW_MS - NOW_MS % 60_000 - 60_000
    samples = [{"ts": start + n * 1000, "values": {"heart_rate": 60 + n}} for n in range(20)]
    await world.publish("w-alice", "telemetry", samples)
    alice = await world.as_("alice")

    path = f"{PATH}?property=heart_rate&from={start}&every=10s&agg=max"
    found = (await alice.get(path)).json()

    assert found["points"] == [[start, 69], [start + 10_000, 79]]


async def test_the_rest_begins_where_it_says(world: World) -> None:
    samples = [{"ts": NOW_MS - n * 1000, "values": {"heart_rate": 60 + n}} for n in range(5)]
    await world.publish("w-alice", "telemetry", samples)
    alice = await world.as_("alice")
    path = f"{PATH}?property=heart_rate&to={NOW_MS + 1}&limit=3"

    first = (await alice.get(path)).json()
    rest = (await alice.get(f"{path}&from={first['next_from']}")).json()

    assert [value for _, value in first["points"] + rest["points"]] == [64, 63, 62, 61, 60]
    assert rest["next_from"] is None


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("property=pressure", 404),
        ("", 422),
        ("property=heart_rate&from=yesterday", 422),
        ("property=heart_rate&from=9999999999999999", 422),
        ("property=heart_rate&every=0s", 422),
        ("property=heart_rate&every=5w", 422),
        ("property=heart_rate&agg=median", 422),
        ("property=heart_rate&from=2000&to=1000", 422),
        ("property=heart_rate&limit=10001", 422),
    ],
)
async def test_a_wrong_question_is_answered_with_what_is_wrong(
    world: World, query: str, status: int
) -> None:
    alice = await world.as_("alice")

    answer = await alice.get(f"{PATH}?{query}")

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_mean_of_text_is_refused(world: World) -> None:
    alice = await world.as_("alice")

    answer = await alice.get("/devices/f-home/telemetry?property=mode&every=1m&agg=mean")

    assert answer.status_code == 422


async def test_says_since_when_the_series_store_lags(world: World) -> None:
    waiting = Sample(
        device="w-alice",
        kind="watch",
        at_ms=NOW_MS,
        received_ms=NOW_MS - 30_000,
        values={"heart_rate": 70},
    )
    await world.records.commit(Group(samples=(waiting,)))
    alice = await world.as_("alice")

    found = (await alice.get(f"{PATH}?property=heart_rate")).json()

    assert found["stale_since"] == "2026-11-18T11:06:10Z"


@pytest.mark.parametrize(
    ("person", "status"),
    [("adam", 403), ("chloe", 403), ("gus", 404), ("bob", 404), ("olga", 404)],
)
async def test_an_adults_readings_are_theirs_alone(world: World, person: str, status: int) -> None:
    await world.publish("w-alice", "telemetry", {"heart_rate": 131})
    client = await world.as_(person)

    answer = await client.get(f"{PATH}?property=heart_rate")

    assert answer.status_code == status
    assert "131" not in answer.text


async def test_guardians_see_a_childs_readings_and_the_child_can_know_it(world: World) -> None:
    await world.publish("w-chloe", "telemetry", {"heart_rate": 101})
    adam, chloe = await world.as_("adam"), await world.as_("chloe")

    seen = (await adam.get("/devices/w-chloe/telemetry?property=heart_rate")).json()
    refused = await chloe.get("/devices/w-alice/telemetry?property=heart_rate")

    assert [value for _, value in seen["points"]] == [101]
    assert refused.status_code == 403
    await world.noted()
    log = (await chloe.get("/access-log")).json()["items"]
    assert [(one["reader"], one["what"], one["allowed"]) for one in log] == [
        ("p_adam", "telemetry w-chloe/heart_rate", True)
    ]
    alice = await world.as_("alice")
    hers = (await alice.get("/access-log")).json()["items"]
    assert [(one["reader"], one["allowed"]) for one in hers] == [("p_chloe", False)]


async def test_ones_own_reading_leaves_no_note(world: World) -> None:
    alice = await world.as_("alice")

    await alice.get(f"{PATH}?property=heart_rate")
    await world.noted()

    assert (await alice.get("/access-log")).json()["items"] == []
