"""What the hub asked of a partner for a person, and how far it has come."""

from dataclasses import dataclass
from enum import StrEnum

from hub.model.services import DealUpdate, Milestone, Price, Quote, Slot


class OrderStatus(StrEnum):
    PROPOSED = "proposed"
    """A link or machine thought of it; nothing left the hub."""
    ASKING = "asking"
    """A quote was asked for."""
    QUOTED = "quoted"
    PLACING = "placing"
    PLACED = "placed"
    UNDER_WAY = "under_way"
    DELIVERED = "delivered"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    """The partner declined."""
    LAPSED = "lapsed"
    """Nobody answered the proposal or the quote in time."""
    FAILED = "failed"
    """The partner could not be reached for too long, or was never understood."""

    @property
    def final(self) -> bool:
        return self in _FINAL


_FINAL = frozenset(
    {
        OrderStatus.DELIVERED,
        OrderStatus.CANCELLED,
        OrderStatus.REFUSED,
        OrderStatus.LAPSED,
        OrderStatus.FAILED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    at_ms: int
    """When it happened, by whoever says it."""
    noted_ms: int
    """When the hub heard."""
    what: str
    """An order status or the partner's stage, `slipped`, `no_news`, `too_late_to_cancel`, …"""
    place: str = ""
    expected_ms: int | None = None
    source: str = "hub"
    """`hub`, `person` or `partner`."""
    note: str = ""
    version: int = 0
    """Of the partner's update it came from: each is there once; 0 where it came from none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    id: str
    household: str
    person: str
    service: str
    garments: tuple[str, ...]
    status: OrderStatus
    made_ms: int
    cause: str = ""
    """The link's run that proposed it; empty where the person asked."""
    area: str = ""
    """Coarse: part of town or postal district, for the quote."""
    address: str = ""
    """Where it is picked up; leaves the hub only when the order is placed."""
    name: str = ""
    """Whom the courier asks for; leaves the hub only when the order is placed."""
    shared: bool = False
    """Of pieces that belong to nobody in particular: every adult of the household sees it."""
    slot: Slot | None = None
    quote: Quote | None = None
    price: Price | None = None
    reference: str = ""
    """The partner's own number."""
    version: int = 0
    """Of the newest update of the partner's that was taken."""
    stage: str = ""
    place: str = ""
    promised_ms: int | None = None
    """What was promised when it was placed; it never moves."""
    expected_ms: int | None = None
    """The newest honest estimate."""
    milestones: tuple[Milestone, ...] = ()
    told: str = ""
    """What was last said of the promise: `slipped`, `at_risk` or `no_news`; empty: all is well."""
    told_ms: int | None = None
    """Hub time at which the person was told that."""
    told_expected_ms: int | None = None
    """The new time that they were told then."""
    asked_ms: int | None = None
    """Since when the partner owes an answer to how the order stands."""
    looked_ms: int = 0
    """Hub time at which the partner was last asked."""
    reason: str = ""
    calls: int = 0
    """Counts what was asked of the partner, to give each call an id of its own."""
    timeline: tuple[TimelineEntry, ...] = ()

    @property
    def open(self) -> bool:
        return not self.status.final


class ListingStatus(StrEnum):
    OFFERING = "offering"
    OFFERED = "offered"
    RESERVED = "reserved"
    """A deal is agreed; the piece has not changed hands."""
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"
    HANDED_OVER = "handed_over"
    RETURNED = "returned"
    REFUSED = "refused"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        return self in _LISTING_FINAL


_LISTING_FINAL = frozenset(
    {
        ListingStatus.WITHDRAWN,
        ListingStatus.HANDED_OVER,
        ListingStatus.RETURNED,
        ListingStatus.REFUSED,
        ListingStatus.FAILED,
    }
)


class ListingMode(StrEnum):
    SWAP = "swap"
    SELL = "sell"
    RENT = "rent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One garment offered at a market; at most one deal of it is ever agreed."""

    id: str
    household: str
    person: str
    service: str
    garment: str
    mode: ListingMode
    status: ListingStatus
    made_ms: int
    price: Price | None = None
    area: str = ""
    """Coarse; the address never leaves."""
    nickname: str = ""
    deals: tuple[DealUpdate, ...] = ()
    version: int = 0
    reference: str = ""
    reason: str = ""
    calls: int = 0
    timeline: tuple[TimelineEntry, ...] = ()

    @property
    def open(self) -> bool:
        if self.mode is ListingMode.RENT and self.status is ListingStatus.HANDED_OVER:
            return True
        return not self.status.final
