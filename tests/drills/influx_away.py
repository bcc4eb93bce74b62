"""The series store dies, or hangs, under flowing readings: alerts go on, nothing is lost."""

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.drills import probe
from tests.drills.background import background
from tests.drills.device import Habits
from tests.drills.fleet import Fleet
from tests.drills.ledger import compare, total
from tests.drills.probe import Probe, percentile
from tests.drills.report import Account, Report
from tests.drills.sites import Site, site
from tests.drills.watcher import Watcher

DRAINED_WITHIN_S = 300.0
SLOWER_BY_S = 0.5
"""How much the alerts' 95th percentile may move; the machine is shared with the drill."""
GROWN_BY_MB = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    away_s: float = 600.0
    before_s: float = 60.0
    rate: int = 200
    devices: int = 20
    broker: str = "mosquitto"
    seed: int = 1


async def drill(chosen: Plan, *, control: bool = True) -> Report:
    report = Report("influx-away", chosen.seed, asdict(chosen))
    for fault in (("control",) if control else ()) + ("killed", "hanging"):
        with TemporaryDirectory(prefix="drill-") as folder:
            async with site(Path(folder), broker=chosen.broker, series="influx") as place:
                report.accounts.append(await _run(fault, chosen, place))
    return report


async def _run(fault: str, chosen: Plan, place: Site) -> Account:
    account = Account(fault)
    admitted = await place.admit(chosen.devices + 1)
    await probe.make_rule(place.hub, admitted[-1].device)
    away_s = min(chosen.away_s, 60.0) if fault == "control" else chosen.away_s
    each = round(chosen.rate * (chosen.before_s + away_s + 10) / chosen.devices)
    fleet = Fleet(
        admitted[:-1],
        port=place.port,
        seed=chosen.seed,
        habits=Habits(count=each, window=1000, rate=chosen.rate / chosen.devices, resend_s=30),
    )
    wrist = Probe(admission=admitted[-1], port=place.port)
    watcher = Watcher(hub=place.hub)
    async with fleet.running(), background(wrist.run(), watcher.run()):
        await _go_through(account, fault, place, (wrist, watcher), (chosen.before_s, away_s))
        await fleet.until_receipted(each * chosen.devices)
        await _judge_stored(account, place, fleet)
    account.equal("alerts that never reached the wrist", 0, wrist.missed)
    account.figures["alerts felt"] = len(wrist.latencies_s)
    account.end()
    return account


async def _go_through(
    account: Account,
    fault: str,
    place: Site,
    watching: tuple[Probe, Watcher],
    spans_s: tuple[float, float],
) -> None:
    wrist, watcher = watching
    before_s, away_s = spans_s
    began = time.monotonic()
    await asyncio.sleep(before_s)
    gone = time.monotonic()
    stored_before = await place.hub.metric("hub_samples_stored_total")
    await _take_away(place, fault)
    await asyncio.sleep(away_s)
    back = time.monotonic()
    if fault != "control":
        await _judge_absence(account, place, watcher, gone=gone, back=back)
        account.equal(
            "samples stored meanwhile",
            0,
            round(await place.hub.metric("hub_samples_stored_total") - stored_before)
            if fault == "killed"
            else 0,
        )
        await _bring_back(place, fault)
        account.true(*await _stale(place, wrist))
    before, during = wrist.between(began, gone), wrist.between(gone, back)
    account.figures["alert latency before, ms (median, 95 %)"] = _spread(before)
    account.figures["alert latency during, ms (median, 95 %)"] = _spread(during)
    bound = percentile(before, 0.95) + SLOWER_BY_S
    account.at_most("alert latency during, 95 %", bound, percentile(during, 0.95), unit=" s")
    first, most = watcher.most_mb(began, gone), watcher.most_mb(gone, back)
    account.figures["hub rss MB (before, most during)"] = (round(first), round(most))
    account.at_most("hub's memory grew by", GROWN_BY_MB, most - first, unit=" MB")
    account.figures["threads (before, most during)"] = (
        watcher.most_threads(began, gone),
        watcher.most_threads(gone, back),
    )


async def _take_away(place: Site, fault: str) -> None:
    assert place.influx is not None, "this drill needs InfluxDB"
    if fault == "killed":
        await asyncio.to_thread(place.influx.kill)
    elif fault == "hanging":
        place.influx.freeze()


async def _bring_back(place: Site, fault: str) -> None:
    assert place.influx is not None, "this drill needs InfluxDB"
    if fault == "killed":
        await asyncio.to_thread(place.influx.start)
    else:
        place.influx.thaw()


async def _judge_absence(
    account: Account, place: Site, watcher: Watcher, *, gone: float, back: float
) -> None:
    complaints = watcher.complaints(gone, back)
    names_it = [ill for ill in complaints if ill.startswith("series: ")]
    account.true("/readyz says that the series store is away", names_it[-1:], holds=bool(names_it))
    account.equal("/readyz in the end", 503, (await place.hub.readyz())[0])
    client = await place.hub.client()
    device = (await asyncio.to_thread(client.call, "GET", "/devices"))["items"][0]["id"]
    path = f"/devices/{device}/telemetry?property=heart_rate"
    status, again = await asyncio.to_thread(_status, f"{place.hub.url}/api/v1{path}", client._token)
    account.equal("telemetry meanwhile", 503, status)
    account.true("and says when to come again", again, holds=again is not None)


def _status(url: str, token: str) -> tuple[int, str | None]:
    request = Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with urlopen(request, timeout=60) as answer:
            return answer.status, None
    except HTTPError as error:
        return error.code, error.headers.get("Retry-After")


async def _stale(place: Site, wrist: Probe) -> tuple[str, object]:
    raise NotImplementedError


async def _judge_stored(account: Account, place: Site, fleet: Fleet) -> None:
    raise NotImplementedError


def _spread(values: list[float]) -> tuple[int, int]:
    return round(percentile(values, 0.5) * 1000), round(percentile(values, 0.95) * 1000)
