"""One hub on one data directory: a second is refused, one that ends leaves nothing behind."""

import asyncio
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.contracts.free_ports import free_port
from tests.drills.device import Habits
from tests.drills.fleet import Fleet
from tests.drills.hub_process import HubDiedError, HubProcess
from tests.drills.report import Account, Report
from tests.drills.sites import Admission, Site, site
from tests.drills.stored import compare_all

OUT_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    devices: int = 20
    each: int = 300
    seed: int = 1


async def drill(chosen: Plan) -> Report:
    report = Report("two-hubs", chosen.seed, asdict(chosen))
    with TemporaryDirectory(prefix="drill-") as folder:
        async with site(Path(folder), broker="embedded", series="sqlite") as place:
            admitted = await place.admit(chosen.devices)
            control = Account("one hub, ended and started again")
            await _end_under_load(control, place, admitted, chosen)
            second = Account("a second hub")
            await _start_second(second, place)
            killed = Account("killed, its broker left behind")
            await _kill(killed, place)
            report.accounts += [control, second, killed]
    return report


async def _end_under_load(
    account: Account, place: Site, admitted: list[Admission], chosen: Plan
) -> None:
    """SIGTERM in the middle of a stream of readings; yesterday's data directory opens."""
    habits = Habits(count=chosen.each, rate=50, resend_s=5)
    fleet = Fleet(admitted, port=place.port, seed=chosen.seed, habits=habits)
    total = chosen.each * len(admitted)
    async with fleet.running():
        await fleet.until_receipted(total // 4)
        children = _children(place.hub.pid)
        seconds = await place.hub.terminate()
        assert place.hub.process is not None
        account.at_most("out after SIGTERM under load", OUT_WITHIN_S, seconds, unit=" s")
        account.equal("exit code", 0, place.hub.process.returncode)
        account.at_least("children it had", 1, len(children))
        account.equal("children left behind", [], [pid for pid in children if _runs(pid)])
        await place.hub.start()
        await fleet.until_receipted(total)
        await asyncio.sleep(0.5)
        found = await compare_all(fleet.ledger, place.stored)
    account.equal("stored, as the store counts them", total, found.stored)
    account.equal("lost, wrong, twice, strange", (0, 0, 0, 0), found.faults)
    devices = await place.hub.pages("/devices")
    account.equal("devices of yesterday", len(admitted), len(devices))
    account.end()


async def _start_second(account: Account, place: Site) -> None:
    first = place.hub
    settings = {**first.settings, "HUB_DATA_DIR": str(first.data_dir)}
    settings["HUB_BROKER__PORT"] = str(free_port())
    other = HubProcess(folder=place.folder / "second", settings=settings)
    try:
        await other.start()
        account.equal("the second", "refused", "running")
        other.kill()
    except HubDiedError:
        assert other.process is not None
        account.shows(
            "the second says why", other.log.strip()[-120:], holds="another hub" in other.log
        )
        account.equal("its exit code", 1, other.process.returncode)
    account.equal("/readyz of the first", 200, await first.ready())
    account.end()


async def _kill(account: Account, place: Site) -> None:
    hub, broker = place.hub, place.embedded_pid()
    hub.kill()
    account.yes("the broker lives on", _runs(broker))
    await hub.start()
    account.equal("and is adopted, not started again", broker, place.embedded_pid())
    account.shows("the log says so", "adopted", holds="adopted the embedded broker" in hub.log)
    seconds = await hub.terminate()
    account.at_most("out after SIGTERM", OUT_WITHIN_S, seconds, unit=" s")
    account.no("the adopted broker ends with it", _runs(broker))
    account.end()


def _children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # ended in between
        if int(fields[1]) == pid:
            found.append(int(entry.name))
    return found


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
