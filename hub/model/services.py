"""Outside services: who they are, what is asked of them, what they answer, and what they got."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ServiceKind(StrEnum):
    DRY_CLEANER = "dry_cleaner"
    MARKET = "market"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A partner of this installation; its contract is in `docs/partners/{kind}.yaml`."""

    id: str
    kind: ServiceKind
    name: str
    url: str
    """Base address, without a trailing slash."""
    secret: str = field(repr=False)
    """Signs what the hub sends and what the partner sends back, `whsec_…` (Standard Webhooks)."""
    enabled: bool = True
    household: str = ""

    @property
    def open(self) -> bool:
        return True


class Operation(StrEnum):
    """What can be asked of a partner; which of them a kind knows is in its adapter."""

    QUOTE = "quote"
    PLACE = "place"
    STATUS = "status"
    CANCEL = "cancel"
    OFFER = "offer"
    WITHDRAW = "withdraw"
    ACCEPT = "accept"
    DECLINE = "decline"
    HAND_OVER = "hand_over"


FIELDS: Mapping[ServiceKind, Mapping[Operation, frozenset[str]]] = {
    ServiceKind.DRY_CLEANER: {
        Operation.QUOTE: frozenset({"order", "garments", "area"}),
        Operation.PLACE: frozenset({"order", "garments", "slot", "address", "name", "quote"}),
        Operation.STATUS: frozenset({"order"}),
        Operation.CANCEL: frozenset({"order", "reason"}),
    },
    ServiceKind.MARKET: {
        Operation.OFFER: frozenset({"listing", "garment", "mode", "price", "area", "nickname"}),
        Operation.STATUS: frozenset({"listing"}),
        Operation.WITHDRAW: frozenset({"listing"}),
        Operation.ACCEPT: frozenset({"listing", "deal"}),
        Operation.DECLINE: frozenset({"listing", "deal"}),
        Operation.HAND_OVER: frozenset({"listing", "deal"}),
    },
}
"""The fields that the purpose of each call needs; no other ever leaves the hub."""
GARMENT_FIELDS: Mapping[ServiceKind, frozenset[str]] = {
    ServiceKind.DRY_CLEANER: frozenset({"garment", "fibres", "label", "colour"}),
    ServiceKind.MARKET: frozenset({"garment", "name", "fibres", "colour", "tags"}),
}
"""Of each garment within `garments` or `garment`."""


class CallStatus(StrEnum):
    QUEUED = "queued"
    DONE = "done"
    REFUSED = "refused"
    """The partner understood and declined, for good."""
    DEAD = "dead"
    """Given up after many tries, or never understood; can be sent again by hand."""
    WITHDRAWN = "withdrawn"
    """No longer wanted: never tried, or of no effect at the partner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to a partner in the outbox. Its id is its idempotency key."""

    id: str
    service: str
    household: str
    person: str | None
    key: str
    """The order or listing it is about: calls of one key go one after the other, as queued."""
    operation: Operation
    fields: Mapping[str, object]
    """What will be sent, nothing else."""
    queued_ms: int
    number: int = 0
    """Of those with its key, in the order in which they were queued."""
    expires_ms: int
    """Hub time after which it is given up."""
    status: CallStatus = CallStatus.QUEUED
    attempts: int = 0
    """Committed before each attempt: 0 means that the partner cannot know of it."""
    next_ms: int = 0
    reason: str = ""

    @property
    def open(self) -> bool:
        return self.status is CallStatus.QUEUED


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """One field that left the hub: to whom, for what, when, and what it said."""

    id: str
    household: str
    person: str | None
    service: str
    subject: str
    """The order or listing."""
    purpose: str
    """The operation it was needed for."""
    field: str
    """A path: `garments.0.fibres`."""
    value: object
    at_ms: int

    @property
    def open(self) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    amount: str
    """Decimal, as text: money is never a float."""
    currency: str
    """ISO 4217."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A stage the partner means to have reached by then, so that the promise can be kept."""

    stage: str
    due_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    id: str
    price: Price
    slots: tuple[Slot, ...]
    promised_ms: int
    """When it will be back, if the first slot is taken."""
    milestones: tuple[Milestone, ...]
    valid_until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUpdate:
    """What a partner says of an order, in an answer or in a webhook."""

    order: str
    """Our id of it."""
    version: int
    """The partner's count of changes; an older or equal one says nothing new."""
    stage: str
    """`quoted`, `placed`, `picked_up`, `cleaning`, `ready`, `out_for_delivery`, `delivered`,
    `cancelled` or `refused`."""
    at_ms: int
    place: str = ""
    expected_ms: int | None = None
    """When the partner now expects to deliver."""
    reference: str = ""
    quote: Quote | None = None
    milestones: tuple[Milestone, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DealUpdate:
    """What the market says of somebody's interest in a listing."""

    deal: str
    other: str
    """The other side's nickname at the market."""
    other_area: str = ""
    other_rating: float | None = None
    """0 to 5; None: nobody has rated them yet."""
    terms: str = ""
    ours: bool | None = None
    """Whether our side accepted; None: not said yet."""
    theirs: bool | None = None
    status: str = "open"
    """`open`, `agreed`, `off`, `handed_over` or `returned`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingUpdate:
    """What a market says of a listing and its deals."""

    listing: str
    version: int
    status: str
    """`offered`, `reserved`, `withdrawn`, `handed_over` or `returned`."""
    at_ms: int
    deals: tuple[DealUpdate, ...] = ()
    reference: str = ""
    reason: str = ""


Update = OrderUpdate | ListingUpdate
