"""E12: orders with planted slips; everybody is told in time, and nobody without a reason.

The truth is the sandbox's: what it planned for each order before anything happened. The hub hears
of it only by answers and webhooks, which come late, twice, out of order or not at all.
"""

import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from hub.model import (
    Moment,
    Order,
    OrderAcceptance,
    OrderStatus,
    OrderUpdate,
    PartnerWord,
    ServiceKind,
)
from simulators.chance import chance
from simulators.partners.dry_cleaner import DryCleaner
from simulators.partners.plan import Odds, Slip
from tests.drills.report import Account, Report
from tests.drills.stepped_partner import MINUTE_MS, SteppedPartner, Way
from tests.runtime.small_shop import CLEANER, HOUR_MS, OpenShop, Shop

WORDS = frozenset({"slipped", "at_risk", "no_news"})
STEP_MS = 10 * MINUTE_MS
LIFE_MS = 130 * HOUR_MS
"""Longer than the latest order takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    orders: int = 200
    slip: float = 0.4
    wobble: float = 0.2
    seed: int = 1
    kills: int = 0
    """Times the hub is ended as by a kill, and begun again."""
    away: int = 0
    """Spells of up to six hours in which the partner cannot be reached and says nothing."""


async def drill(chosen: Plan) -> Report:
    report = Report("slips", chosen.seed, asdict(chosen))
    with tempfile.TemporaryDirectory() as directory:
        whole = _Drill(chosen, Path(directory))
        await whole.run()
        report.accounts.append(await whole.account())
    return report


class _Drill:
    def __init__(self, chosen: Plan, directory: Path) -> None:
        self._chosen = chosen
        self._account = Account(name=f"{chosen.orders} orders")
        self._rng = chance(chosen.seed, "slips")
        self._shop = Shop(directory)
        odds = Odds(slip=chosen.slip, wobble=chosen.wobble)
        self._business = DryCleaner(seed=chosen.seed, odds=odds)
        self._partner = SteppedPartner(
            kind=ServiceKind.DRY_CLEANER,
            business=self._business,
            clock=self._shop.clock,
            rng=chance(chosen.seed, "way"),
            way=Way(lost=0.1, doubled=0.3, late=0.2),
        )
        self._shop.partner = self._partner
        for _ in range(chosen.away):
            begin_ms = self._now_ms + self._rng.randrange(LIFE_MS)
            self._partner.away.append((begin_ms, begin_ms + self._rng.randrange(6 * HOUR_MS)))

    @property
    def _now_ms(self) -> int:
        return self._shop.clock.now_ms()

    async def run(self) -> None:
        begin_ms = self._now_ms
        end_ms = begin_ms + LIFE_MS
        waiting = [
            (begin_ms + self._rng.randrange(12 * HOUR_MS), f"or-{number:03}")
            for number in range(self._chosen.orders)
        ]
        waiting.sort(reverse=True)
        kills = sorted(self._rng.randrange(begin_ms, end_ms) for _ in range(self._chosen.kills))
        while self._now_ms < end_ms:
            until_ms = kills.pop(0) if kills else end_ms
            async with self._shop.open() as hub:
                await self._live(hub, waiting, until_ms)

    async def _live(self, hub: OpenShop, waiting: list[tuple[int, str]], until_ms: int) -> None:
        while self._now_ms < until_ms:
            while waiting and waiting[-1][0] <= self._now_ms:
                _, name = waiting.pop()
                await hub.order(name, garment=f"gm-{name}")
            self._partner.live()
            for update in () if self._partner.is_away else self._partner.arrived():
                await self._post(hub, update)
            await self._accept_quotes(hub)
            await hub.settle()
            await self._step(hub, waiting, until_ms)

    async def _post(self, hub: OpenShop, update: object) -> None:
        assert isinstance(update, OrderUpdate)
        hook = f"hk-{update.order}-{update.version}"
        word = PartnerWord(service=CLEANER.id, hook=hook, update=update, now_ms=self._now_ms)
        await hub.worker.hear(word)

    async def _accept_quotes(self, hub: OpenShop) -> None:
        for order in hub.worker.kept_in(Order, "h-home"):
            if order.status is OrderStatus.QUOTED and order.quote is not None:
                await hub.worker.submit(
                    OrderAcceptance(
                        order=order.id,
                        author="p-mina",
                        now_ms=self._now_ms,
                        slot=self._rng.choice(order.quote.slots[1:]),
                        address="12 Seoul Forest Road",
                    )
                )

    async def _step(self, hub: OpenShop, waiting: list[tuple[int, str]], until_ms: int) -> None:
        """Go to where something happens next, ten minutes at most."""
        times = [
            self._partner.next_ms(),
            await hub.records.next_timer_ms(),
            waiting[-1][0] if waiting else None,
            self._now_ms + STEP_MS,
            until_ms,
        ]
        next_ms = min(at for at in times if at is not None)
        self._shop.clock.at_ms = max(next_ms, self._now_ms + 1000)

    async def account(self) -> Account:
        account = self._account
        async with self._shop.open() as hub:
            orders = {order.id: order for order in await _all_orders(hub)}
            moments = await _slip_words(hub)
        truth = {name: self._business.truth(name) for name in self._business.records}
        late = [o for name, o in orders.items() if _is_late(truth[name])]
        in_time = [o for name, o in orders.items() if not _is_late(truth[name])]
        account.equal("orders", self._chosen.orders, len(orders))
        unplaced = [name for name, one in truth.items() if one["delivered_ms"] is None]
        account.equal("delivered", len(truth) - len(unplaced), _delivered(orders.values()))
        if self._chosen.away:
            both = sum(_cancelled(orders[name], truth[name]) for name in unplaced)
            account.equal("partner away until the slot: cancelled, told", len(unplaced), both)
        else:
            account.equal("not placed", 0, len(unplaced))
        account.at_least("late orders among them", self._chosen.orders // 5, len(late))
        account.equal("late, told before the promised time", len(late), sum(map(_in_time, late)))
        account.equal("in time, told otherwise", 0, sum(map(_claims, in_time)))
        if not self._chosen.away:
            account.equal("in time, told that there is no news", 0, sum(map(_words, in_time)))
        account.equal("orders the partner has twice", 0, self._twice())
        right = [_timeline_right(o) for name, o in orders.items() if name not in unplaced]
        account.equal("timelines with each stage once, in order", len(right), sum(right))
        account.equal("words in the timelines", len(moments), sum(map(_words, orders.values())))
        account.figures |= self._figures(orders, truth, late)
        account.end()
        return account

    def _twice(self) -> int:
        return sum(count > 1 for count in Counter(self._partner.carried_out).values())

    def _figures(
        self, orders: dict[str, Order], truth: dict[str, dict[str, object]], late: list[Order]
    ) -> dict[str, object]:
        kinds = Counter(str(truth[name]["slip"]) for name in orders)
        ahead_h = sorted((_promised(o) - _first_word_ms(o)) / HOUR_MS for o in late)
        asked = self._partner.requests
        return {
            "planted": dict(kinds),
            "hours told ahead of the promise, least / median": [
                round(ahead_h[0], 2),
                round(ahead_h[len(ahead_h) // 2], 2),
            ]
            if ahead_h
            else [],
            "told that there is no news": sum(
                entry.what == "no_news" for order in orders.values() for entry in order.timeline
            ),
            "requests to the partner per order": round(asked / len(orders), 1),
        }


async def _all_orders(hub: OpenShop) -> list[Order]:
    page = await hub.records.things(Order, limit=500)
    return list(page.items)


async def _slip_words(hub: OpenShop) -> list[Moment]:
    found: list[Moment] = []
    cursor: str | None = None
    while True:
        page = await hub.records.things(Moment, limit=500, cursor=cursor)
        found += [m for m in page.items if m.text["en"].startswith(_OPENINGS)]
        cursor = page.next_cursor
        if cursor is None:
            return found


_OPENINGS = ("It will be later", "It may miss", "No news from")


def _is_late(truth: dict[str, object]) -> bool:
    return truth["slip"] in {Slip.ANNOUNCED, Slip.SILENT}


def _promised(order: Order) -> int:
    assert order.promised_ms is not None
    return order.promised_ms


def _first_word_ms(order: Order) -> int:
    return min((e.noted_ms for e in order.timeline if e.what in WORDS), default=1 << 60)


def _in_time(order: Order) -> bool:
    return _first_word_ms(order) < _promised(order)


def _words(order: Order) -> int:
    return sum(entry.what in WORDS for entry in order.timeline)


def _cancelled(order: Order, truth: dict[str, object]) -> bool:
    """Return whether an order that was never confirmed is on neither side, and was told."""
    told = any(entry.what == "unsure" for entry in order.timeline)
    return order.status is OrderStatus.CANCELLED and truth["stage"] == "cancelled" and told


def _claims(order: Order) -> int:
    """Return how often it was said that the order is late or may be."""
    return sum(entry.what in {"slipped", "at_risk"} for entry in order.timeline)


def _delivered(orders: object) -> int:
    return sum(order.status is OrderStatus.DELIVERED for order in orders)  # type: ignore[attr-defined]


def _timeline_right(order: Order) -> bool:
    """Return whether the partner's stages are there once each, in their order and by their time."""
    said = [entry for entry in order.timeline if entry.source == "partner"]
    stages = list(dict.fromkeys(entry.what for entry in said))
    versions = [entry.version for entry in said]
    return (
        stages
        == [
            "quoted",
            "placed",
            "picked_up",
            "cleaning",
            "ready",
            "out_for_delivery",
            "delivered",
        ]
        and len(set(versions)) == len(versions)
        and [entry.at_ms for entry in said] == sorted(entry.at_ms for entry in said)
    )
