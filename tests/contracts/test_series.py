"""What the `SeriesStore` port promises, on every adapter."""

import asyncio
import itertools
import json
import math
import random
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.adapters.series.influx import InfluxSeries
from hub.adapters.series.memory import MemorySeries
from hub.adapters.series.sqlite import SqliteSeries
from hub.errors import InvalidInputError
from hub.model import Quality, Sample, Value
from hub.ports import SeriesQuery, SeriesStore
from tests.contracts.influx_server import InfluxServer, installed

T0 = 1_795_000_000_000
_buckets = (f"cx_{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    if not installed():
        pytest.skip("influxd is not on PATH: apt-get install influxdb")
    server = InfluxServer(tmp_path_factory.mktemp("influx"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(
    params=["memory", "sqlite", pytest.param("influx", marks=pytest.mark.influx)],
)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SeriesStore]:
    made: SeriesStore
    match request.param:
        case "memory":
            made = MemorySeries()
        case "sqlite":
            made = SqliteSeries(tmp_path / "series.sqlite")
        case _:
            server: InfluxServer = request.getfixturevalue("influx")
            made = InfluxSeries(server.url, bucket=next(_buckets))
    await made.open()
    yield made
    await made.close()


def sample(at_ms: int = T0, /, **values: Value) -> Sample:
    return of("w-1", at_ms, **values)


def of(device: str, at_ms: int, /, **values: Value) -> Sample:
    return Sample(device=device, kind="watch", at_ms=at_ms, received_ms=at_ms + 12, values=values)


def late(at_ms: int = T0, /, **values: Value) -> Sample:
    return replace(sample(at_ms, **values), received_ms=at_ms + 7_200_000, late=True)


def ask(name: str, /, **other: object) -> SeriesQuery:
    wanted: dict[str, object] = {
        "device": "w-1",
        "kind": "watch",
        "property": name,
        "start_ms": -(10**13),
        "end_ms": 10**13,
        **other,
    }
    return SeriesQuery(**wanted)  # type: ignore[arg-type]  # by name, as the caller has them


async def points(store: SeriesStore, name: str, /, **other: object) -> list[tuple[int, Value]]:
    found = await store.read(ask(name, **other))
    return [(point.at_ms, point.value) for point in found]


# ---------------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    "value",
    [131.0, 0.1, -0.5, 1e-300, 1.7e308, 1 / 3, 7, -(2**63), 2**63 - 1, True, False, "", "x"],
    ids=repr,
)
async def test_a_value_comes_back_as_it_was_with_its_type(store: SeriesStore, value: Value) -> None:
    assert await store.write([sample(v=value)]) == []

    (point,) = await store.read(ask("v"))

    assert (point.at_ms, point.value, type(point.value)) == (T0, value, type(value))
    assert point.received_ms == T0 + 12


async def test_hostile_strings_come_back_as_they_were(store: SeriesStore) -> None:
    seed = 20_261_123
    chance = random.Random(seed)  # noqa: S311 (a seeded world, not a secret)
    alphabet = "ab \\\"',=\n\r\t{}$;#-/é심박🫀\x7f"
    texts = ["".join(chance.choices(alphabet, k=chance.randint(0, 9))) for _ in range(300)]
    texts += ['"', "\\", '\\"', "a\\", "\\\\", "' OR '1'='1", "x\n,device=w-2 v=1 1", "%s%n"]

    assert await store.write([sample(T0 + i, s=text) for i, text in enumerate(texts)]) == []

    assert await points(store, "s") == [(T0 + i, text) for i, text in enumerate(texts)]


@pytest.mark.parametrize(
    "at_ms",
    [-1, 0, 1, -62_135_596_800, -9_000_000_000_000, 4_070_908_800_000, 9_223_372_036_854],
    ids=lambda at_ms: f"{at_ms}",
)
async def test_a_point_is_stored_at_its_own_time(store: SeriesStore, at_ms: int) -> None:
    assert await store.write([sample(at_ms, v=1.0)]) == []

    assert await points(store, "v", start_ms=at_ms, end_ms=at_ms + 1) == [(at_ms, 1.0)]


async def test_a_time_that_no_store_can_hold_is_refused(store: SeriesStore) -> None:
    far = sample(253_402_300_799_000, v=1.0)

    refused = await store.write([far, sample(T0, v=2.0)])

    assert [each.sample for each in refused] == [far]
    assert await points(store, "v") == [(T0, 2.0)]


async def test_values_that_no_store_can_hold_are_refused_alone(store: SeriesStore) -> None:
    bad: dict[str, Value] = {
        "nan": math.nan,
        "infinite": -math.inf,
        "huge": 2**63,
        "broken": "\ud800",
        "": 1.0,
        "time": 2.0,
        "received": 3,
        "_hidden": 4.0,
        "line\nbreak": 5.0,
    }

    refused = await store.write([sample(T0, good=1.0, **bad)])

    assert {name for each in refused for name in each.sample.values} == set(bad)
    assert await points(store, "good") == [(T0, 1.0)]


async def test_a_property_never_changes_its_type(store: SeriesStore) -> None:
    await store.write([sample(T0, v=1.0, n=1, b=True, s="x")])

    refused = await store.write([sample(T0 + 1, v=1, n=1.0, b=1, s=False, w=2.0)])

    assert {name for each in refused for name in each.sample.values} == {"v", "n", "b", "s"}
    assert all("type" in each.reason for each in refused)
    assert await points(store, "w") == [(T0 + 1, 2.0)]
    assert await points(store, "v") == [(T0, 1.0)]


async def test_names_that_differ_in_capitals_only_are_not_two_properties(
    store: SeriesStore,
) -> None:
    refused = await store.write([sample(T0, pulse=1.0, Pulse=2.0)])

    assert [dict(each.sample.values) for each in refused] == [{"Pulse": 2.0}]


async def test_properties_of_two_kinds_have_types_of_their_own(store: SeriesStore) -> None:
    fridge = replace(sample(T0, v="open"), kind="fridge")

    assert await store.write([sample(T0, v=1.0), fridge]) == []

    assert await points(store, "v", kind="fridge") == [(T0, "open")]


async def test_hostile_names_are_names(store: SeriesStore) -> None:
    """They cannot come from a device; a plug-in may still choose badly."""
    name, kind, device = "a \"b',=c; DROP", "k =,'\" --", "d '\" OR 1=1,="
    hostile = Sample(device=device, kind=kind, at_ms=T0, received_ms=T0, values={name: 1.5})
    other = replace(hostile, device="w-1")
    query = ask(name, device=device, kind=kind)

    assert await store.write([hostile, other]) == []
    assert await store.write([replace(hostile, late=True, values={name: 2.5})]) != []
    (point,) = await store.read(query)
    assert point.value == 1.5
    (bucket,) = await store.read(replace(query, every_ms=1000))
    assert bucket.value == 1.5
    await store.delete(device, kind=kind, start_ms=T0, end_ms=T0 + 1)

    assert list(await store.read(query)) == []
    assert len(await store.read(replace(query, device="w-1"))) == 1


# -------------------------------------------------------------------------- once, and first wins


async def test_writing_again_what_is_there_changes_nothing(store: SeriesStore) -> None:
    some = [sample(T0 + i, v=float(i), n=i) for i in range(10)]

    for again in (some, some, [replace(each, late=True) for each in some], some + some):
        assert await store.write(again) == []

    assert await points(store, "v") == [(T0 + i, float(i)) for i in range(10)]
    found = await store.read(ask("v"))
    assert {point.received_ms for point in found} == {T0 + i + 12 for i in range(10)}


async def test_of_two_values_the_first_stays_and_a_late_one_is_a_conflict(
    store: SeriesStore,
) -> None:
    await store.write([sample(T0, v=1.0, n=5)])

    refused = await store.write([late(T0, v=2.0, n=5, s="new")])

    assert [(dict(each.sample.values), each.reason) for each in refused] == [
        ({"v": 2.0}, "conflict")
    ]
    assert await points(store, "v") == [(T0, 1.0)]
    assert await points(store, "n") == [(T0, 5)]
    assert await points(store, "s") == [(T0, "new")]


async def test_the_first_of_two_wins_within_one_call(store: SeriesStore) -> None:
    refused = await store.write(
        [sample(T0, v=1.0), sample(T0, v=2.0, w=3.0), sample(T0, w=3.0), sample(T0, w=4.0)]
    )

    assert [(dict(each.sample.values), each.reason) for each in refused] == [
        ({"v": 2.0}, "conflict"),
        ({"w": 4.0}, "conflict"),
    ]
    assert await points(store, "v") == [(T0, 1.0)]
    assert await points(store, "w") == [(T0, 3.0)]


async def test_a_conflict_comes_out_the_same_when_it_is_tried_again(store: SeriesStore) -> None:
    some = [sample(T0, v=1.0), late(T0, v=2.0), late(T0 - 1, v=3.0)]

    first = await store.write(some)
    second = await store.write(some)

    assert first == second
    assert await points(store, "v") == [(T0 - 1, 3.0), (T0, 1.0)]


async def test_a_point_keeps_its_first_time_of_receipt(store: SeriesStore) -> None:
    await store.write([sample(T0, v=1.0)])
    await store.write([late(T0, w=2.0)])
    await store.write([sample(T0 + 1, v=1.0), late(T0 + 1, w=2.0)])

    for name, at_ms in itertools.product(("v", "w"), (T0, T0 + 1)):
        (point,) = await store.read(ask(name, start_ms=at_ms, end_ms=at_ms + 1))
        assert point.received_ms == at_ms + 12


async def test_late_samples_of_many_devices_find_their_conflicts(store: SeriesStore) -> None:
    devices = [f"w-{number}" for number in range(130)]
    times = [T0 + step * 1000 for step in range(-300, 0, 30)]
    there = [
        of(device, at_ms, v=float(index % 7))
        for device in devices
        for index, at_ms in enumerate(times)
    ]
    await store.write(there)
    contrary = {(each.device, each.at_ms) for each in there[::13]}

    refused = await store.write(
        [
            replace(
                each,
                late=True,
                values={"v": -1.0} if (each.device, each.at_ms) in contrary else each.values,
            )
            for each in there
        ]
    )

    assert {(each.sample.device, each.sample.at_ms) for each in refused} == contrary
    assert len(refused) == len(contrary)


async def test_late_samples_are_compared_across_months_and_dense_minutes(
    store: SeriesStore,
) -> None:
    dense = [sample(T0 + step * 10, v=float(step)) for step in range(4500)]
    scattered = [sample(T0 - month * 31 * 86_400_000, v=0.5) for month in range(1, 7)]
    await store.write(scattered + dense)

    refused = await store.write(
        [replace(each, late=True, values={"v": 9.25}) for each in scattered]
        + [replace(dense[0], late=True, values={"v": 9.25})]
        + [replace(each, late=True) for each in dense[1:-1]]
        + [replace(dense[-1], late=True, values={"v": 9.25})]
    )

    assert {each.sample.at_ms for each in refused} == {
        *(each.at_ms for each in scattered),
        dense[0].at_ms,
        dense[-1].at_ms,
    }


# ------------------------------------------------------------------------------------------ read


async def test_an_interval_includes_its_start_and_not_its_end(store: SeriesStore) -> None:
    await store.write([sample(T0 + i, v=float(i)) for i in range(5)])

    assert await points(store, "v", start_ms=T0 + 1, end_ms=T0 + 3) == [
        (T0 + 1, 1.0),
        (T0 + 2, 2.0),
    ]
    assert await points(store, "v", start_ms=T0 + 2, end_ms=T0 + 2) == []
    assert await points(store, "v", start_ms=T0 + 3, end_ms=T0) == []
    assert len(await points(store, "v", start_ms=-(10**30), end_ms=10**30)) == 5


async def test_points_come_oldest_first_and_the_oldest_are_kept_by_the_limit(
    store: SeriesStore,
) -> None:
    await store.write([sample(T0 + i, v=float(i), w=0.0) for i in (4, 2, 0, 3, 1)])
    await store.write([sample(T0 + 10 + i, w=1.0) for i in range(5)])
    await store.write([sample(T0 + 20, v=5.0)])

    assert [at for at, _ in await points(store, "v")] == [T0 + at for at in (0, 1, 2, 3, 4, 20)]
    assert [at for at, _ in await points(store, "v", limit=6)][-1] == T0 + 20
    assert [at for at, _ in await points(store, "v", limit=2)] == [T0, T0 + 1]
    assert await points(store, "v", limit=0) == []


@pytest.mark.parametrize(
    "other",
    [{"device": "w-2"}, {"kind": "fridge"}, {"property": "nothing"}, {"property": "received"}],
    ids=str,
)
async def test_what_is_not_there_is_empty(store: SeriesStore, other: dict[str, str]) -> None:
    await store.write([sample(T0, v=1.0)])

    assert list(await store.read(replace(ask("v"), **other))) == []  # type: ignore[arg-type]  # all are strings
    assert list(await store.read(replace(ask("v", every_ms=1000), **other))) == []  # type: ignore[arg-type]  # all are strings


async def test_two_devices_do_not_see_each_other(store: SeriesStore) -> None:
    await store.write([sample(T0, v=1.0), of("w-10", T0, v=2.0)])

    assert await points(store, "v") == [(T0, 1.0)]


@pytest.mark.parametrize(
    ("aggregate", "name", "expected"),
    [
        ("mean", "v", [2.0, 7.5]),
        ("min", "v", [1.0, 5.0]),
        ("max", "v", [3.0, 10.0]),
        ("sum", "v", [6.0, 15.0]),
        ("count", "v", [3, 2]),
        ("first", "v", [3.0, 10.0]),
        ("last", "v", [2.0, 5.0]),
        ("mean", "n", [2.0, 7.5]),
        ("min", "n", [1, 5]),
        ("max", "n", [3, 10]),
        ("sum", "n", [6, 15]),
        ("count", "n", [3, 2]),
        ("first", "n", [3, 10]),
        ("last", "n", [2, 5]),
        ("min", "b", [False, False]),
        ("max", "b", [True, True]),
        ("count", "b", [3, 2]),
        ("first", "b", [True, True]),
        ("last", "b", [False, False]),
        ("count", "s", [3, 2]),
        ("first", "s", ["3", "10"]),
        ("last", "s", ["2", "5"]),
    ],
)
async def test_buckets_hold_the_aggregate_in_its_type(
    store: SeriesStore, aggregate: str, name: str, expected: list[Value]
) -> None:
    at = [T0, T0 + 400, T0 + 999, T0 + 5000, T0 + 5999]
    await store.write(
        [
            sample(at_ms, v=float(n), n=n, b=n in (3, 10), s=str(n))
            for at_ms, n in zip(at, (3, 1, 2, 10, 5), strict=True)
        ]
    )

    found = await points(store, name, every_ms=1000, aggregate=aggregate)

    assert found == [(T0, expected[0]), (T0 + 5000, expected[1])]
    assert [type(value) for _, value in found] == [type(value) for value in expected]


@pytest.mark.parametrize(
    ("aggregate", "name"),
    [
        ("mean", "b"),
        ("sum", "b"),
        ("mean", "s"),
        ("min", "s"),
        ("max", "s"),
        ("sum", "s"),
        ("median", "v"),
        ("mean(v), count", "v"),
        ("", "v"),
    ],
)
async def test_an_aggregate_that_does_not_fit_is_the_askers_mistake(
    store: SeriesStore, aggregate: str, name: str
) -> None:
    await store.write([sample(T0, v=1.0, b=True, s="x")])

    with pytest.raises(InvalidInputError):
        await store.read(ask(name, every_ms=1000, aggregate=aggregate))


@pytest.mark.parametrize("every_ms", [0, -1, 10**18])
async def test_a_bucket_has_a_width(store: SeriesStore, every_ms: int) -> None:
    with pytest.raises(InvalidInputError):
        await store.read(ask("v", every_ms=every_ms))


@pytest.mark.parametrize("every_ms", [1, 7, 1000, 60_000, 86_400_000, 7 * 86_400_000])
async def test_buckets_are_aligned_to_1970_also_before_it(
    store: SeriesStore, every_ms: int
) -> None:
    times = [-604_800_001, -86_400_000, -7, -1, 0, 6, 7, 59_999, 60_000, T0]
    await store.write([sample(at_ms, v=1.0) for at_ms in times])

    found = await points(store, "v", every_ms=every_ms, aggregate="count")

    expected: dict[int, int] = {}
    for at_ms in times:
        bucket = math.floor(at_ms / every_ms) * every_ms
        expected[bucket] = expected.get(bucket, 0) + 1
    assert found == sorted(expected.items())


async def test_a_bucket_counts_only_what_the_interval_holds(store: SeriesStore) -> None:
    await store.write([sample(T0 + i, v=float(i)) for i in range(1000)])

    found = await points(
        store, "v", every_ms=1000, aggregate="count", start_ms=T0 + 10, end_ms=T0 + 20
    )

    assert found == [(T0, 10)]


async def test_the_limit_counts_buckets_that_hold_something(store: SeriesStore) -> None:
    await store.write([sample(T0 + day * 86_400_000, v=1.0) for day in (0, 40, 90)])

    found = await points(store, "v", every_ms=1000, limit=2)

    assert found == [(T0, 1.0), (T0 + 40 * 86_400_000, 1.0)]


# ---------------------------------------------------------------------------------------- delete


async def test_what_is_deleted_is_gone_and_nothing_else(store: SeriesStore) -> None:
    fridge = replace(sample(T0 + 1, v=1.0), kind="fridge")
    await store.write([sample(T0 + i, v=float(i), w=1.0) for i in range(5)] + [fridge])
    await store.write([of("w-10", T0 + 1, v=1.0)])

    await store.delete("w-1", kind="watch", start_ms=T0 + 1, end_ms=T0 + 4)

    assert await points(store, "v") == [(T0, 0.0), (T0 + 4, 4.0)]
    assert await points(store, "w") == [(T0, 1.0), (T0 + 4, 1.0)]
    assert len(await points(store, "v", device="w-10")) == 1
    assert len(await points(store, "v", kind="fridge")) == 1


async def test_everything_of_a_device_can_be_deleted_and_written_anew(
    store: SeriesStore,
) -> None:
    await store.write([sample(at_ms, v=1.0) for at_ms in (-5000, T0, 4_070_908_800_000)])

    await store.delete("w-1", kind="watch", start_ms=-(10**13), end_ms=10**13)

    assert await points(store, "v") == []
    assert await store.write([late(T0, v=2.0)]) == []
    assert await points(store, "v") == [(T0, 2.0)]


async def test_deleting_what_is_not_there_does_nothing(store: SeriesStore) -> None:
    await store.write([sample(T0, v=1.0)])

    await store.delete("w-2", kind="watch", start_ms=0, end_ms=10**13)
    await store.delete("w-1", kind="nothing", start_ms=0, end_ms=10**13)
    await store.delete("w-1", kind="watch", start_ms=T0 + 1, end_ms=T0)

    assert await points(store, "v") == [(T0, 1.0)]


# ----------------------------------------------------------------------------- the rest


async def test_nothing_to_write_is_no_fault(store: SeriesStore) -> None:
    assert await store.write([]) == []
    assert await store.write([sample(T0)]) == []


async def test_opening_again_changes_nothing(store: SeriesStore) -> None:
    await store.write([sample(T0, v=1.0)])

    await store.open()

    assert await points(store, "v") == [(T0, 1.0)]
    assert len(await store.write([sample(T0 + 1, v="text")])) == 1


async def test_writes_and_reads_may_overlap(store: SeriesStore) -> None:
    async def write(device: str) -> None:
        for start in range(0, 100, 20):
            some = [of(device, T0 + start + i, v=1.0) for i in range(20)]
            assert await store.write(some) == []

    async with asyncio.TaskGroup() as tasks:
        for number in range(4):
            tasks.create_task(write(f"w-{number}"))
            tasks.create_task(store.read(ask("v", device=f"w-{number}")))

    for number in range(4):
        assert len(await points(store, "v", device=f"w-{number}")) == 100


# ------------------------------------------------------------------- InfluxDB in its own words


@pytest.mark.influx
async def test_anyone_reads_the_schema_in_influx_itself(influx: InfluxServer) -> None:
    bucket = next(_buckets)
    store = InfluxSeries(influx.url, bucket=bucket)
    await store.open()
    bad = replace(sample(T0 + 1, heart_rate=0.0), quality=Quality.BAD)

    await store.write([sample(T0, heart_rate=131.0, steps=7, worn=True, mode='r"un'), bad])
    await store.close()

    (everything,) = influx.query('SELECT * FROM "watch"', db=bucket)
    assert everything["name"] == "watch"
    rows = [dict(zip(everything["columns"], row, strict=True)) for row in everything["values"]]
    nothing = dict.fromkeys(("steps", "worn", "mode", "quality"))
    assert rows == [
        {
            "time": T0,
            "device": "w-1",
            "heart_rate": 131,
            "steps": 7,
            "worn": True,
            "mode": 'r"un',
            "received": 12,
            "quality": None,
        },
        {"time": T0 + 1, "device": "w-1", "heart_rate": 0, "received": 12}
        | nothing
        | {"quality": "bad"},
    ]
    (tags,) = influx.query('SHOW TAG KEYS FROM "watch"', db=bucket)
    assert tags["values"] == [["device"]]
    (fields,) = influx.query('SHOW FIELD KEYS FROM "watch"', db=bucket)
    assert dict(fields["values"]) == {
        "heart_rate": "float",
        "steps": "integer",
        "worn": "boolean",
        "mode": "string",
        "received": "integer",
        "quality": "string",
    }


@pytest.mark.influx
@pytest.mark.parametrize(
    ("days", "duration", "shards"),
    [
        (None, "0s", "168h0m0s"),
        (1, "24h0m0s", "1h0m0s"),
        (30, "720h0m0s", "24h0m0s"),
        (400, "9600h0m0s", "168h0m0s"),
    ],
    ids=str,
)
async def test_retention_is_that_of_the_settings(
    influx: InfluxServer, days: int | None, duration: str, shards: str
) -> None:
    bucket = next(_buckets)
    for retention_days in (400, 30, days) if days else (None,):
        store = InfluxSeries(influx.url, bucket=bucket, retention_days=retention_days)
        await store.open()
        await store.close()

    (policies,) = influx.query(f'SHOW RETENTION POLICIES ON "{bucket}"')
    assert policies["values"] == [["autogen", duration, shards, 1, True]]


@pytest.mark.influx
async def test_what_influx_finds_too_old_is_refused_and_the_rest_stored(
    influx: InfluxServer,
) -> None:
    store = InfluxSeries(influx.url, bucket=next(_buckets), retention_days=1)
    await store.open()
    now_ms = time.time_ns() // 1_000_000
    old = [sample(T0 - 10**11 + i, v=float(i), n=i) for i in range(1200)]
    new = [sample(now_ms + i, v=float(i)) for i in range(800)]

    refused = await store.write([each for both in zip(old, new, strict=False) for each in both])
    found = await store.read(ask("v"))
    await store.close()

    assert sorted(each.sample.at_ms for each in refused) == [each.at_ms for each in old[:800]]
    assert all("retention" in each.reason for each in refused)
    assert len(found) == 800


async def test_sqlite_refuses_and_forgets_what_is_older_than_its_retention(tmp_path: Path) -> None:
    path = tmp_path / "series.sqlite"
    keeping = SqliteSeries(path)
    await keeping.open()
    await keeping.write(
        [of(f"w-{number:04}", T0, v=1.0) for number in range(450)]
        + [of(f"w-{number:04}", T0 + 90_000_000, v=2.0) for number in range(450)]
    )
    await keeping.close()

    store = SqliteSeries(path, retention_days=1, now_ms=lambda: T0 + 86_400_001)
    await store.open()
    refused = await store.write([sample(T0, v=1.0), sample(T0 + 1, v=1.0)])
    left = [len(await points(store, "v", device=f"w-{number:04}")) for number in (0, 199, 200, 449)]
    await store.close()

    assert left == [1, 1, 1, 1]
    assert [each.sample.at_ms for each in refused] == [T0]


async def test_sqlite_leaves_nothing_of_what_was_deleted_in_its_files(tmp_path: Path) -> None:
    store = SqliteSeries(tmp_path / "series.sqlite")
    await store.open()
    secret = "planted-7f3a-" * 5
    await store.write([sample(T0 + i, s=f"{secret}{i}") for i in range(200)])

    await store.delete("w-1", kind="watch", start_ms=T0, end_ms=T0 + 1000)

    assert not _holds(tmp_path, secret)
    await store.write([sample(T0, s=secret)])
    assert _holds(tmp_path, secret)
    await store.close()


def _holds(directory: Path, text: str) -> bool:
    return any(text.encode() in path.read_bytes() for path in directory.iterdir())


async def test_sqlite_can_be_read_by_anyone(tmp_path: Path) -> None:
    path = tmp_path / "series.sqlite"
    store = SqliteSeries(path)
    await store.open()
    await store.write([sample(T0, heart_rate=131.0, worn=True)])
    await store.close()

    process = await asyncio.create_subprocess_exec(
        *("sqlite3", "-json", str(path), "SELECT * FROM series_watch WHERE device = 'w-1'"),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()

    assert json.loads(output) == [
        {
            "device": "w-1",
            "time": T0,
            "received": 12,
            "quality": None,
            "heart_rate": 131.0,
            "worn": 1,
        }
    ]
