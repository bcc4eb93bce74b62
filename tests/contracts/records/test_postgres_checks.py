"""What `hub check` says of a PostgreSQL database that works all the same."""

from pathlib import Path

import pytest

from hub.main.findings import findings
from hub.settings import Records, Settings
from tests.contracts.records.postgres_cluster import PostgresCluster, postgres_cluster

pytestmark = pytest.mark.postgres


async def said_of(url: str) -> list[str]:
    settings = Settings(records=Records(url=url))
    found = await findings(settings, configuration=None)
    return [one.what for one in found if "PostgreSQL" in one.what or "record" in one.what]


@pytest.fixture(autouse=True)
def in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


async def test_nothing_is_said_of_a_user_that_owns_its_database(postgres: PostgresCluster) -> None:
    await postgres.run("postgres", "CREATE ROLE hub LOGIN")
    await postgres.run("postgres", "CREATE DATABASE owned TEMPLATE template0 OWNER hub")
    assert await said_of(postgres.url("owned").replace("postgres@", "hub@")) == []


async def test_a_superuser_is_said(postgres: PostgresCluster) -> None:
    assert await said_of(await postgres.database()) == ["the hub is PostgreSQL's superuser"]


async def test_a_server_that_does_not_sync_is_said() -> None:
    with postgres_cluster(options=("fsync=off",)) as cluster:
        cluster.start()
        said = await said_of(await cluster.database())
    assert said[0] == "PostgreSQL runs without fsync or full_page_writes"


async def test_a_user_without_rights_is_said(postgres: PostgresCluster) -> None:
    await postgres.run("postgres", "CREATE ROLE stranger LOGIN")
    url = await postgres.database()
    (said,) = await said_of(url.replace("postgres@", "stranger@"))
    assert "permission denied" in said
