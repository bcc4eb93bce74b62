"""What is receipted is stored once, whatever is killed: the claim this project stands on."""

import asyncio
import itertools
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.drills import alarms
from tests.drills.device import Habits
from tests.drills.faults import Strikes, plan
from tests.drills.fleet import Fleet
from tests.drills.ledger import Comparison
from tests.drills.report import Account, Report
from tests.drills.sites import Site, site
from tests.drills.stored import compare_all

SETTLE_S = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How large the drill is."""

    messages: int = 200_000
    devices: int = 100
    hub_kills: int = 20
    influx_kills: int = 5
    broker_kills: int = 5
    postgres_kills: int = 5
    broker: str = "mosquitto"
    series: str = "influx"
    records: str = "sqlite"
    seed: int = 1
    resend_s: float = 5.0
    rate: int = 2000
    """Readings measured a second, by all devices together, while nothing holds them up."""

    @property
    def kills(self) -> Mapping[str, int]:
        kills = {"hub": self.hub_kills, "broker": self.broker_kills}
        influx = {"influx": self.influx_kills} if self.series == "influx" else {}
        postgres = {"postgres": self.postgres_kills} if self.records == "postgresql" else {}
        return kills | influx | postgres


async def drill(chosen: Plan, *, control: bool = True) -> Report:
    """Run it without faults, if asked for, and with them."""
    report = Report("exactly-once", chosen.seed, asdict(chosen))
    runs = {"control": dict.fromkeys(chosen.kills, 0)} if control else {}
    for name, kills in (runs | {"faults": dict(chosen.kills)}).items():
        with TemporaryDirectory(prefix="drill-") as folder:
            report.accounts.append(await _run(name, kills, chosen, Path(folder)))
    return report


async def _run(name: str, kills: Mapping[str, int], chosen: Plan, folder: Path) -> Account:
    account = Account(name)
    each = chosen.messages // chosen.devices
    stretch = each / (sum(kills.values()) + 1)
    habits = Habits(
        count=each,
        # So that something is still to be measured when the fault of a stretch strikes.
        window=max(4, min(100, int(stretch / 4))),
        resend_s=chosen.resend_s,
        rate=chosen.rate / chosen.devices,
    )
    async with site(
        folder, broker=chosen.broker, series=chosen.series, records=chosen.records
    ) as place:
        admitted = await place.admit(chosen.devices)
        await alarms.make_rule(place.hub)
        fleet = Fleet(admitted, port=place.port, seed=chosen.seed, habits=habits)

        def open_gate(number: int) -> None:
            fleet.gate.upto = min(each, math.ceil(number * stretch))

        faults = plan(kills, total=each * chosen.devices, seed=chosen.seed)
        strikes = Strikes(faults, _strikes(place))
        began = time.monotonic()
        async with fleet.running():
            await strikes.run(fleet.until_receipted, open_gate=open_gate)
            await fleet.until_receipted(each * chosen.devices)
            account.figures["receipted_per_s"] = round(chosen.messages / (time.monotonic() - began))
            await _judge(account, place, fleet, each * chosen.devices)
        _explain(account, place, fleet, strikes)
        account.equal("faults struck", dict(kills), {w: strikes.struck[w] for w in kills})
        if kills.get("broker"):
            in_hand = strikes.answers["broker"]
            account.shows(
                "every broker killed with messages in the hub's hands",
                f"{in_hand} bytes",
                holds=all(isinstance(size, int) and size > 0 for size in in_hand),
            )
    account.end()
    return account


def _strikes(place: Site) -> Mapping[str, Callable[[], Awaitable[object]]]:
    with_hub = itertools.cycle((True, False))

    async def influx() -> None:
        """Every second time the hub dies too, with what it could not store."""
        await place.restart_influx(with_hub=next(with_hub))

    return {
        "hub": place.restart_hub,
        "influx": influx,
        "broker": place.kill_broker_in_hand,
        "postgres": place.restart_postgres,
    }


async def _judge(account: Account, place: Site, fleet: Fleet, count: int) -> None:
    ledger = fleet.ledger
    account.equal("measured", count, ledger.measured)
    account.equal("receipted", count, ledger.receipted)
    found = await _until_settled(place, fleet)
    account.equal("stored, as the store counts them", count, found.stored)
    account.equal("receipted and lost", 0, found.lost)
    account.equal("stored with another value", 0, found.wrong)
    account.equal("stored twice", 0, found.twice)
    account.equal("stored and never measured", 0, found.strange)
    letters = await place.hub.pages("/dead-letters")
    account.equal("dead letters", 0, len(letters))
    if letters:
        account.figures["dead letters"] = letters[:3]
    await _judge_alarms(account, place, fleet)
    await _judge_alerts(account, place, fleet)


async def _until_settled(place: Site, fleet: Fleet) -> Comparison:
    """Read the series back until all is there, or no more comes."""
    end = time.monotonic() + SETTLE_S
    while True:
        found = await compare_all(fleet.ledger, place.stored)
        if (not found.lost and found.stored >= fleet.ledger.measured) or time.monotonic() > end:
            return found
        await asyncio.sleep(1)


async def _judge_alarms(account: Account, place: Site, fleet: Fleet) -> None:
    """Compare with the oracle; late readings amend the record in the background."""
    expected = await alarms.expected(place.hub, fleet.ledger.pages)
    end = time.monotonic() + SETTLE_S
    while True:
        found, twice = await alarms.recorded(place.hub)
        if found == expected or time.monotonic() > end:
            break
        await asyncio.sleep(1)
    account.equal("alarms in the records", len(expected), len(found))
    account.equal("alarms twice", 0, twice)
    same = sum(found.get(key) == entries for key, entries in expected.items())
    account.equal("alarms as the oracle has them, entry by entry", len(expected), same)
    account.figures["entries in alarms"] = sum(map(len, expected.values()))
    odd = [key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key)]
    if odd:
        key = min(odd)
        account.figures["first alarm that differs"] = (key, expected.get(key), found.get(key))


async def _judge_alerts(account: Account, place: Site, fleet: Fleet) -> None:
    """Every touch at a wrist is one command of the hub's, and no moment was told twice."""
    felt: dict[str, dict[str, object]] = {}
    orders: list[dict[str, object]] = []
    for device in fleet.crossing:
        felt |= device.felt.args
        orders += await place.hub.pages(f"/devices/{device.admission.device}/commands")
    touches = {name for name, args in felt.items() if args["name"] == "alert"}
    known = {str(order["id"]) for order in orders if order["name"] == "alert"}
    raised = {str(alarm["id"]) for alarm in await place.hub.pages("/alarms")}
    moments = [
        (order["device"], str(order["args"]), order["issued_at"])
        for order in orders
        if order["name"] == "alert"
    ]
    account.at_least("touches felt", 1, len(touches))
    account.equal("touches felt that the hub does not know", 0, len(touches - known))
    account.equal("one touch under two command ids", 0, len(moments) - len(set(moments)))
    account.equal(
        "touches for an alarm that is not in the records",
        0,
        sum(str(felt[name]["alert"]) not in raised for name in touches),
    )
    calm = {name for device in fleet.devices for name in device.felt.first_at} - felt.keys()
    account.equal("touches of those who never crossed", 0, len(calm))
    account.figures["touches felt"] = len(touches)
    account.figures["commands redelivered under their id and dropped by the device"] = sum(
        sum(device.felt.redelivered.values()) for device in fleet.devices
    )


def _explain(account: Account, place: Site, fleet: Fleet, strikes: Strikes) -> None:
    figures = account.figures
    figures["resent by devices"] = sum(device.resent for device in fleet.devices)
    figures["connections of devices"] = sum(device.connections for device in fleet.devices)
    figures["hub start seconds"] = [round(s, 1) for s in place.hub.start_seconds]
    figures["seconds a part was away"] = strikes.seconds
    figures["hub rss MB"] = round(place.hub.rss_mb())
    log = place.hub.log
    figures["log: WARNING"] = log.count(" WARNING ")
    figures["log: ERROR"] = log.count(" ERROR ")
    figures["log: Traceback"] = log.count("Traceback")
    account.equal("faults of the hub's own in its log", 0, log.count("Fault in the flow"))
