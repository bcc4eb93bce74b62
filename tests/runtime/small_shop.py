"""A home with garments, a dry cleaner and a market, on the real worker and caller."""

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hub.adapters.broker.memory import MemoryBroker
from hub.adapters.conditions.cel import Expressions
from hub.adapters.partner.memory import MemoryPartner
from hub.adapters.partner.partners import Partners
from hub.adapters.records.sql import SqlRecords
from hub.kinds import find_kinds
from hub.model import (
    Call,
    Garment,
    Household,
    K,
    Listing,
    ListingMode,
    ListingRequest,
    ListingStatus,
    Moment,
    Operation,
    Order,
    OrderAcceptance,
    OrderCancellation,
    OrderRequest,
    OrderStatus,
    OrderUpdate,
    PartnerWord,
    Person,
    Price,
    Service,
    ServiceKind,
    Topics,
    Update,
)
from hub.ports import Partner
from hub.runtime.figures import NoFigures
from hub.runtime.health import Health
from hub.runtime.order_reasons import OrderReasons
from hub.runtime.service_caller import ServiceCaller
from hub.runtime.timers import Timers
from hub.runtime.worker import Worker
from simulators.chance import chance

T0 = 1_795_000_000_000
HOUR_MS = 3_600_000
WITHIN_S = 20.0
SECRET = "whsec_" + "QUFB" * 11  # gitleaks:allow
CLEANER = Service(
    id="sv-clean",
    kind=ServiceKind.DRY_CLEANER,
    name="Han River Cleaners",
    url="https://clean.test",
    secret=SECRET,
)
MARKET = Service(
    id="sv-market",
    kind=ServiceKind.MARKET,
    name="Seongsu swaps",
    url="https://market.test",
    secret=SECRET,
)


class SteppedClock:
    """Stands still until it is set; who sleeps till then wakes."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._count = 0

    @property
    def at_ms(self) -> int:
        return self._now_ms

    @at_ms.setter
    def at_ms(self, now_ms: int) -> None:
        self._now_ms = now_ms
        while self._sleepers and self._sleepers[0][0] <= now_ms:
            woken = heapq.heappop(self._sleepers)[2]
            if not woken.done():
                woken.set_result(None)

    def now_ms(self) -> int:
        return self._now_ms

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        due_ms = self._now_ms + int(seconds * 1000)
        heapq.heappush(self._sleepers, (due_ms, self._count, woken))
        if due_ms <= self._now_ms:
            woken.set_result(None)
        await woken


@dataclass
class Shop:
    """What outlives a hub: the records, the partners and the clock."""

    directory: Path
    clock: SteppedClock = field(default_factory=lambda: SteppedClock(T0))
    broker: MemoryBroker = field(default_factory=MemoryBroker)
    partner: Partner | None = None
    """In place of the two in memory."""

    def __post_init__(self) -> None:
        self.cleaner = MemoryPartner(ServiceKind.DRY_CLEANER, clock=self.clock)
        self.market = MemoryPartner(ServiceKind.MARKET, clock=self.clock)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["OpenShop"]:
        """Run a hub over what is there; ends it as suddenly as a kill does."""
        records = SqlRecords(self.directory / "records.sqlite")
        await records.open()
        await self._move_in(records)
        await self.broker.open()
        worker = Worker(
            broker=self.broker,
            records=records,
            clock=self.clock,
            kinds=find_kinds(),
            topics=Topics(),
            touch_gap_ms=3000,
            evaluate=Expressions().holds,
            figures=NoFigures(),
            health=Health(),
        )
        both = {ServiceKind.DRY_CLEANER: self.cleaner, ServiceKind.MARKET: self.market}
        caller = ServiceCaller(
            worker=worker,
            records=records,
            partner=self.partner or Partners(both),
            clock=self.clock,
            chance=chance(1, "outbox"),
        )
        reasons = OrderReasons(worker=worker, records=records, clock=self.clock)
        timers = Timers(worker=worker, records=records, clock=self.clock)
        await worker.load()
        parts = (caller, reasons, timers)
        await caller.load()
        await reasons.load()
        for part in parts:
            worker.listen(part.committed)
        tasks = [asyncio.ensure_future(part.run()) for part in (worker, *parts)]
        hub = OpenShop(shop=self, worker=worker, records=records, caller=caller, tasks=tasks)
        try:
            if worker.kept(Service, CLEANER.id) is None:
                await worker.keep(CLEANER, MARKET)
            yield hub
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            self.broker.drop_connection()
            await records.close()
            faults = [one for one in ended if isinstance(one, Exception)]
            assert not faults, faults

    async def _move_in(self, records: SqlRecords) -> None:
        if await records.person("p-mina") is None:
            await records.add_person(Person(id="p-mina", name="Mina"))
            made = datetime.fromtimestamp(T0 / 1000, UTC)
            home = Household(id="h-home", name="Home", created_at=made)
            await records.add_household(home, owner="p-mina")


@dataclass
class OpenShop:
    shop: Shop
    worker: Worker
    records: SqlRecords
    caller: ServiceCaller
    tasks: Sequence[asyncio.Future[None]]

    # -- what a person does --------------------------------------------------------------------

    async def garment(self, name: str = "gm-silk") -> Garment:
        made = Garment(id=name, household="h-home", name="silk blouse", owner="p-mina")
        await self.worker.keep(made)
        return made

    async def order(self, name: str = "or-1", *, garment: str = "gm-silk") -> Order:
        """Ask for a quote, and wait for nothing."""
        if self.worker.kept(Garment, garment) is None:
            await self.garment(garment)
        order = Order(
            id=name,
            household="h-home",
            person="p-mina",
            service=CLEANER.id,
            garments=(garment,),
            status=OrderStatus.ASKING,
            made_ms=self.now_ms,
            area="Seongsu",
        )
        await self.worker.submit(OrderRequest(order=order, now_ms=self.now_ms))
        return order

    async def accept(self, name: str = "or-1", *, address: str = "12 Seoul Forest Road") -> None:
        wish = OrderAcceptance(
            order=name, author="p-mina", now_ms=self.now_ms, address=address, name="Mina"
        )
        await self.worker.submit(wish)

    async def placed(self, name: str = "or-1", *, garment: str = "gm-silk") -> Order:
        """Take an order as far as the partner's yes."""
        await self.order(name, garment=garment)
        await self.status(name, OrderStatus.QUOTED)
        await self.accept(name)
        return await self.status(name, OrderStatus.PLACED)

    async def cancel(self, name: str = "or-1") -> None:
        wish = OrderCancellation(order=name, author="p-mina", now_ms=self.now_ms, reason="")
        await self.worker.submit(wish)

    async def offer(self, name: str = "li-1", *, mode: ListingMode = ListingMode.SWAP) -> Listing:
        garment = await self.garment(f"gm-{name}")
        price = None if mode is ListingMode.SWAP else Price(amount="12000", currency="KRW")
        listing = Listing(
            id=name,
            household="h-home",
            person="p-mina",
            service=MARKET.id,
            garment=garment.id,
            mode=mode,
            status=ListingStatus.OFFERING,
            made_ms=self.now_ms,
            price=price,
            area="Seongsu",
            nickname="mina_s",
        )
        await self.worker.submit(ListingRequest(listing=listing, now_ms=self.now_ms))
        return listing

    # -- what happens outside ------------------------------------------------------------------

    async def hear(self, update: Update, *, hook: str = "", service: str = "") -> None:
        """Take a webhook that says this."""
        about = update.order if isinstance(update, OrderUpdate) else update.listing
        known = CLEANER if isinstance(update, OrderUpdate) else MARKET
        word = PartnerWord(
            service=service or known.id,
            hook=hook or f"hk-{about}-{update.version}",
            update=update,
            now_ms=self.now_ms,
        )
        await self.worker.hear(word)

    async def reaches(self, order: str, *stages: str, expected_ms: int | None = None) -> None:
        for stage in stages:
            await self.hear(self.shop.cleaner.advance(order, stage, expected_ms=expected_ms))

    # -- what is so ----------------------------------------------------------------------------

    @property
    def now_ms(self) -> int:
        return self.shop.clock.now_ms()

    async def known(self, order: str = "or-1") -> Order:
        return await self.thing(Order, order)

    async def thing(self, kind: type[K], name: str) -> K:
        found = self.worker.kept(kind, name) or await self.records.thing(kind, name)
        assert found is not None, (kind, name)
        return found

    async def status(self, order: str, status: OrderStatus) -> Order:
        """Wait until the order has come so far."""
        found = await self.known(order)
        async with asyncio.timeout(WITHIN_S):
            while found.status is not status:
                assert not found.status.final, (found.status, found.reason)
                await asyncio.sleep(0.002)
                found = await self.known(order)
        return found

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
                await asyncio.sleep(0.002)

    async def settle(self) -> None:
        """Wait until no call is due, none is on its way, and no timer is due."""
        async with asyncio.timeout(WITHIN_S):
            while not await self._settled():  # noqa: ASYNC110 - three parts to look at, not one
                await asyncio.sleep(0)

    async def pass_time(self, hours: float) -> None:
        """Let the hub's time pass, and all happen that is then due."""
        self.shop.clock.at_ms += int(hours * HOUR_MS)
        await self.settle()

    async def _settled(self) -> bool:
        if not self.caller.waits_for_nothing:
            return False
        if await self.records.due_timers(now_ms=self.now_ms):
            # Timers look once a second of the clock.
            self.shop.clock.at_ms += 1000
            await asyncio.sleep(0.001)
            return False
        return self.caller.waits_for_nothing

    async def words(self) -> list[str]:
        """Return the kinds of all words said so far by their English text, oldest first."""
        page = await self.records.things(Moment, limit=500)
        return [moment.text["en"] for moment in reversed(page.items)]

    async def calls(self, order: str = "or-1") -> list[tuple[Operation, str]]:
        page = await self.records.things(Call, limit=500)
        return [(c.operation, c.status.value) for c in reversed(page.items) if c.key == order]
