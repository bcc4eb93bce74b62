"""A backup made of one database is restored into another, of either kind, or not at all."""

import gzip
import itertools
import os
import random
import shutil
import sqlite3
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, insert, select

from hub.adapters.records import SqlRecords, schema
from hub.adapters.records.tables import metadata
from hub.errors import HubError, InvalidInputError, MisconfiguredError, RefusedError
from hub.main.backup import NEEDED, backup, restore
from hub.main.backup_file import BackupFile
from hub.main.parts import records_of
from hub.model import Amendment, Binding, Checkpoint, Condition, Group
from hub.ports import Access, Account, Answer
from hub.settings import Records, Settings
from tests.contracts.records.postgres_cluster import PostgresCluster
from tests.contracts.records.things import (
    ADA,
    HOME,
    NOW,
    NOW_MS,
    alarm,
    claim,
    command,
    credential,
    dead_letter,
    device,
    event,
    rule,
    sample,
    session,
    state,
    timer,
)

SEED = 20_261_123
ACCOUNT = Account(person="ada", email="ada@example.org", password_hash="$argon2id$…")
VALUES: dict[type, object] = {str: "ada", int: 7, bool: True, bytes: b"\x00\xff", float: 0.1}
Place = Callable[[], Awaitable[Settings]]


def silent(done: int, total: int) -> None:
    assert done <= total


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return _place(request, tmp_path)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return _place(request, tmp_path)


_numbers = itertools.count()


def _place(request: pytest.FixtureRequest, folder: Path) -> Place:
    async def place() -> Settings:
        data_dir = folder / f"data{next(_numbers)}"
        data_dir.mkdir(mode=0o700)
        if request.param == "sqlite":
            return Settings(data_dir=data_dir)
        cluster: PostgresCluster = request.getfixturevalue("postgres")
        return Settings(data_dir=data_dir, records=Records(url=await cluster.database()))

    return place


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[SqlRecords]:
    records = records_of(settings)
    await records.open()
    yield records
    await records.close()


async def live_in(settings: Settings) -> None:
    """Leave something in every table, and the keys of a hub."""
    for name in NEEDED:
        (settings.data_dir / name).parent.mkdir(exist_ok=True)
        (settings.data_dir / name).write_bytes(os.urandom(32))
    async with opened(settings) as records:
        await records.add_person(
            replace(ADA, birth_date=NOW.date(), resting_heart_rate=51.3), account=ACCOUNT
        )
        await records.add_household(HOME, owner="ada")
        await records.add_session(session("t1"))
        await records.note_access(
            Access(reader="ada", subject="ada", purpose="own", what="x", at_ms=1, allowed=True)
        )
        answer = Answer(
            key="k", person="ada", request_hash="f", status=201, body=b"\x00\xff", at_ms=NOW_MS
        )
        await records.keep_answer(answer)
        await records.add_claims([claim("one")])
        await records.add_devices(
            [replace(device("w-1"), name="내 시계 \N{WATCH}\n"), device("w-2")],
            credentials=[credential("w-1")],
            rules=[rule("r-1")],
        )
        await records.bind(Binding(device="w-1", person="ada", since_at=NOW))
        positions = [await records.commit(_group(number)) for number in range(7)]
        await records.advance_spool(positions[-1])
        await records.commit(_group(7))
        async with records.database.writing() as connection:
            await connection.run_sync(fill_the_empty)


def fill_the_empty(connection: Connection) -> None:
    """Put one row of no meaning into each table that has none yet."""
    for table in metadata.sorted_tables:
        if connection.execute(select(table)).first() is None:
            columns = [
                column for column in table.columns if column is not table.autoincrement_column
            ]
            connection.execute(insert(table), {c.name: VALUES[c.type.python_type] for c in columns})


def _group(number: int) -> Group:
    return Group(
        samples=tuple(sample("w-1", at_ms=NOW_MS + n, value=number + n / 7) for n in range(20)),
        states={"w-1": state("w-1", heard_ms=NOW_MS + number)},
        events=(replace(event("w-1", number), data={"nul": "a\0b", "big": 10**30}),),
        commands=(command(f"c-{number}"),),
        alarms=(alarm(f"al_{number}"), alarm(f"al_{number}x", cleared_ms=NOW_MS + 1)),
        timers=(timer(f"t-{number}", due_ms=NOW_MS),),
        dead_letters=(dead_letter(f"dl_{number}"),),
        amendments=(Amendment(rule="r-1", device="w-1", from_ms=NOW_MS),),
        checkpoints=(Checkpoint(rule="r-1", device="w-1", condition=Condition(head_ms=number)),),
    )


@pytest.fixture
async def made(tmp_path: Path) -> Path:
    settings = Settings(data_dir=tmp_path / "here")
    settings.data_dir.mkdir()
    await live_in(settings)
    await backup(settings, tmp_path / "hub.gz", tell=silent)
    return tmp_path / "hub.gz"


def content(path: Path) -> tuple[object, list[object]]:
    """Return all that a backup says, in an order that is the same for both databases."""
    file = BackupFile(path)
    shape = file.header.shape
    numbers = {table: number for table, number in shape.numbers.items() if number}
    kept = (shape.revision, dict(shape.rows), numbers)
    return kept, sorted(file.rows(), key=repr)


def keys_of(settings: Settings) -> dict[str, bytes]:
    return {
        name: (settings.data_dir / name).read_bytes()
        for name in NEEDED
        if (settings.data_dir / name).exists()
    }


async def test_what_is_restored_is_what_was_backed_up(
    source: Place, target: Place, tmp_path: Path
) -> None:
    here, there = await source(), await target()
    await live_in(here)
    made = await backup(here, tmp_path / "hub.gz", tell=silent)
    restored = await restore(there, tmp_path / "hub.gz", tell=silent)
    await backup(there, tmp_path / "again.gz", tell=silent)

    assert made["tables"] == restored["tables"]
    assert [
        table
        for table, rows in BackupFile(tmp_path / "hub.gz").header.shape.rows.items()
        if not rows
    ] == []
    assert content(tmp_path / "hub.gz") == content(tmp_path / "again.gz")
    assert keys_of(there) == keys_of(here)
    assert {stat.S_IMODE((there.data_dir / n).stat().st_mode) for n in NEEDED} == {0o600}


async def test_a_restored_store_goes_on_where_the_other_stopped(
    source: Place, target: Place, tmp_path: Path
) -> None:
    here, there = await source(), await target()
    await live_in(here)
    async with opened(here) as records:
        last = await records.commit(_group(8))
        await records.advance_spool(last)
    await backup(here, tmp_path / "hub.gz", tell=silent)
    await restore(there, tmp_path / "hub.gz", tell=silent)

    async with opened(there) as records:
        # All groups are gone from the spool; a position given twice would be read by nobody.
        assert await records.commit(Group()) == last
        assert await records.commit(_group(9)) > last
        assert [g.samples for g in await records.spooled(after=last)] == [_group(9).samples]
        await records.commit(Group(commands=(command("c-a"),)))
        assert [one.id for one in await records.open_commands()][-2:] == ["c-9", "c-a"]
        assert await records.account("ada@example.org") == ACCOUNT
        assert await records.credential("w-1") == credential("w-1")
        (now,) = (await records.load(["w-1"])).values()
        assert now.device.name == "내 시계 \N{WATCH}\n"
        assert now.alarms["al_9"] == alarm("al_9")


async def test_a_backup_is_one_state_of_a_store_that_is_written_to(
    source: Place, tmp_path: Path
) -> None:
    here = await source()
    await live_in(here)
    async with opened(here) as records:
        async with records.database.copying() as connection:
            before = await connection.exec_driver_sql("SELECT count(*) FROM events")
            counted = before.scalar_one()
            await records.commit(_group(100))
            after = await connection.exec_driver_sql("SELECT count(*) FROM events")
            assert after.scalar_one() == counted
        await backup(here, tmp_path / "hub.gz", tell=silent)
        assert BackupFile(tmp_path / "hub.gz").header.shape.rows["events"] == counted + 1


async def test_only_an_empty_store_is_restored_into(target: Place, tmp_path: Path) -> None:
    there = await target()
    await live_in(there)
    await backup(there, tmp_path / "hub.gz", tell=silent)
    with pytest.raises(RefusedError, match="not empty"):
        await restore(there, tmp_path / "hub.gz", tell=silent)
    await backup(there, tmp_path / "again.gz", tell=silent)
    assert content(tmp_path / "again.gz") == content(tmp_path / "hub.gz")


async def test_a_store_that_was_only_opened_is_empty(
    made: Path, target: Place, tmp_path: Path
) -> None:
    there = await target()
    async with opened(there):
        pass
    await restore(there, made, tell=silent)
    await backup(there, tmp_path / "again.gz", tell=silent)
    assert content(tmp_path / "again.gz") == content(made)


async def test_a_data_directory_with_other_keys_is_left_alone(
    made: Path, target: Place, tmp_path: Path
) -> None:
    there = await target()
    (there.data_dir / "signing.key").write_bytes(b"another hub's")
    with pytest.raises(RefusedError, match=r"signing\.key is there already"):
        await restore(there, made, tell=silent)
    assert keys_of(there) == {"signing.key": b"another hub's"}
    with pytest.raises(HubError, match="no records"):
        await backup(there, tmp_path / "again.gz", tell=silent)


# ---------------------------------------------------------------------------------- damaged files


def bytes_of(path: Path) -> bytes:
    return path.read_bytes()


def overwrite(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def names_in(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


async def refused(path: Path, target: Settings) -> None:
    """Hold that nothing is restored, and nothing written."""
    with pytest.raises(InvalidInputError, match="damaged or no backup"):
        await restore(target, path, tell=silent)
    assert names_in(target.data_dir) == []


async def test_a_file_cut_short_anywhere_is_refused(made: Path, tmp_path: Path) -> None:
    there = Settings(data_dir=tmp_path / "there")
    there.data_dir.mkdir()
    whole = bytes_of(made)
    for length in [0, 1, 10, 18, *range(100, len(whole), len(whole) // 20), len(whole) - 1]:
        overwrite(made, whole[:length])
        await refused(made, there)


async def test_a_file_with_a_flipped_bit_is_refused(made: Path, tmp_path: Path) -> None:
    there = Settings(data_dir=tmp_path / "there")
    there.data_dir.mkdir()
    whole = bytes_of(made)
    chance = random.Random(SEED)  # noqa: S311 - a drill that can be run again
    # The first ten bytes are gzip's own header, of which nothing depends on most.
    for place in chance.sample(range(10, len(whole)), 60):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << chance.randrange(8)
        overwrite(made, bytes(flipped))
        await refused(made, there)


async def test_a_file_whose_lines_were_changed_and_zipped_again_is_refused(
    made: Path, tmp_path: Path
) -> None:
    there = Settings(data_dir=tmp_path / "there")
    there.data_dir.mkdir()
    lines = gzip.decompress(bytes_of(made)).splitlines(keepends=True)
    for changed in (
        [line.replace(b"Ada", b"Eve") for line in lines],
        lines[:-1],
        lines[:5] + lines[6:],
        [*lines, lines[-2]],
        lines[1:],
        [b'{"format": "something else"}\n'],
    ):
        overwrite(made, gzip.compress(b"".join(changed)))
        await refused(made, there)


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"no file .*nowhere\.gz"):
        await restore(Settings(data_dir=tmp_path), tmp_path / "nowhere.gz", tell=silent)


async def test_a_backup_that_cannot_be_finished_leaves_the_older_one(
    made: Path, tmp_path: Path
) -> None:
    older = bytes_of(made)
    settings = Settings(data_dir=tmp_path / "here")

    def interrupt(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await backup(settings, made, tell=interrupt)
    assert bytes_of(made) == older
    assert not any(".part" in name for name in names_in(tmp_path))


# ------------------------------------------------------------------------------------ other schemas


def first_schema(path: Path) -> None:
    """Make records as the first released hub did, with rows in them."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        schema.upgrade(connection, "0001")
    engine.dispose()
    with closing(sqlite3.connect(path)) as records, records:
        records.executescript(Path(__file__).with_name("first_schema.sql").read_text())


async def test_a_backup_of_an_older_schema_is_restored_and_brought_up_to_date(
    target: Place, tmp_path: Path
) -> None:
    here, there = Settings(data_dir=tmp_path / "old"), await target()
    here.data_dir.mkdir()
    first_schema(here.data_dir / "records.sqlite")
    made = await backup(here, tmp_path / "hub.gz", tell=silent)
    assert made["schema"] == "0001"
    await restore(there, tmp_path / "hub.gz", tell=silent)
    await holds_what_the_first_hub_left(there)
    await backup(there, tmp_path / "again.gz", tell=silent)
    assert BackupFile(tmp_path / "again.gz").header.shape.revision != "0001"


async def test_the_data_directory_of_the_first_hub_opens(tmp_path: Path) -> None:
    here = Settings(data_dir=tmp_path)
    first_schema(here.data_dir / "records.sqlite")
    await holds_what_the_first_hub_left(here)


@pytest.mark.postgres
async def test_records_of_the_first_schema_on_postgresql_open(
    postgres: PostgresCluster, tmp_path: Path
) -> None:
    url = await postgres.database()
    here = Settings(data_dir=tmp_path, records=Records(url=url))
    records = records_of(here)
    async with records.database.rebuilding() as connection:
        await connection.run_sync(schema.upgrade, "0001")
    await records.close()
    script = Path(__file__).with_name("first_schema.sql").read_text()
    script = script.replace("X'", "'\\x")
    await postgres.run(url.rpartition("/")[2], script)
    await holds_what_the_first_hub_left(here)


async def holds_what_the_first_hub_left(settings: Settings) -> None:
    async with opened(settings) as records:
        found: Any = await records.account("mina@example.org")
        assert found.person == "p-mina"
        assert [one.id for one in (await records.devices()).items] == ["w-1"]
        (state,) = (await records.load(["w-1"])).values()
        assert state.person is not None
        assert state.person.birth_date is not None
        assert state.twin.reported == {"heart_rate": 171.0}
        assert list(state.alarms) == ["al_1"]
        assert [one.id for one in await records.open_commands()] == ["c-2"]
        (group,) = await records.spooled(after=0)
        assert group.samples[0].values == {"heart_rate": 171.0}
        assert len(await records.rules()) == 1


async def test_a_backup_of_a_newer_hub_is_refused(tmp_path: Path) -> None:
    here, there = Settings(data_dir=tmp_path / "here"), Settings(data_dir=tmp_path / "there")
    here.data_dir.mkdir()
    await live_in(here)
    with closing(sqlite3.connect(here.data_dir / "records.sqlite")) as records, records:
        records.execute("UPDATE alembic_version SET version_num = '9999'")
    await backup(here, tmp_path / "hub.gz", tell=silent)
    with pytest.raises(MisconfiguredError, match="newer hub's"):
        await restore(there, tmp_path / "hub.gz", tell=silent)


@pytest.mark.postgres
async def test_a_database_of_another_program_is_left_alone(
    made: Path, postgres: PostgresCluster, tmp_path: Path
) -> None:
    url = await postgres.database()
    await postgres.run(url.rpartition("/")[2], "CREATE TABLE theirs (id int)")
    there = Settings(data_dir=tmp_path / "there", records=Records(url=url))
    with pytest.raises(RefusedError, match="another program"):
        await restore(there, made, tell=silent)
    await postgres.run(url.rpartition("/")[2], "SELECT id FROM theirs")


async def test_a_moved_hub_keeps_its_data_directory(made: Path, tmp_path: Path) -> None:
    here = Settings(data_dir=tmp_path / "here")
    there = Settings(
        data_dir=here.data_dir, records=Records(url=f"sqlite:///{tmp_path}/elsewhere.sqlite")
    )
    await restore(there, made, tell=silent)
    assert (here.data_dir / "records.sqlite").exists()
    async with opened(there) as records:
        assert await records.account("ada@example.org") == ACCOUNT
    shutil.rmtree(here.data_dir)
