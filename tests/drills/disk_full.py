"""The disk under the spool is full: the hub stops acknowledging, says so, and resumes."""

import asyncio
import contextlib
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.drills.device import Habits
from tests.drills.fleet import Fleet
from tests.drills.report import Account, Report
from tests.drills.sites import Site, site
from tests.drills.stored import compare_all

FULL_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    size_mb: int = 16
    left_kb: int = 512
    """Room when the readings begin to fill it; the rest is taken by somebody else's file."""
    roomy_mb: int = 128
    messages: int = 40_000
    devices: int = 20
    still_s: float = 5.0
    """How long to look whether nothing is receipted."""
    seed: int = 1


async def drill(chosen: Plan, *, control: bool = True) -> Report:
    """Run it on a disk with room, if asked for, and on one that fills up.

    Needs root, for a file system of its own.
    """
    report = Report("disk-full", chosen.seed, asdict(chosen))
    sizes = ([("control", chosen.roomy_mb)] if control else []) + [("full", chosen.size_mb)]
    for name, size_mb in sizes:
        with TemporaryDirectory(prefix="drill-") as folder:
            data = Path(folder) / "small"
            with _tmpfs(data, size_mb):
                settings = {"HUB_DATA_DIR": str(data / "data")}
                async with site(
                    Path(folder), broker="mosquitto", series="influx", settings=settings
                ) as place:
                    report.accounts.append(await _run(Account(name), place, data, chosen))
    return report


@contextlib.contextmanager
def _tmpfs(place: Path, size_mb: int) -> Iterator[None]:
    assert os.geteuid() == 0, "a file system of its own needs root"
    place.mkdir()
    _call("mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "drill", str(place))
    try:
        yield
    finally:
        _call("umount", "--lazy", str(place))


def _call(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)  # noqa: S603 - our own words


async def _run(account: Account, place: Site, data: Path, chosen: Plan) -> Account:
    """With the series store away everything stays in the spool, on the small disk."""
    assert place.influx is not None
    admitted = await place.admit(chosen.devices)
    habits = Habits(
        count=chosen.messages // chosen.devices, window=500, rate=1500 / chosen.devices, resend_s=5
    )
    fleet = Fleet(admitted, port=place.port, seed=chosen.seed, habits=habits)
    total = habits.count * chosen.devices
    async with fleet.running():
        await fleet.until_receipted(500)
        await asyncio.to_thread(place.influx.kill)
        if account.name == "full":
            _take_room(data, left=chosen.left_kb * 1024)
            await _fill(account, place, fleet, still_s=chosen.still_s)
            await asyncio.to_thread(
                _call, "mount", "-o", f"remount,size={chosen.roomy_mb}m", str(data)
            )
            began = time.monotonic()
            await _until_ready(place, "records", ok=True)
            account.figures["resumed after s"] = round(time.monotonic() - began, 2)
        await fleet.until_receipted(total)
        await asyncio.to_thread(place.influx.start)
        await _until_ready(place, "series", ok=True)
        await _judge(account, place, fleet)
    account.equal("receipted", total, fleet.ledger.receipted)
    account.figures["resent by devices"] = sum(device.resent for device in fleet.devices)
    await _judge_records(account, place)
    account.end()
    return account


def _take_room(disk: Path, *, left: int) -> None:
    taken = shutil.disk_usage(disk).free - left
    (disk / "somebody-elses").write_bytes(b"x" * max(0, taken))


async def _fill(account: Account, place: Site, fleet: Fleet, *, still_s: float) -> None:
    parts = await _until_ready(place, "records", ok=False)
    account.shows("/readyz says why", parts["records"]["detail"], holds=True)
    account.equal("/readyz", 503, (await place.hub.readyz())[0])
    # What was committed just before is receipted within a second.
    await asyncio.sleep(2)
    receipted = fleet.ledger.receipted
    await asyncio.sleep(still_s)
    account.equal("receipted while there is no room", 0, fleet.ledger.receipted - receipted)
    account.figures["receipted when it was full"] = receipted
    assert place.hub.process is not None
    account.equal("the hub runs on", None, place.hub.process.poll())


async def _until_ready(place: Site, part: str, *, ok: bool) -> dict[str, dict[str, object]]:
    async with asyncio.timeout(FULL_WITHIN_S):
        while True:
            _, parts = await place.hub.readyz()
            if part in parts and parts[part]["ok"] is ok:
                return parts
            await asyncio.sleep(0.1)


async def _judge(account: Account, place: Site, fleet: Fleet) -> None:
    end = time.monotonic() + FULL_WITHIN_S
    while True:
        found = await compare_all(fleet.ledger, place.stored)
        if found.stored >= fleet.ledger.measured or time.monotonic() > end:
            break
        await asyncio.sleep(0.5)
    account.equal("stored, as the store counts them", fleet.ledger.measured, found.stored)
    account.equal("lost, wrong, twice, strange", (0, 0, 0, 0), found.faults)
    account.equal("dead letters", 0, len(await place.hub.pages("/dead-letters")))


async def _judge_records(account: Account, place: Site) -> None:
    """Look at the files themselves, and whether a hub starts on them."""
    await place.hub.terminate()
    with contextlib.closing(sqlite3.connect(place.hub.data_dir / "records.sqlite")) as records:
        (word,) = records.execute("PRAGMA integrity_check").fetchone()
    account.equal("integrity of the records", "ok", word)
    await place.hub.start()
    account.equal("/readyz of the next hub", 200, await place.hub.ready())
