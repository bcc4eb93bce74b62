"""A hub backed up while it takes messages lives on in another place, on the other database."""

import asyncio
import contextlib
import json
import os
import signal
import stat
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.free_ports import free_port
from tests.contracts.records.postgres_cluster import PostgresCluster
from tests.drills import alarms
from tests.drills.device import Habits
from tests.drills.fleet import Fleet
from tests.drills.hub_process import PROGRAM, HubProcess
from tests.drills.sites import site

pytestmark = [pytest.mark.end_to_end, pytest.mark.postgres, pytest.mark.timeout(180)]

HABITS = Habits(count=2000, window=40, resend_s=1, rate=50)
"""More than comes to be measured: the hub is busy until the test ends it."""
WITHIN_S = 60.0


async def said_by(hub: HubProcess, *words: str) -> dict[str, Any]:
    """Run a command of the hub's beside it, or in its place, and return what it answers."""
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *words,
        "--json",
        cwd=hub.folder,
        env=hub._environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(WITHIN_S):
        said, complaint = await process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, words, said, complaint.decode())
    answer: dict[str, Any] = json.loads(said)
    return answer


@contextlib.asynccontextmanager
async def elsewhere(folder: Path, settings: dict[str, str]) -> AsyncIterator[HubProcess]:
    hub = HubProcess(folder=folder, settings=settings)
    await asyncio.to_thread(folder.mkdir)
    try:
        yield hub
    finally:
        hub.kill()
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((hub.data_dir / "broker" / "nats.pid").read_text()), signal.SIGKILL)


async def first_alarms(hub: HubProcess) -> alarms.Record:
    while True:
        found, _ = await alarms.recorded(hub)
        if found:
            return found
        await asyncio.sleep(0.1)


async def test_a_hub_on_sqlite_backed_up_under_load_lives_on_elsewhere_on_postgresql(
    postgres: PostgresCluster, tmp_path: Path
) -> None:
    file = tmp_path / "hub.gz"
    async with site(tmp_path / "here", broker="embedded", series="sqlite") as here:
        admitted = await here.admit(4)
        await alarms.make_rule(here.hub)
        fleet = Fleet(admitted, port=here.port, seed=5, habits=HABITS)
        async with fleet.running(), asyncio.timeout(WITHIN_S):
            before = await first_alarms(here.hub)
            receipted = fleet.ledger.receipted
            made = await said_by(here.hub, "backup", str(file))
            await fleet.until_receipted(receipted + 200)
        rules = await here.hub.pages("/rules")
        household, person = here.hub.household, here.hub.person

    settings = {
        "HUB_BROKER__PORT": str(free_port()),
        "HUB_RECORDS__URL": await postgres.database(),
    }
    async with elsewhere(tmp_path / "there", settings) as there:
        restored = await said_by(there, "restore", str(file))
        await there.start()
        there.household, there.person = household, person
        known, _ = await alarms.recorded(there)
        again = Fleet(admitted, port=int(settings["HUB_BROKER__PORT"]), seed=6, habits=HABITS)
        async with again.running():
            await again.until_receipted(200, stall_s=WITHIN_S)

        assert restored["tables"] == made["tables"]
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert before.keys() <= known.keys()
        assert await there.pages("/rules") == rules
        assert (await there.ask("GET", "/me"))["id"] == person
        assert await there.pages("/dead-letters") == []
        with pytest.raises(subprocess.CalledProcessError) as refused:
            await said_by(there, "restore", str(file))
        assert "another hub works in" in refused.value.stderr


async def test_a_second_hub_on_one_postgresql_says_so_and_ends(
    postgres: PostgresCluster, tmp_path: Path
) -> None:
    shared = {"HUB_RECORDS__URL": await postgres.database(), "HUB_SERIES__DRIVER": "memory"}
    first = shared | {"HUB_BROKER__PORT": str(free_port())}
    second = first | {"HUB_BROKER__PORT": str(free_port()), "HUB_RECORDS__TIMEOUT_S": "2"}
    async with (
        elsewhere(tmp_path / "first", first) as one,
        elsewhere(tmp_path / "second", second) as other,
    ):
        await one.start()
        other.spawn()
        assert other.process is not None
        assert await asyncio.to_thread(other.process.wait, WITHIN_S) == 1
        assert "another hub works on postgresql://postgres@127.0.0.1" in other.log
        assert await one.ready() == 200
