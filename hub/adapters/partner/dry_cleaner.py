"""The contract of `docs/partners/dry_cleaner.yaml`, spoken from the hub's side."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from hub.adapters.partner.contract import Contract, Question, path
from hub.adapters.partner.documents import (
    NEVER_KNOWN,
    Envelope,
    Fibres,
    Instant,
    Label,
    Name,
    PriceDocument,
    Received,
    Sent,
    SentInstant,
    SlotDocument,
    Text,
    Version,
    read,
    write,
)
from hub.errors import InvalidInputError
from hub.model import Milestone, Operation, OrderUpdate, Quote, ServiceKind

# ----------------------------------------------------------------------------- what the hub sends


class _Garment(Sent):
    garment: Name
    fibres: Fibres | None = None
    label: Label | None = None
    colour: Text | None = None


class _Slot(Sent):
    start: SentInstant = Field(validation_alias="start_ms")
    end: SentInstant = Field(validation_alias="end_ms")


class _QuoteRequest(Sent):
    order: Name
    garments: tuple[_Garment, ...] = Field(min_length=1)
    area: Text


class _OrderRequest(Sent):
    order: Name
    garments: tuple[_Garment, ...] = Field(min_length=1)
    slot: _Slot
    address: Text
    name: Text
    quote: Name


class _CancelRequest(Sent):
    order: Name
    reason: Text = ""


class _StatusRequest(Sent):
    order: Name


def _ask(operation: Operation, fields: Mapping[str, object]) -> Question:
    order = fields.get("order")
    match operation:
        case Operation.QUOTE:
            return Question(method="POST", path="/quotes", body=write(_QuoteRequest, fields))
        case Operation.PLACE:
            return Question(method="POST", path="/orders", body=write(_OrderRequest, fields))
        case Operation.STATUS:
            write(_StatusRequest, fields)
            return Question(method="GET", path=path("orders", order))
        case Operation.CANCEL:
            body = write(_CancelRequest, fields)
            return Question(method="POST", path=path("orders", order, "cancel"), body=body)
        case _:
            message = f"a dry cleaner is never asked to {operation}"
            raise InvalidInputError(message)


# ---------------------------------------------------------------------------- what the hub is told

Stage = Literal[
    "quoted",
    "placed",
    "picked_up",
    "cleaning",
    "ready",
    "out_for_delivery",
    "delivered",
    "cancelled",
    "refused",
]


class _Milestone(Received):
    stage: Stage
    due: Instant


Milestones = Annotated[tuple[_Milestone, ...], Field(max_length=20)]


def _in_order(milestones: tuple[_Milestone, ...]) -> None:
    if any(after.due < before.due for before, after in pairwise(milestones)):
        message = "milestones are in the order of their times"
        raise ValueError(message)


def _milestones(documents: tuple[_Milestone, ...]) -> tuple[Milestone, ...]:
    return tuple(Milestone(stage=one.stage, due_ms=one.due) for one in documents)


class _Quote(Received):
    id: Name
    price: PriceDocument
    slots: Annotated[tuple[SlotDocument, ...], Field(min_length=1, max_length=50)]
    promised: Instant
    milestones: Milestones = ()
    valid_until: Instant

    @model_validator(mode="after")
    def milestones_in_order(self) -> "_Quote":
        _in_order(self.milestones)
        return self

    def to_quote(self) -> Quote:
        return Quote(
            id=self.id,
            price=self.price.to_price(),
            slots=tuple(slot.to_slot() for slot in self.slots),
            promised_ms=self.promised,
            milestones=_milestones(self.milestones),
            valid_until_ms=self.valid_until,
        )


class _Order(Received):
    order: Name
    version: Version
    stage: Stage
    at: Instant
    place: Text = ""
    expected_at: Instant | None = None
    reference: Text = ""
    quote: _Quote | None = None
    milestones: Milestones = ()
    reason: Text = ""

    @model_validator(mode="after")
    def says_what_its_stage_needs(self) -> "_Order":
        _in_order(self.milestones)
        if self.stage == "quoted" and self.quote is None:
            message = "an order that is quoted has its quote"
            raise ValueError(message)
        return self

    def to_update(self) -> OrderUpdate:
        return OrderUpdate(
            order=self.order,
            version=self.version,
            stage=self.stage,
            at_ms=self.at,
            place=self.place,
            expected_ms=self.expected_at,
            reference=self.reference,
            quote=self.quote.to_quote() if self.quote else None,
            milestones=_milestones(self.milestones),
            reason=self.reason,
        )


class _Hook(Envelope):
    type: Literal["order.updated"]
    data: _Order


def _understand(body: bytes) -> OrderUpdate:
    return read(_Order, body).to_update()


def _hear(body: bytes) -> OrderUpdate:
    return read(_Hook, body).data.to_update()


def _nothing_there(operation: Operation, order: str, now_ms: int) -> OrderUpdate | None:
    if operation is not Operation.CANCEL:
        return None
    return OrderUpdate(
        order=order,
        version=NEVER_KNOWN,
        stage="cancelled",
        at_ms=now_ms,
        reason="the partner never knew this order",
    )


DRY_CLEANER = Contract(
    kind=ServiceKind.DRY_CLEANER,
    ask=_ask,
    understand=_understand,
    hear=_hear,
    nothing_there=_nothing_there,
)
