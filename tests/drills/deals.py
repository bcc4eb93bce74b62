"""E7: both sides of a listing say yes, no and withdraw at once; no deal comes of it, or one.

The market is the sandbox's own code; answers are lost, webhooks come late and twice, and the hub
is ended and begun again in between.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from hub.errors import HubError
from hub.model import (
    Call,
    DealAnswer,
    Garment,
    Listing,
    ListingUpdate,
    ListingWithdrawal,
    PartnerWord,
    Place,
    ServiceKind,
)
from simulators.chance import chance
from simulators.partners.market import Market
from simulators.partners.market_forms import DealRequest, InterestRequest
from simulators.partners.wire import Problem
from tests.drills.report import Account, Report
from tests.drills.stepped_partner import MINUTE_MS, SteppedPartner, Way
from tests.runtime.small_shop import HOUR_MS, MARKET, OpenShop, Shop

ACTS = ("accept", "accept", "decline", "withdraw", "they_accept", "they_accept", "they_withdraw")
PLACES = {
    "offered": Place.MARKET,
    "reserved": Place.MARKET,
    "withdrawn": Place.WARDROBE,
    "handed_over": Place.GONE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    listings: int = 200
    seed: int = 1
    kills: int = 40


@dataclass(frozen=True, slots=True, order=True)
class _Act:
    at_ms: int
    listing: str
    what: str
    deal: str


async def drill(chosen: Plan) -> Report:
    report = Report("deals", chosen.seed, asdict(chosen))
    with tempfile.TemporaryDirectory() as directory:
        whole = _Drill(chosen, Path(directory))
        await whole.run()
        report.accounts.append(await whole.account())
    return report


class _Drill:
    def __init__(self, chosen: Plan, directory: Path) -> None:
        self._chosen = chosen
        self._account = Account(name=f"{chosen.listings} listings")
        self._rng = chance(chosen.seed, "deals")
        self._shop = Shop(directory)
        self._market = Market(seed=chosen.seed, others=0)
        self._partner = SteppedPartner(
            kind=ServiceKind.MARKET,
            business=self._market,
            clock=self._shop.clock,
            rng=chance(chosen.seed, "way"),
            way=Way(lost=0.2, doubled=0.3, late=0.3, latest_ms=20 * MINUTE_MS),
        )
        self._shop.partner = self._partner
        self._refused: Counter[str] = Counter()

    @property
    def _now_ms(self) -> int:
        return self._shop.clock.now_ms()

    async def run(self) -> None:
        names = [f"li-{number:03}" for number in range(self._chosen.listings)]
        acts = [act for name in names for act in self._acts(name)]
        acts.sort(reverse=True)
        end_ms = acts[0].at_ms + 4 * HOUR_MS
        kills = sorted(self._rng.randrange(self._now_ms, end_ms) for _ in range(self._chosen.kills))
        while self._now_ms < end_ms:
            until_ms = kills.pop(0) if kills else end_ms
            async with self._shop.open() as hub:
                await self._live(hub, acts, until_ms)

    def _acts(self, name: str) -> list[_Act]:
        """Return what both sides will do, within a few minutes of each other."""
        begin_ms = self._now_ms + self._rng.randrange(6 * HOUR_MS)
        deals = [f"dl-{name}-{number}" for number in range(self._rng.randint(1, 3))]
        acts = [_Act(begin_ms, name, "offer", "")]
        acts += [_Act(begin_ms + 5 * MINUTE_MS, name, "interest", deal) for deal in deals]
        busy_ms = begin_ms + 30 * MINUTE_MS
        for _ in range(self._rng.randint(3, 8)):
            at_ms = busy_ms + self._rng.randrange(3 * MINUTE_MS)
            acts.append(_Act(at_ms, name, self._rng.choice(ACTS), self._rng.choice(deals)))
        if self._rng.random() < 0.5:
            acts += [_Act(busy_ms + HOUR_MS, name, "hand_over", deal) for deal in deals]
        return acts

    async def _live(self, hub: OpenShop, acts: list[_Act], until_ms: int) -> None:
        while self._now_ms < until_ms:
            while acts and acts[-1].at_ms <= self._now_ms:
                await self._do(hub, acts.pop())
            self._partner.live()
            for update in self._partner.arrived():
                assert isinstance(update, ListingUpdate)
                hook = f"hk-{update.listing}-{update.version}"
                said = PartnerWord(service=MARKET.id, hook=hook, update=update, now_ms=self._now_ms)
                await hub.worker.hear(said)
            # Not settled: what is under way when the next thing happens is the point.
            for _ in range(self._rng.randrange(12)):
                await asyncio.sleep(0)
            await self._step(hub, acts, until_ms)

    async def _step(self, hub: OpenShop, acts: list[_Act], until_ms: int) -> None:
        times = [
            self._partner.next_ms(),
            acts[-1].at_ms if acts else None,
            self._now_ms + MINUTE_MS,
            until_ms,
        ]
        next_ms = min(at for at in times if at is not None)
        if next_ms > self._now_ms + MINUTE_MS // 2:
            await hub.settle()
        self._shop.clock.at_ms = max(next_ms, self._now_ms + 100)

    async def _do(self, hub: OpenShop, act: _Act) -> None:
        theirs: dict[str, Callable[[], object]] = {
            "interest": lambda: self._script("interest", InterestRequest, act),
            "they_accept": lambda: self._script("accept", DealRequest, act),
            "they_withdraw": lambda: self._script("withdraw", DealRequest, act),
        }
        try:
            if act.what in theirs:
                theirs[act.what]()
            elif act.what == "offer":
                await hub.offer(act.listing)
            elif act.what == "withdraw":
                wish = ListingWithdrawal(listing=act.listing, author="p-mina", now_ms=self._now_ms)
                await hub.worker.submit(wish)
            else:
                answer = DealAnswer(
                    listing=act.listing,
                    deal=act.deal,
                    answer=act.what,
                    author="p-mina",
                    now_ms=self._now_ms,
                )
                await hub.worker.submit(answer)
        except (HubError, Problem):
            self._refused[act.what] += 1

    def _script(
        self, name: str, form: type[InterestRequest] | type[DealRequest], act: _Act
    ) -> None:
        _, happen = self._market.scripts[name]
        happen(form(listing=act.listing, deal=act.deal), self._now_ms)

    async def account(self) -> Account:
        account = self._account
        async with self._shop.open() as hub:
            for _ in range(30):
                await hub.pass_time(1 / 6)
            page = await hub.records.things(Listing, limit=500)
            pieces = (await hub.records.things(Garment, limit=500)).items
            open_calls = len(hub.worker.kept_in(Call, "h-home"))
        truth = {name: self._market.truth(name) for name in self._market.records}
        ours = {listing.id: listing for listing in page.items}
        places = {garment.id: garment for garment in pieces}
        agreed = {name: list(_list(one["agreed"])) for name, one in truth.items()}
        account.equal("listings", self._chosen.listings, len(ours))
        account.equal("with more than one deal, at the market", 0, _more_than_one(agreed))
        account.equal("with more than one deal, in the hub", 0, _more_than_one(_agreed_in(ours)))
        account.equal(
            "where both sides name the same deal",
            len(truth),
            sum(agreed[name] == _agreed(ours[name]) for name in truth),
        )
        account.equal(
            "where both sides name the same status",
            len(truth),
            sum(one["status"] == ours[name].status.value for name, one in truth.items()),
        )
        right = sum(
            places[f"gm-{name}"].place is PLACES[str(one["status"])] for name, one in truth.items()
        )
        account.equal("pieces where the deal leaves them", len(truth), right)
        account.equal(
            "never offered and free again", len(ours) - len(truth), _free(ours, places, truth)
        )
        account.equal("calls left over", 0, open_calls)
        account.at_least(
            "deals agreed", self._chosen.listings // 20, sum(map(bool, agreed.values()))
        )
        account.figures |= {
            "ended as": dict(Counter(str(one["status"]) for one in truth.values())),
            "refused on the spot": dict(self._refused),
            "requests to the market": self._partner.requests,
        }
        account.end()
        return account


def _list(value: object) -> list[str]:
    assert isinstance(value, list)
    return value


def _agreed_in(ours: dict[str, Listing]) -> dict[str, list[str]]:
    return {name: _agreed(listing) for name, listing in ours.items()}


def _agreed(listing: Listing) -> list[str]:
    return [one.deal for one in listing.deals if one.status not in {"open", "off"}]


def _more_than_one(agreed: dict[str, list[str]]) -> int:
    return sum(len(deals) > 1 for deals in agreed.values())


def _free(
    ours: dict[str, Listing], places: dict[str, Garment], truth: dict[str, dict[str, object]]
) -> int:
    never = [name for name in ours if name not in truth]
    return sum(
        not ours[name].open and places[f"gm-{name}"].place is Place.WARDROBE for name in never
    )
