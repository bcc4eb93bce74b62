"""E6: a hub killed between call and record, and a partner that is away and then answers twice.

A real hub, a real sandbox, HTTP in between; the truth is the sandbox's ledger.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.contracts.free_ports import free_port
from tests.drills.hub_process import HubProcess
from tests.drills.report import Account, Report
from tests.drills.sandbox_process import HeldWay, SandboxProcess

WITHIN_S = 60.0
AWAY_S = 600
"""Simulated: ten minutes."""
PLACING = "POST /orders "


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    kills: int = 30
    orders: int = 24
    """Placed while the partner is away."""
    cancelled: int = 8
    """Of them, cancelled before it is back."""
    rate: float = 20.0
    seed: int = 1


@dataclass(kw_only=True)
class Scene:
    hub: HubProcess
    partner: SandboxProcess
    way: HeldWay
    service: str

    async def quoted(self, number: int) -> str:
        """Ask for a quote for a garment of its own; return the order's id once it is there."""
        wish = {"household": self.hub.household, "name": f"Coat {number}", "owner": "me"}
        garment = (await self.hub.ask("POST", "/garments", wish))["id"]
        order = {
            "service": self.service,
            "household": self.hub.household,
            "garments": [garment],
            "area": "Seongsu",
        }
        name = str((await self.hub.ask("POST", "/orders", order))["id"])
        await self.until(name, "quoted")
        return name

    async def accept(self, name: str) -> None:
        await self.hub.ask("POST", f"/orders/{name}/accept", {"address": "12 Seoul Forest Road"})

    async def until(self, name: str, *statuses: str, within_s: float = WITHIN_S) -> dict[str, Any]:
        end = time.monotonic() + within_s
        while True:
            found: dict[str, Any] = await self.hub.ask("GET", f"/orders/{name}")
            if found["status"] in statuses:
                return found
            assert time.monotonic() < end, (found["status"], found["reason"], statuses)
            await asyncio.sleep(0.1)

    async def carried_out(self, path: str) -> Counter[str]:
        """Return how often the partner did it, by key; answers given again do not count."""
        return Counter(
            str(one["key"])
            for one in await self.partner.requests()
            if str(one["path"]).endswith(path)
            and one["method"] == "POST"
            and one.get("replayed") is False
            and int(str(one.get("status", 0))) < 300
        )


async def drill(chosen: Plan) -> Report:
    report = Report("orders", chosen.seed, asdict(chosen))
    if chosen.kills:
        account = Account("hub killed between call and record")
        async with _scene(chosen, rate=1.0) as scene:
            await _kill(account, scene, chosen)
        report.accounts.append(account)
    if chosen.orders:
        account = Account("partner away ten minutes, then answering twice")
        async with _scene(chosen, rate=chosen.rate) as scene:
            await _be_away(account, scene, chosen)
        report.accounts.append(account)
    return report


@asynccontextmanager
async def _scene(chosen: Plan, *, rate: float) -> AsyncIterator[Scene]:
    anchor_ms = str(time.time_ns() // 1_000_000)
    settings = {
        "HUB_BROKER__PORT": str(free_port()),
        "HUB_PARTNERS__ALLOWED_NETWORKS": "127.0.0.0/8",
        "HUB_PARTNERS__TIMEOUT_S": "1.5",
        "HUB_CLOCK__RATE": str(rate),
        "HUB_CLOCK__ANCHOR_MS": anchor_ms,
        "HUB_HTTP__ACCESS_TOKEN_S": "86400",
    }
    with TemporaryDirectory(prefix="drill-") as folder:
        hub = HubProcess(folder=Path(folder) / "hub", settings=settings)
        options = ("--speed", str(rate), "--anchor-ms", anchor_ms, "--late-s", "3")
        partner = SandboxProcess(
            folder=Path(folder), options=(*options, "--seed", str(chosen.seed))
        )
        await hub.add_operator()
        await hub.start()
        async with HeldWay(partner.port).open() as way:
            wish = {
                "kind": "dry_cleaner",
                "name": "Cleaner",
                "url": f"http://127.0.0.1:{way.port}",
            }
            made = await hub.ask("POST", "/services", wish)
            hook = f"{hub.url}/api/v1/hooks/{made['id']}"
            await partner.start(secret=made["secret"], hook=hook)
            try:
                yield Scene(hub=hub, partner=partner, way=way, service=made["id"])
            finally:
                partner.stop()
                hub.kill()


async def _kill(account: Account, scene: Scene, chosen: Plan) -> None:
    names = []
    for number in range(chosen.kills):
        name = await scene.quoted(number)
        scene.way.arm(PLACING)
        await scene.accept(name)
        async with asyncio.timeout(WITHIN_S):
            await scene.way.held.wait()
        scene.hub.kill()
        await scene.hub.start()
        await scene.until(name, "placed", "under_way")
        names.append(name)
    placings = await scene.carried_out("/orders")
    asked = [one for one in await scene.partner.requests() if one["path"] == "/orders"]
    account.equal("hub killed, the partner's answer unrecorded", chosen.kills, len(names))
    account.equal("orders at the partner", len(names), len(await scene.partner.truth()))
    account.equal("placed once there", len(names), len(placings))
    account.equal("placed again", 0, sum(placings.values()) - len(placings))
    account.equal("asked again under the same key", len(names), len({one["key"] for one in asked}))
    account.at_least("requests to place", 2 * len(names), len(asked))
    await _disclosed_once(account, scene, names)
    account.end()


async def _disclosed_once(account: Account, scene: Scene, names: list[str]) -> None:
    """An address that left the hub is on the list once, however often it was sent."""
    found = []
    for name in names:
        sent = await scene.hub.pages(f"/orders/{name}/disclosures")
        found.append([one["field"] for one in sent if one["purpose"] == "place"].count("address"))
    account.equal("addresses on the list of what was sent", [1] * len(names), found)


async def _be_away(account: Account, scene: Scene, chosen: Plan) -> None:
    names = [await scene.quoted(number) for number in range(chosen.orders)]
    await scene.partner.mode("down", for_s=AWAY_S)
    for name in names:
        await scene.accept(name)
    await asyncio.sleep(AWAY_S / chosen.rate / 2)
    given_up = names[: chosen.cancelled]
    for name in given_up:
        await scene.hub.ask("POST", f"/orders/{name}/cancel", {"reason": "no longer needed"})
    (service,) = (await scene.hub.ask("GET", "/services"))["items"]
    await asyncio.sleep(AWAY_S / chosen.rate / 2)
    await scene.partner.mode("twice")
    placed = [
        await scene.until(name, "placed", "under_way", within_s=120)
        for name in names[chosen.cancelled :]
    ]
    gone = [await scene.until(name, "cancelled", within_s=120) for name in given_up]
    truth = await scene.partner.truth()
    placings = await scene.carried_out("/orders")
    account.shows(
        "the breaker while it is away", service["state"], holds=service["state"] != "closed"
    )
    account.equal("kept orders placed", chosen.orders - chosen.cancelled, len(placed))
    account.equal("placed twice at the partner", 0, sum(placings.values()) - len(placings))
    kept = [truth[one["id"]]["stage"] for one in placed]
    account.equal("kept orders the partner has", 0, kept.count("cancelled") + kept.count("quoted"))
    stages = Counter(truth[one["id"]]["stage"] for one in gone)
    account.equal(
        "cancelled orders that the partner still has",
        0,
        sum(n for stage, n in stages.items() if stage not in {"quoted", "cancelled"}),
    )
    account.figures["the partner has of the cancelled"] = dict(stages)
    account.figures["requests to place"] = sum(
        one["path"] == "/orders" for one in await scene.partner.requests()
    )
    account.equal("timelines right", [True] * len(placed), [await _right(scene, o) for o in placed])
    account.end()


async def _right(scene: Scene, order: dict[str, Any]) -> bool:
    timeline = await scene.hub.ask("GET", f"/orders/{order['id']}/timeline")
    begun = [entry["what"] for entry in timeline["entries"]][:4]
    return begun == ["asked", "quoted", "accepted", "placed"]
