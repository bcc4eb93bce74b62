"""A dry cleaner in memory: the orders it knows, and how it answers to what it is asked."""

from collections.abc import Mapping
from dataclasses import replace

from hub.errors import RefusedError
from hub.model import Milestone, Operation, OrderUpdate, Price, Quote, Slot

HOUR_MS = 3_600_000
VALID_MS = 24 * HOUR_MS
_AFTER_PICK_UP = {"cleaning": 6, "ready": 40, "out_for_delivery": 44, "delivered": 48}
"""Hours from the end of the slot."""


class UnknownHereError(RefusedError):
    def __init__(self, name: str) -> None:
        super().__init__(f"the partner in memory does not know {name!r}")


def quote(order: str, *, garments: int, now_ms: int) -> Quote:
    start_ms = now_ms + 2 * HOUR_MS
    slots = tuple(
        Slot(start_ms=start_ms + part * 4 * HOUR_MS, end_ms=start_ms + (part * 4 + 2) * HOUR_MS)
        for part in range(3)
    )
    milestones = promise(slots[0])
    return Quote(
        id=f"q-{order}",
        price=Price(amount=str(9000 * garments), currency="KRW"),
        slots=slots,
        promised_ms=milestones[-1].due_ms,
        milestones=milestones,
        valid_until_ms=now_ms + VALID_MS,
    )


def promise(slot: Slot) -> tuple[Milestone, ...]:
    later = tuple(
        Milestone(stage=stage, due_ms=slot.end_ms + hours * HOUR_MS)
        for stage, hours in _AFTER_PICK_UP.items()
    )
    return (Milestone(stage="picked_up", due_ms=slot.end_ms), *later)


class MemoryCleaner:
    def __init__(self) -> None:
        self.orders: dict[str, OrderUpdate] = {}
        """The newest of each."""

    def carry_out(
        self, operation: Operation, fields: Mapping[str, object], *, now_ms: int
    ) -> OrderUpdate:
        order = str(fields["order"])
        match operation:
            case Operation.QUOTE:
                return self._quote(order, fields, now_ms)
            case Operation.PLACE:
                return self._place(order, fields, now_ms)
            case Operation.CANCEL:
                return self._cancel(order, now_ms)
            case _:
                return self.known(order)

    def known(self, order: str) -> OrderUpdate:
        if order not in self.orders:
            raise UnknownHereError(order)
        return self.orders[order]

    def change(self, order: str, stage: str, *, at_ms: int, **more: object) -> OrderUpdate:
        known = self.known(order)
        changes = {"version": known.version + 1, "stage": stage, "at_ms": at_ms, **more}
        self.orders[order] = replace(known, **changes)  # type: ignore[arg-type]  # checked by the one caller that takes them from outside
        return self.orders[order]

    def _quote(self, order: str, fields: Mapping[str, object], now_ms: int) -> OrderUpdate:
        known = self.orders.get(order)
        if known is not None and known.stage != "quoted":
            message = "the order is placed already"
            raise RefusedError(message)
        garments = fields["garments"]
        count = len(garments) if isinstance(garments, list | tuple) else 1
        self.orders[order] = OrderUpdate(
            order=order,
            version=known.version + 1 if known else 1,
            stage="quoted",
            at_ms=now_ms,
            quote=quote(order, garments=count, now_ms=now_ms),
        )
        return self.orders[order]

    def _place(self, order: str, fields: Mapping[str, object], now_ms: int) -> OrderUpdate:
        known = self.known(order)
        if known.stage != "quoted" or known.quote is None or known.quote.id != fields["quote"]:
            message = "the order is placed already, or this is not its quote"
            raise RefusedError(message)
        if now_ms > known.quote.valid_until_ms:
            message = "the quote is not valid any more"
            raise RefusedError(message)
        milestones = promise(_slot(fields["slot"]))
        return self.change(
            order,
            "placed",
            at_ms=now_ms,
            reference=f"R-{order}",
            expected_ms=milestones[-1].due_ms,
            milestones=milestones,
        )

    def _cancel(self, order: str, now_ms: int) -> OrderUpdate:
        known = self.known(order)
        if known.stage in {"cancelled", "refused"}:
            return known
        if known.stage not in {"quoted", "placed"}:
            message = "it is too late to cancel: it was picked up"
            raise RefusedError(message)
        return self.change(order, "cancelled", at_ms=now_ms, expected_ms=None)


def _slot(value: object) -> Slot:
    match value:
        case {"start_ms": int(start_ms), "end_ms": int(end_ms)}:
            return Slot(start_ms=start_ms, end_ms=end_ms)
        case _:
            message = "the slot is not one that was quoted"
            raise RefusedError(message)
