"""Takes orders back whose reason is gone: the piece was given away, or washed at home after all."""

import asyncio

from hub.model import Garment, Order, OrderCancellation
from hub.model.order_life import moot
from hub.ports import Clock, RecordStore
from hub.runtime.loop import Committed
from hub.runtime.open_things import open_things
from hub.runtime.worker import Worker


class OrderReasons:
    """`load` it after the worker, give `committed` to `Worker.listen`, and run `run`."""

    def __init__(self, *, worker: Worker, records: RecordStore, clock: Clock) -> None:
        self._worker = worker
        self._records = records
        self._clock = clock
        self._with_orders: set[str] = set()
        """Households that have or had an open order."""
        self._homes: set[str] = set()
        """Those of them in which a garment moved or is no more."""
        self._wake = asyncio.Event()

    async def load(self) -> None:
        """Make up for what a hub that ended did not look at.

        Raises:
            UnavailableError: the records do not answer.
        """
        orders = await open_things(self._records, Order)
        self._with_orders = {order.household for order in orders}
        self._homes = set(self._with_orders)
        self._wake.set()

    def committed(self, committed: Committed) -> None:
        for (kind, _), thing in committed.draft.things.items():
            if kind is Order and thing is not None:
                self._with_orders.add(thing.household)
            elif kind is Garment:
                # Of a piece that is no more nobody knows whose it was.
                homes = self._with_orders if thing is None else {thing.household}
                self._homes |= homes & self._with_orders
        if self._homes:
            self._wake.set()

    async def run(self) -> None:
        """Take orders back until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            homes, self._homes = self._homes, set()
            gone = [wish for home in homes for wish in self._without_reason(home)]
            if gone:
                await self._worker.tell(gone)

    def _without_reason(self, household: str) -> list[OrderCancellation]:
        garments = {one.id: one for one in self._worker.kept_in(Garment, household)}
        found = []
        for order in self._worker.kept_in(Order, household):
            reason = moot(order, garments)
            if reason and not _asked(order, reason):
                found.append(self._taken_back(order, reason))
        return found

    def _taken_back(self, order: Order, reason: str) -> OrderCancellation:
        return OrderCancellation(
            order=order.id, author="hub", now_ms=self._clock.now_ms(), reason=reason
        )


def _asked(order: Order, reason: str) -> bool:
    """Return whether it was tried already: a partner that refused once is not asked again."""
    return any(one.what == "cancel_asked" and one.note == reason for one in order.timeline)
