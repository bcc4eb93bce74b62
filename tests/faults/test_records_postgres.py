"""PostgreSQL killed, frozen, with its sessions ended, and held by another hub."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import asyncpg
import pytest

from hub.adapters.records import SqlRecords
from hub.errors import MisconfiguredError, UnavailableError
from hub.model import Group
from hub.ports import RecordStore
from tests.contracts.records.postgres_cluster import PostgresCluster, postgres_cluster
from tests.contracts.records.things import NOW_MS, claim, sample, settle, state, timer

pytestmark = pytest.mark.postgres

PATIENCE_S = 1.0
WITHIN_S = 20.0


def numbered(number: int) -> Group:
    samples = tuple(sample("w-1", at_ms=NOW_MS + k, value=float(number)) for k in range(50))
    return Group(samples=samples, states={"w-1": state("w-1", heard_ms=number)})


@pytest.fixture
async def records(postgres: PostgresCluster) -> AsyncIterator[SqlRecords]:
    store = SqlRecords.in_url(await postgres.records_database(), patience_s=PATIENCE_S)
    await store.open()
    await settle(store, ["w-1"])
    yield store
    await store.close()


@pytest.fixture
def own_postgres() -> Iterator[PostgresCluster]:
    """Start a server that the test may kill."""
    with postgres_cluster() as cluster:
        cluster.start()
        yield cluster


async def until_taken(records: RecordStore, group: Group) -> int:
    """Commit as the worker does: again and again until it is taken."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            try:
                return await records.commit(group)
            except UnavailableError:
                await asyncio.sleep(0.05)


# -------------------------------------------------------------------------------------- the server


async def test_a_server_killed_amid_commits_loses_nothing_that_was_acknowledged(
    own_postgres: PostgresCluster,
) -> None:
    records = SqlRecords.in_url(await own_postgres.database(), patience_s=PATIENCE_S)
    await records.open()
    await settle(records, ["w-1"])
    acknowledged: dict[int, int] = {}
    number = 0

    async def commit_until_refused(enough: asyncio.Event) -> None:
        nonlocal number
        before = number
        while True:
            number += 1
            acknowledged[await records.commit(numbered(number))] = number
            if number == before + 30:
                enough.set()

    for _ in range(3):
        enough = asyncio.Event()
        commits = asyncio.create_task(commit_until_refused(enough))
        async with asyncio.timeout(WITHIN_S):
            await enough.wait()
        await asyncio.to_thread(own_postgres.kill)
        with pytest.raises(UnavailableError):
            await commits
        with pytest.raises(UnavailableError):
            await records.rename("w-1", "away")
        with pytest.raises(UnavailableError):
            await records.load(["w-1"])
        await asyncio.to_thread(own_postgres.start)
        acknowledged[await until_taken(records, numbered(number))] = number
    spooled = {
        group.position: int(group.samples[0].values["heart_rate"])
        for group in await records.spooled(after=0, limit=100_000)
    }
    assert acknowledged.items() <= spooled.items()
    # A commit whose answer was lost with the server may be there twice, and is numbered the same.
    assert len(spooled) - len(acknowledged) <= 3
    assert (await records.load(["w-1"]))["w-1"].heard_ms == number
    await records.close()


CALLS: dict[str, Callable[[SqlRecords], Awaitable[object]]] = {
    "commit": lambda records: records.commit(numbered(1)),
    "advance": lambda records: records.advance_spool(1),
    "write": lambda records: records.rename("w-1", "x"),
    "read one": lambda records: records.device("w-1"),
    "read many": lambda records: records.load(["w-1"]),
    "occupy": lambda records: records.occupy(),
}


@pytest.mark.parametrize(
    ("call", "connected"),
    [*((call, True) for call in CALLS), ("commit", False), ("write", False), ("occupy", False)],
)
async def test_a_server_that_hangs_is_away_and_later_answers(
    postgres: PostgresCluster, call: str, *, connected: bool
) -> None:
    records = SqlRecords.in_url(await postgres.records_database(), patience_s=PATIENCE_S)
    if connected:
        await records.open()
        await settle(records, ["w-1"])
        await records.commit(Group())
    ask = CALLS[call]
    postgres.freeze()
    try:
        async with asyncio.timeout(WITHIN_S):
            if call == "occupy" and connected:
                await ask(records)
            else:
                with pytest.raises(UnavailableError, match="no answer in time"):
                    await ask(records)
    finally:
        postgres.thaw()
    await until_taken(records, Group())
    await records.open()
    assert await records.next_timer_ms() is None
    await records.close()


async def test_what_a_hanging_server_writes_later_is_not_written_over_what_is_newer(
    postgres: PostgresCluster, records: SqlRecords
) -> None:
    for number in range(1, 6):
        await records.commit(numbered(number * 10))
        postgres.freeze()
        try:
            with pytest.raises(UnavailableError):
                await records.commit(numbered(number * 10 + 1))
        finally:
            postgres.thaw()
        newest = await until_taken(records, numbered(number * 10 + 2))
        assert (await records.load(["w-1"]))["w-1"].heard_ms == number * 10 + 2
        spooled = await records.spooled(after=0, limit=100)
        assert spooled[-1].position == newest


async def test_many_who_wait_for_a_hanging_server_wait_no_longer_than_one(
    postgres: PostgresCluster, records: SqlRecords
) -> None:
    postgres.freeze()
    try:
        async with asyncio.timeout(WITHIN_S):
            writes = [records.rename("w-1", str(number)) for number in range(100)]
            reads = [records.device("w-1") for _ in range(100)]
            found = await asyncio.gather(*writes, *reads, return_exceptions=True)
    finally:
        postgres.thaw()
    assert {type(one) for one in found} == {UnavailableError}
    assert await records.device("w-1") is not None


async def test_after_its_sessions_were_ended_a_store_goes_on(
    postgres: PostgresCluster, records: SqlRecords
) -> None:
    await records.commit(numbered(1))
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hub'"
    await postgres.run("postgres", end)
    with pytest.raises(UnavailableError):
        await records.rename("w-1", "x")
    await records.rename("w-1", "y")
    await until_taken(records, numbered(2))
    found = await records.device("w-1")
    assert found is not None
    assert found.name == "y"


# -------------------------------------------------------------------------------------- this store


async def test_a_cancelled_commit_leaves_nothing_locked(records: SqlRecords) -> None:
    for number in range(40):
        commit = asyncio.create_task(records.commit(numbered(number)))
        rename = asyncio.create_task(records.rename("w-1", str(number)))
        read = asyncio.create_task(records.device("w-1"))
        for _ in range(number):
            await asyncio.sleep(0)
        for task in (commit, rename, read):
            task.cancel()
        await asyncio.gather(commit, rename, read, return_exceptions=True)
    position = await records.commit(numbered(40))
    await records.rename("w-1", "last")
    spooled = await records.spooled(after=0, limit=100)
    assert spooled[-1].position == position
    assert all(len(group.samples) == 50 for group in spooled)


async def test_a_second_hub_is_refused_and_the_command_line_is_not(
    postgres: PostgresCluster, records: SqlRecords
) -> None:
    await records.occupy()
    second = SqlRecords.in_url(postgres.url(await name_of(records)), patience_s=0.3)
    await second.open()
    with pytest.raises(MisconfiguredError, match="another hub works on postgresql://postgres@"):
        await second.occupy()
    with pytest.raises(UnavailableError, match="another connection commits"):
        await second.commit(Group())
    await second.add_claims([claim("beside")])
    await records.close()
    await second.occupy()
    assert await second.commit(numbered(1)) > 0
    await second.close()


async def name_of(records: SqlRecords) -> str:
    async with records.database.reading() as connection:
        found = await connection.exec_driver_sql("SELECT current_database()")
        return str(found.scalar_one())


async def test_a_column_with_the_character_nul_refuses_the_group_and_nothing_behind_it(
    records: SqlRecords,
) -> None:
    poison = Group(samples=(sample("w-1"),), timers=(timer("t\0", due_ms=NOW_MS),))
    with pytest.raises(asyncpg.CharacterNotInRepertoireError):
        await records.commit(poison)
    assert await records.spooled(after=0) == []
    assert await records.commit(numbered(1)) > 0


async def test_what_is_acknowledged_is_synced_whatever_the_database_says(
    postgres: PostgresCluster,
) -> None:
    url = await postgres.database()
    name = url.rpartition("/")[2]
    await postgres.run("postgres", f"ALTER DATABASE {name} SET synchronous_commit = off")
    records = SqlRecords.in_url(url)
    await records.open()
    async with records.database.writing() as connection:
        found = await connection.exec_driver_sql("SHOW synchronous_commit")
        assert found.scalar_one() == "on"
    await records.close()


# ------------------------------------------------------------------------------------- at the start


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://postgres@127.0.0.1:{port}/nowhere", '"nowhere" does not exist'),
        ("postgresql://nobody:secret@127.0.0.1:{port}/postgres", '"nobody" does not exist'),
        ("postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=maybe", "sslmode"),
    ],
)
async def test_what_waiting_does_not_mend_is_said_without_the_password(
    postgres: PostgresCluster, url: str, message: str
) -> None:
    records = SqlRecords.in_url(url.format(port=postgres.port))
    with pytest.raises(MisconfiguredError, match=message) as refused:
        await records.open()
    assert "secret" not in str(refused.value)
    await records.close()


async def test_a_server_that_is_not_there_yet_is_away() -> None:
    records = SqlRecords.in_url("postgresql://hub@127.0.0.1:1/hub", patience_s=PATIENCE_S)
    with pytest.raises(UnavailableError):
        await records.open()
    await records.close()


async def test_a_database_of_another_encoding_is_refused(postgres: PostgresCluster) -> None:
    await postgres.run(
        "postgres", "CREATE DATABASE latin TEMPLATE template0 ENCODING LATIN1 LOCALE 'C'"
    )
    records = SqlRecords.in_url(postgres.url("latin"))
    with pytest.raises(MisconfiguredError, match="LATIN1"):
        await records.open()
    await records.close()


async def test_two_hubs_that_make_the_schema_at_once_make_it_once(
    postgres: PostgresCluster,
) -> None:
    url = await postgres.database()
    stores = [SqlRecords.in_url(url) for _ in range(4)]
    await asyncio.gather(*(store.open() for store in stores))
    await settle(stores[3], ["w-1"])
    assert await stores[0].device("w-1") is not None
    for store in stores:
        await store.close()
