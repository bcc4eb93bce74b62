"""The series store dies, or hangs, under flowing readings: alerts go on, nothing is lost."""

import asyncio
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.drills import probe
from tests.drills.background import background
from tests.drills.device import Habits
from tests.drills.fleet import Fleet
from tests.drills.probe import Probe, percentile
from tests.drills.report import Account, Report
from tests.drills.sites import Site, site
from tests.drills.stored import compare_all
from tests.drills.watcher import Watcher

DRAINED_WITHIN_S = 300.0
SLOWER_BY_S = 0.5
"""How much the alerts' 95th percentile may move; the machine is shared with the drill."""
GROWN_BY_MB = 60.0
GROWN_BY_THREADS = 4
SURELY_STALE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    away_s: float = 600.0
    before_s: float = 60.0
    rate: int = 200
    devices: int = 20
    broker: str = "mosquitto"
    faults: tuple[str, ...] = ("killed", "hanging")
    answer_s: float = 10.0
    """How long the hub waits for an answer of the store."""
    seed: int = 1


async def drill(chosen: Plan, *, control: bool = True) -> Report:
    report = Report("influx-away", chosen.seed, asdict(chosen))
    settings = {"HUB_SERIES__TIMEOUT_S": str(chosen.answer_s)}
    for fault in (("control",) if control else ()) + chosen.faults:
        with TemporaryDirectory(prefix="drill-") as folder:
            async with site(
                Path(folder), broker=chosen.broker, series="influx", settings=settings
            ) as place:
                report.accounts.append(await _run(fault, chosen, place))
    return report


async def _run(fault: str, chosen: Plan, place: Site) -> Account:
    account = Account(fault)
    admitted = await place.admit(chosen.devices + 1)
    await probe.make_rule(place.hub, admitted[-1].device)
    away_s = chosen.before_s if fault == "control" else chosen.away_s
    each = round(chosen.rate * (chosen.before_s + away_s) / chosen.devices)
    habits = Habits(count=each, window=1000, rate=chosen.rate / chosen.devices, resend_s=30)
    fleet = Fleet(admitted[:-1], port=place.port, seed=chosen.seed, habits=habits)
    wrist = Probe(admission=admitted[-1], port=place.port)
    watcher = Watcher(hub=place.hub)
    absence = Absence(account, place, wrist, watcher)
    async with fleet.running(), background(wrist.run(), watcher.run()):
        await absence.go_through(fault, before_s=chosen.before_s, away_s=away_s)
        await fleet.until_receipted(each * chosen.devices)
        await _judge_stored(account, place, fleet)
    account.equal("alerts that never reached the wrist", 0, wrist.missed)
    account.figures["alerts felt"] = len(wrist.latencies_s)
    account.end()
    return account


@dataclass(slots=True)
class Absence:
    """Takes the store away and looks at what the hub does and says meanwhile."""

    account: Account
    place: Site
    wrist: Probe
    watcher: Watcher

    async def go_through(self, fault: str, *, before_s: float, away_s: float) -> None:
        began = time.monotonic()
        await asyncio.sleep(before_s)
        gone = time.monotonic()
        await self._take_away(fault)
        await asyncio.sleep(away_s)
        back = time.monotonic()
        if fault != "control":
            await self._judge_words(gone, back)
            await self._bring_back(fault)
            stale = await self._stale_since()
            self.account.figures["telemetry's stale_since at the return"] = stale
            if away_s >= SURELY_STALE_S:
                self.account.shows("telemetry says since when", stale, holds=stale is not None)
        self._judge_alerts(began, gone, back)
        self._judge_size(began, gone, back)

    async def _take_away(self, fault: str) -> None:
        assert self.place.influx is not None, "this drill needs InfluxDB"
        if fault == "killed":
            await asyncio.to_thread(self.place.influx.kill)
        elif fault == "hanging":
            self.place.influx.freeze()

    async def _bring_back(self, fault: str) -> None:
        assert self.place.influx is not None, "this drill needs InfluxDB"
        if fault == "killed":
            await asyncio.to_thread(self.place.influx.start)
        else:
            self.place.influx.thaw()

    @property
    def _telemetry(self) -> str:
        return f"/devices/{self.wrist.admission.device}/telemetry?property=speed"

    async def _judge_words(self, gone: float, back: float) -> None:
        """Look at what machines and people are told while the store is away."""
        account, hub = self.account, self.place.hub
        ill = [ill for ill in self.watcher.complaints(gone, back) if ill.startswith("series: ")]
        account.shows("/readyz names the series store", ill[-1:], holds=bool(ill))
        account.equal("/readyz in the end", 503, (await hub.readyz())[0])
        status, again = await hub.status(self._telemetry)
        account.equal("telemetry meanwhile", 503, status)
        account.shows("and says when to come again", again, holds=again is not None)

    async def _stale_since(self) -> str | None:
        page = await self.place.hub.ask("GET", self._telemetry)
        stale: str | None = page["stale_since"]
        return stale

    def _judge_alerts(self, began: float, gone: float, back: float) -> None:
        before, during = self.wrist.between(began, gone), self.wrist.between(gone, back)
        figures = self.account.figures
        figures["alert latency before, ms (median, 95 %)"] = _spread(before)
        figures["alert latency meanwhile, ms (median, 95 %)"] = _spread(during)
        self.account.at_least("alerts meanwhile", 1, len(during))
        bound = percentile(before, 0.95) + SLOWER_BY_S
        self.account.at_most("their latency, 95 %", bound, percentile(during, 0.95), unit=" s")

    def _judge_size(self, began: float, gone: float, back: float) -> None:
        watcher, figures = self.watcher, self.account.figures
        first, most = watcher.most_mb(began, gone), watcher.most_mb(gone, back)
        threads = watcher.most_threads(began, gone), watcher.most_threads(gone, back)
        figures["hub rss MB (before, most meanwhile)"] = (round(first), round(most))
        figures["threads (before, most meanwhile)"] = threads
        self.account.at_most("hub's memory grew by", GROWN_BY_MB, most - first, unit=" MB")
        self.account.at_most("threads more", GROWN_BY_THREADS, threads[1] - threads[0])


async def _judge_stored(account: Account, place: Site, fleet: Fleet) -> None:
    """Wait until the spool has drained, and look whether all is there."""
    began = time.monotonic()
    wanted = fleet.ledger.measured
    while True:
        found = await compare_all(fleet.ledger, place.stored)
        if found.stored >= wanted or time.monotonic() - began > DRAINED_WITHIN_S:
            break
        await asyncio.sleep(0.5)
    account.figures["drained after s, about"] = round(time.monotonic() - began, 1)
    account.equal("stored, as the store counts them", wanted, found.stored)
    account.equal("lost, wrong, twice, strange", (0, 0, 0, 0), found.faults)
    account.equal("dead letters", 0, len(await place.hub.pages("/dead-letters")))
    account.equal("/readyz afterwards", 200, await place.hub.ready())


def _spread(values: list[float]) -> tuple[int, int] | None:
    if not values:
        return None
    return round(percentile(values, 0.5) * 1000), round(percentile(values, 0.95) * 1000)
