"""Series stores that are killed, hanging, full, locked or refusing."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.adapters.series.influx import InfluxSeries
from hub.adapters.series.sqlite import SqliteSeries
from hub.errors import MisconfiguredError, UnavailableError
from hub.model import Sample, Value
from hub.ports import SeriesQuery
from tests.contracts.free_ports import free_port
from tests.contracts.influx_server import InfluxServer, installed

T0 = 1_795_000_000_000
EVERYTHING = SeriesQuery(
    device="w-1", kind="watch", property="v", start_ms=0, end_ms=10**13, limit=10**6
)


def sample(at_ms: int, /, **values: Value) -> Sample:
    return Sample(device="w-1", kind="watch", at_ms=at_ms, received_ms=at_ms, values=values)


def numbered(count: int, *, start: int = 0) -> list[Sample]:
    return [sample(T0 + number, v=float(number)) for number in range(start, start + count)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[InfluxServer]:
    if not installed():
        pytest.skip("influxd is not on PATH: apt-get install influxdb")
    made = InfluxServer(tmp_path)
    made.start()
    yield made
    made.kill()


@pytest.fixture
async def influx(server: InfluxServer) -> AsyncIterator[InfluxSeries]:
    store = InfluxSeries(server.url, timeout_s=5.0)
    await store.open()
    yield store
    await store.close()


# -------------------------------------------------------------------------------------- InfluxDB


@pytest.mark.influx
async def test_influx_killed_and_started_again_has_everything_once(
    server: InfluxServer, influx: InfluxSeries
) -> None:
    for start in range(0, 3000, 1000):
        await influx.write(numbered(1000, start=start))
        await asyncio.to_thread(server.kill)
        with pytest.raises(UnavailableError):
            await influx.write(numbered(1000, start=start))
        with pytest.raises(UnavailableError):
            await influx.read(EVERYTHING)
        await asyncio.to_thread(server.start)
        assert await influx.write(numbered(1000, start=start)) == []

    found = await influx.read(EVERYTHING)
    assert [point.value for point in found] == [float(number) for number in range(3000)]


@pytest.mark.influx
async def test_a_hanging_influx_is_given_up_in_time_and_found_again(server: InfluxServer) -> None:
    store = InfluxSeries(server.url, timeout_s=0.3)
    await store.open()
    await store.write(numbered(1))
    server.freeze()

    with pytest.raises(UnavailableError, match="has not answered"):
        await store.write(numbered(10))
    with pytest.raises(UnavailableError, match="has not answered"):
        await store.read(EVERYTHING)
    with pytest.raises(UnavailableError, match="has not answered"):
        await store.delete("w-1", kind="watch", start_ms=0, end_ms=1)

    server.thaw()
    await store.open()
    assert await store.write(numbered(10)) == []
    assert len(await store.read(EVERYTHING)) == 10
    await store.close()


@pytest.mark.influx
async def test_an_influx_that_is_not_there_yet_is_opened_later(server: InfluxServer) -> None:
    await asyncio.to_thread(server.stop)
    store = InfluxSeries(server.url)
    with pytest.raises(UnavailableError):
        await store.write(numbered(1))
    for _ in range(2):
        with pytest.raises(UnavailableError):
            await store.open()

    await asyncio.to_thread(server.start)
    await store.open()

    assert await store.write(numbered(1)) == []
    await store.close()


async def test_an_address_where_nothing_listens_is_unavailable() -> None:
    store = InfluxSeries(f"http://127.0.0.1:{free_port()}")

    with pytest.raises(UnavailableError):
        await store.open()
    await store.close()


@pytest.mark.influx
async def test_a_database_that_somebody_dropped_is_made_again(
    server: InfluxServer, influx: InfluxSeries
) -> None:
    await influx.write(numbered(3))
    server.query('DROP DATABASE "cx"')

    assert list(await influx.read(EVERYTHING)) == []
    server.query('DROP DATABASE "cx"')
    assert await influx.write(numbered(5)) == []
    server.query('DROP RETENTION POLICY "autogen" ON "cx"')
    assert await influx.write(numbered(7)) == []

    assert len(await influx.read(EVERYTHING)) == 7


@pytest.mark.influx
async def test_exactly_the_bad_values_are_found_among_thousands(
    server: InfluxServer, influx: InfluxSeries
) -> None:
    """Another program has given fields of ours other types, after the hub had read the types."""
    bad = {7, 2500, 4999}
    lines = [f'watch,device=w-1 x{number}="text" {T0 + number}' for number in sorted(bad)]
    server.write("cx", "\n".join(lines))
    samples = [
        sample(T0 + number, v=float(number), **({f"x{number}": 1.0} if number in bad else {}))
        for number in range(5000)
    ]

    refused = await influx.write(samples)
    refused_at_once = await influx.write([sample(T0 + 365 * 86_400_000, x7=1.0)])

    assert sorted(dict(each.sample.values).popitem() for each in refused) == [
        ("x2500", 1.0),
        ("x4999", 1.0),
        ("x7", 1.0),
    ]
    assert all("field type conflict" in each.reason for each in refused)
    assert len(await influx.read(EVERYTHING)) == 5000
    # In a week without the other program's points 1.6 would have taken it.
    assert [dict(each.sample.values) for each in refused_at_once] == [{"x7": 1.0}]


@pytest.mark.influx
async def test_a_body_larger_than_the_server_takes_is_halved(tmp_path: Path) -> None:
    if not installed():
        pytest.skip("influxd is not on PATH: apt-get install influxdb")
    server = InfluxServer(tmp_path, max_body_size=20_000)
    server.start()
    store = InfluxSeries(server.url)
    try:
        await store.open()
        large = sample(T0, v=1.0, s="x" * 30_000)

        refused = await store.write([*numbered(2000, start=1), large])

        assert [each.sample.at_ms for each in refused] == [T0]
        assert len(await store.read(EVERYTHING)) == 2000
    finally:
        await store.close()
        server.kill()


@pytest.mark.influx
async def test_influx_with_passwords_takes_user_and_password_as_token(tmp_path: Path) -> None:
    if not installed():
        pytest.skip("influxd is not on PATH: apt-get install influxdb")
    server = InfluxServer(tmp_path, auth="true")
    server.start()
    server.query("CREATE USER root WITH PASSWORD 'pa:ss' WITH ALL PRIVILEGES")
    root = InfluxSeries(server.url, token="root:pa:ss")
    lesser = InfluxSeries(server.url, token="hub:first")
    try:
        await root.open()
        assert await root.write(numbered(3)) == []
        for statement in ("CREATE USER hub WITH PASSWORD 'first'", 'GRANT ALL ON "cx" TO hub'):
            server.query(statement, u="root", p="pa:ss")
        await lesser.open()
        assert len(await lesser.read(EVERYTHING)) == 3
        assert await lesser.write(numbered(5)) == []

        server.query("SET PASSWORD FOR hub = 'second'", u="root", p="pa:ss")
        with pytest.raises(UnavailableError, match="HUB_SERIES__TOKEN"):
            await lesser.write(numbered(6))
        with pytest.raises(MisconfiguredError, match="HUB_SERIES__TOKEN"):
            await lesser.open()
    finally:
        await root.close()
        await lesser.close()
        server.kill()


# ---------------------------------------------------------------------------------------- SQLite

_WRITES_UNTIL_KILLED = """
import asyncio, itertools, sys
from pathlib import Path
from hub.adapters.series.sqlite import SqliteSeries
from hub.model import Sample

async def main():
    store = SqliteSeries(Path(sys.argv[1]))
    await store.open()
    for group in itertools.count(int(sys.argv[2])):
        await store.write([
            Sample(device="w-1", kind="watch", at_ms=at, received_ms=at, values={"v": float(at)})
            for at in range(group * 100, group * 100 + 100)
        ])
        print(group, flush=True)

asyncio.run(main())
"""


async def test_a_series_file_outlives_kill_9_with_all_that_was_written(tmp_path: Path) -> None:
    path = tmp_path / "series.sqlite"
    written = -1
    for _ in range(4):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _WRITES_UNTIL_KILLED, str(path), str(written + 1)),
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        for _ in range(20):
            written = int(await process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        rest = (await process.stdout.read()).split()
        written = int(rest[-1]) if rest else written
        await process.wait()

    store = SqliteSeries(path)
    await store.open()
    found = await store.read(replace(EVERYTHING, start_ms=0, end_ms=(written + 1) * 100))
    await store.close()
    assert [point.at_ms for point in found] == list(range((written + 1) * 100))


async def test_a_locked_series_file_is_unavailable_and_then_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "series.sqlite"
    store = SqliteSeries(path, timeout_s=0.1)
    await store.open()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(UnavailableError, match="locked"):
        await store.write(numbered(5))
    assert list(await store.read(EVERYTHING)) == []

    other.execute("ROLLBACK")
    other.close()
    assert await store.write(numbered(5)) == []
    assert len(await store.read(EVERYTHING)) == 5
    await store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    directory = tmp_path / "disk"
    directory.mkdir()
    mounted = subprocess.run(  # noqa: S603 (our own words)
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(directory)],  # noqa: S607 (any)
        check=False,
        capture_output=True,
    )
    if mounted.returncode != 0:
        pytest.skip("no right to mount a small disk here")
    yield directory
    subprocess.run(["umount", "-l", str(directory)], check=True)  # noqa: S603, S607 (our own words)


async def test_a_full_disk_is_unavailable_loses_nothing_and_then_goes_on(
    small_disk: Path,
) -> None:
    store = SqliteSeries(small_disk / "series.sqlite")
    await store.open()
    groups = [_with_a_property_more(group) for group in range(60)]
    taken: list[list[Sample]] = []
    with pytest.raises(UnavailableError, match="full"):
        await _write_all(store, groups, written=taken)
    written = len(taken)

    before = await store.read(EVERYTHING)
    await _remount(small_disk, "16m")
    assert await store.write(groups[written]) == []
    after = await store.read(EVERYTHING)
    added = await store.read(replace(EVERYTHING, property=f"p{written}"))
    await store.close()

    assert written > 0
    assert [point.value for point in before] == [float(number) for number in range(written * 500)]
    assert [point.value for point in after] == [
        float(number) for number in range(written * 500 + 500)
    ]
    assert len(added) == 500


def _with_a_property_more(group: int) -> list[Sample]:
    """Return samples that need a new column, so that it meets the full disk too."""
    return [
        replace(each, values={**each.values, f"p{group}": 1.0})
        for each in numbered(500, start=group * 500)
    ]


async def _write_all(
    store: SqliteSeries, groups: list[list[Sample]], *, written: list[list[Sample]]
) -> None:
    for group in groups:
        await store.write(group)
        written.append(group)


async def _remount(directory: Path, size: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *("mount", "-o", f"remount,size={size}", str(directory))
    )
    assert await process.wait() == 0


@pytest.mark.parametrize("content", [b"this is no database at all" * 100], ids=["not a database"])
async def test_a_file_that_is_no_series_file_is_the_operators_to_mend(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "series.sqlite"
    path.write_bytes(content)
    store = SqliteSeries(path)

    with pytest.raises(MisconfiguredError):
        await store.open()
    await store.close()
    assert path.read_bytes() == content


async def test_a_directory_that_is_not_there_is_the_operators_to_mend(tmp_path: Path) -> None:
    store = SqliteSeries(tmp_path / "nowhere" / "series.sqlite")

    with pytest.raises(MisconfiguredError):
        await store.open()
    await store.close()


async def test_nothing_goes_to_a_store_that_is_not_open(tmp_path: Path) -> None:
    store = SqliteSeries(tmp_path / "series.sqlite")
    for _ in range(2):
        with pytest.raises(UnavailableError):
            await store.write(numbered(1))
        await store.open()
        assert await store.write(numbered(1)) == []
        await store.close()
    assert os.listdir(tmp_path) == ["series.sqlite"]  # noqa: PTH208 (names only)
