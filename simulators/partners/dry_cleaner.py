"""A dry cleaner: quotes, picks up, cleans, brings back, and is late as often as it is told to."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec

from simulators.chance import chance
from simulators.partners.business import Business, Change, Name, Record, Request, Step, Text
from simulators.partners.plan import HOUR_MS, Due, Happening, Odds, Slip, choose, live, promise
from simulators.partners.wire import Problem, rfc3339

VALID_MS = 24 * HOUR_MS
SLOTS = 3
FIRST_SLOT_H = 1.0
SLOT_H = 2.0
PRICE_KRW = 9000


class Garment(Request):
    garment: Name
    fibres: dict[str, Annotated[float, msgspec.Meta(gt=0, le=100)]] | None = None
    label: dict[str, str] | None = None
    colour: Text | None = None


class Window(Request):
    start: str
    end: str


class QuoteRequest(Request):
    order: Name
    garments: Annotated[list[Garment], msgspec.Meta(min_length=1)]
    area: Text


class OrderRequest(Request):
    order: Name
    garments: Annotated[list[Garment], msgspec.Meta(min_length=1)]
    slot: Window
    address: Text
    name: Text
    quote: Name


class CancelRequest(Request):
    order: Name
    reason: Text = ""


class AskRequest(Request):
    order: Name


class StageRequest(Request):
    """Of a drill: this order is at this stage now."""

    order: Name
    stage: Text
    expected_in_s: float | None = None
    tell: bool = True


class Offer(msgspec.Struct):
    """A quote, and until when it holds."""

    id: str
    price: str
    slots: list[tuple[int, int]]
    milestones: list[Due]
    valid_until_ms: int


class CleanerOrder(Record):
    stage: str
    place: str = ""
    expected_ms: int | None = None
    offer: Offer | None = None
    milestones: list[Due] = msgspec.field(default_factory=list)
    reason: str = ""
    plan: list[Happening] = msgspec.field(default_factory=list)
    """What will happen, in order of time."""
    slip: Slip = Slip.NONE
    delivered_ms: int | None = None
    """When it will be or was delivered, really."""


class DryCleaner(Business[CleanerOrder]):
    subject = "order"
    record = CleanerOrder

    def __init__(self, *, seed: int, odds: Odds, turnaround_h: float = 44.0) -> None:
        super().__init__()
        self._seed = seed
        self._odds = odds
        self._turnaround_h = turnaround_h

    @property
    def steps(self) -> tuple[Step, ...]:
        return (
            Step(method="POST", path="/quotes", body=QuoteRequest, act=self._quote),
            Step(method="POST", path="/orders", body=OrderRequest, act=self._place, status=201),
            Step(method="GET", path="/orders/{order}", body=AskRequest, act=self._status),
            Step(
                method="POST", path="/orders/{order}/cancel", body=CancelRequest, act=self._cancel
            ),
        )

    @property
    def scripts(self) -> Mapping[str, tuple[type[Request], Callable[[Any, int], str]]]:
        return {"stage": (StageRequest, self._set_stage)}

    def document(self, subject: str) -> dict[str, object]:
        order = self._known(subject)
        said: dict[str, object] = {
            "order": order.id,
            "version": order.version,
            "stage": order.stage,
            "at": rfc3339(order.at_ms),
            "place": order.place,
            "milestones": _dues(order.milestones),
            "reason": order.reason,
        }
        if order.stage != "quoted":
            said["reference"] = f"HD-{order.id}"
        if order.expected_ms is not None:
            said["expected_at"] = rfc3339(order.expected_ms)
        if order.stage == "quoted" and order.offer is not None:
            said["quote"] = _quote_document(order.offer)
        return said

    def truth(self, subject: str) -> dict[str, object]:
        order = self._known(subject)
        promised = order.milestones[-1].due_ms if order.milestones else None
        return {
            "order": order.id,
            "stage": order.stage,
            "version": order.version,
            "slip": order.slip,
            "promised_ms": promised,
            "delivered_ms": order.delivered_ms,
        }

    def run_until(self, now_ms: int) -> None:
        for order in self.records.values():
            while order.plan and order.plan[0].at_ms <= now_ms:
                happened = order.plan.pop(0)
                order.expected_ms = happened.expected_ms
                order.place = happened.place
                self._move(order, happened.stage, happened.at_ms, tell=happened.tell)

    def next_due_ms(self) -> int | None:
        return min(
            (order.plan[0].at_ms for order in self.records.values() if order.plan), default=None
        )

    def _known(self, order: str) -> CleanerOrder:
        if order not in self.records:
            raise Problem(404, "unknown", "there is no such order")
        return self.records[order]

    def _move(self, order: CleanerOrder, stage: str, at_ms: int, *, tell: bool) -> None:
        order.stage, order.at_ms, order.version = stage, at_ms, order.version + 1
        self.changes.append(Change(order.id, tell))

    def _quote(self, asked: QuoteRequest, now_ms: int) -> str:
        known = self.records.get(asked.order)
        if known is not None and known.stage != "quoted":
            raise Problem(409, "placed", "the order is placed already")
        order = known or CleanerOrder(id=asked.order, version=0, at_ms=now_ms, stage="quoted")
        order.offer = self._offered(asked, now_ms)
        self.records[order.id] = order
        self._move(order, "quoted", now_ms, tell=False)
        return order.id

    def _offered(self, asked: QuoteRequest, now_ms: int) -> Offer:
        first = now_ms + round(FIRST_SLOT_H * HOUR_MS)
        width = round(SLOT_H * HOUR_MS)
        slots = [
            (first + 2 * part * width, first + (2 * part + 1) * width) for part in range(SLOTS)
        ]
        version = self.records[asked.order].version + 1 if asked.order in self.records else 1
        return Offer(
            id=f"q-{asked.order}-{version}",
            price=str(PRICE_KRW * len(asked.garments)),
            slots=slots,
            milestones=promise(*slots[0], turnaround_h=self._turnaround_h),
            valid_until_ms=now_ms + VALID_MS,
        )

    def _place(self, asked: OrderRequest, now_ms: int) -> str:
        order = self._known(asked.order)
        slot = self._slot(order, asked, now_ms)
        order.milestones = promise(*slot, turnaround_h=self._turnaround_h)
        order.expected_ms = order.milestones[-1].due_ms
        rng = chance(self._seed, "order", order.id)
        order.slip = choose(self._odds, rng)
        begin_ms = max(now_ms, slot[0])
        order.plan = live(order.milestones, begin_ms=begin_ms, slip=order.slip, rng=rng)
        order.delivered_ms = order.plan[-1].at_ms
        self._move(order, "placed", now_ms, tell=False)
        return order.id

    def _slot(self, order: CleanerOrder, asked: OrderRequest, now_ms: int) -> tuple[int, int]:
        offer = order.offer
        if order.stage != "quoted" or offer is None:
            raise Problem(409, "placed", "the order is placed already")
        if offer.id != asked.quote or now_ms > offer.valid_until_ms:
            raise Problem(409, "quote_expired", "this quote does not hold any more")
        for slot in offer.slots:
            written = (rfc3339(slot[0]), rfc3339(slot[1]))
            if written == (asked.slot.start, asked.slot.end) and now_ms < slot[1]:
                return slot
        raise Problem(409, "slot_taken", "this slot is not to be had")

    def _status(self, asked: AskRequest, _now_ms: int) -> str:
        return self._known(asked.order).id

    def _cancel(self, asked: CancelRequest, now_ms: int) -> str:
        order = self._known(asked.order)
        if order.stage in {"cancelled", "refused"}:
            return order.id
        if order.stage not in {"quoted", "placed"}:
            raise Problem(409, "too_late", "it was picked up")
        order.plan, order.expected_ms, order.delivered_ms = [], None, None
        self._move(order, "cancelled", now_ms, tell=False)
        return order.id

    def _set_stage(self, asked: StageRequest, now_ms: int) -> str:
        order = self._known(asked.order)
        order.plan = []
        if asked.expected_in_s is not None:
            order.expected_ms = now_ms + round(asked.expected_in_s * 1000)
        self._move(order, asked.stage, now_ms, tell=asked.tell)
        return order.id


def _dues(milestones: list[Due]) -> list[dict[str, str]]:
    return [{"stage": one.stage, "due": rfc3339(one.due_ms)} for one in milestones]


def _quote_document(offer: Offer) -> dict[str, object]:
    return {
        "id": offer.id,
        "price": {"amount": offer.price, "currency": "KRW"},
        "slots": [{"start": rfc3339(start), "end": rfc3339(end)} for start, end in offer.slots],
        "promised": rfc3339(offer.milestones[-1].due_ms),
        "milestones": _dues(offer.milestones),
        "valid_until": rfc3339(offer.valid_until_ms),
    }
