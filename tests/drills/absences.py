"""The hub away for a minute, the broker restarted, a line half open: back soon, without a burst."""

import asyncio
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.drills.device import Habits
from tests.drills.fleet import Fleet
from tests.drills.report import Account, Report
from tests.drills.sites import Site, site
from tests.drills.stored import compare_all
from tests.faults.proxy import Mode, Proxy

BACK_WITHIN_S = 5.0
BURST_S = 1.5
"""Touches of one alarm are sent three seconds apart; the way to the wrist is not equally long."""
KEEP_ALIVE_S = 5
LOOK_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    away_s: float = 60.0
    restarts: int = 5
    each: int = 200
    """Readings of one device to a restart."""
    half_open: bool = True
    devices: int = 20
    broker: str = "mosquitto"
    seed: int = 1


async def drill(chosen: Plan, *, control: bool = True) -> Report:
    report = Report("absences", chosen.seed, asdict(chosen))
    with TemporaryDirectory(prefix="drill-") as folder:
        async with site(Path(folder), broker=chosen.broker, series="sqlite") as place:
            if control:
                report.accounts.append(await _hub_away(Account("control"), place, chosen, 0.0))
            away = await _hub_away(Account("hub away"), place, chosen, chosen.away_s)
            restarted = await _restarts(Account("broker restarted"), place, chosen)
            report.accounts += [away, restarted]
    if chosen.half_open and chosen.broker == "mosquitto":
        with TemporaryDirectory(prefix="drill-") as folder:
            report.accounts.append(await _half_open(Account("half-open line"), Path(folder)))
    return report


async def _hub_away(account: Account, place: Site, chosen: Plan, away_s: float) -> Account:
    """Devices go on measuring; on return each wrist is told once of each alarm, not of the past."""
    admitted = await place.admit(chosen.devices)
    rate = 20.0
    habits = Habits(count=round(rate * (away_s * 1.25 + 2)), window=10_000, rate=rate, resend_s=30)
    fleet = Fleet(admitted, port=place.port, seed=chosen.seed, habits=habits)
    total = habits.count * chosen.devices
    async with fleet.running():
        await fleet.until_receipted(total // 10)
        if away_s:
            place.hub.kill()
            await asyncio.sleep(away_s)
            await place.hub.start()
        back = time.monotonic()
        await fleet.until_receipted(total)
        await asyncio.sleep(1)
        found = await compare_all(fleet.ledger, place.stored)
    account.equal("stored, as the store counts them", total, found.stored)
    account.equal("lost, wrong, twice, strange", (0, 0, 0, 0), found.faults)
    account.equal("touches of one alarm on top of each other", 0, _bursts(fleet, after=back))
    account.figures["touches felt after the return"] = _touches(fleet, after=back)
    account.end()
    return account


def _touches(fleet: Fleet, *, after: float) -> int:
    return sum(
        at >= after and device.felt.args[name]["name"] == "alert"
        for device in fleet.devices
        for name, at in device.felt.first_at.items()
    )


def _bursts(fleet: Fleet, *, after: float) -> int:
    """Count touches that came sooner after another of the same alarm than the gap allows."""
    bursts = 0
    for device in fleet.devices:
        last: dict[object, float] = {}
        for name, at in sorted(device.felt.first_at.items(), key=lambda pair: pair[1]):
            args = device.felt.args[name]
            if args["name"] != "alert" or at < after:
                continue
            bursts += at - last.get(args["alert"], -BURST_S) < BURST_S
            last[args["alert"]] = at
    return bursts


async def _restarts(account: Account, place: Site, chosen: Plan) -> Account:
    admitted = await place.admit(chosen.devices)
    habits = Habits(count=chosen.each * chosen.restarts, rate=50, resend_s=2)
    fleet = Fleet(admitted, port=place.port, seed=chosen.seed, habits=habits)
    total = habits.count * chosen.devices
    seconds: list[float] = []
    async with fleet.running():
        for number in range(chosen.restarts):
            await fleet.until_receipted(total * number // chosen.restarts)
            place.kill_broker()
            await _until_broker(place, ok=False)
            await place.start_broker()
            began = time.monotonic()
            await _until_broker(place, ok=True)
            seconds.append(time.monotonic() - began)
        await fleet.until_receipted(total)
        await asyncio.sleep(1)
        found = await compare_all(fleet.ledger, place.stored)
    account.figures["hub back after s"] = [round(s, 2) for s in seconds]
    account.at_most("hub back after its broker", BACK_WITHIN_S, max(seconds), unit=" s")
    account.equal("stored, as the store counts them", total, found.stored)
    account.equal("lost, wrong, twice, strange", (0, 0, 0, 0), found.faults)
    account.end()
    return account


async def _until_broker(place: Site, *, ok: bool, within_s: float = 60.0) -> None:
    async with asyncio.timeout(within_s):
        while True:
            _, parts = await place.hub.readyz()
            if "broker" in parts and parts["broker"]["ok"] is ok:
                return
            await asyncio.sleep(LOOK_S)


async def _half_open(account: Account, folder: Path) -> Account:
    """A line on which nothing comes through any more is found by its keep-alive."""
    settings = {"HUB_BROKER__KEEP_ALIVE_S": str(KEEP_ALIVE_S)}
    async with (
        site(folder, broker="mosquitto", series="sqlite", settings=settings, start=False) as place,
        Proxy(place.port) as proxy,
    ):
        place.hub.settings = {
            **place.hub.settings,
            "HUB_BROKER__URL": f"mqtt://127.0.0.1:{proxy.port}",
        }
        await place.hub.start()
        await _until_broker(place, ok=True)
        await proxy.switch(Mode.BLACKHOLE)
        began = time.monotonic()
        await _until_broker(place, ok=False)
        found_s = time.monotonic() - began
        proxy.cut()
        await proxy.switch(Mode.OK)
        began = time.monotonic()
        await _until_broker(place, ok=True)
        back_s = time.monotonic() - began
        session = "connection to the broker regained" in place.hub.log
    # Half a second for the hub's own look at its broker.
    account.at_most("found after", 1.5 * KEEP_ALIVE_S + 0.5, found_s, unit=" s")
    account.at_most("back after", BACK_WITHIN_S, back_s, unit=" s")
    account.yes("the log says so", session)
    account.end()
    return account
