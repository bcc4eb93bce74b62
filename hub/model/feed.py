"""What a listener hears live, after it was committed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from hub.model.orders import Listing, Order

FeedKind = Literal["reading", "alarm", "command", "status", "twin", "event", "order", "listing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One thing that happened, mostly to a device; who may hear it is decided for each listener."""

    kind: FeedKind
    device: str
    """Empty where it happened to none."""
    at_ms: int
    """When it happened, in the device's time where it has one; decides whose it is."""
    body: Mapping[str, object]
    """Plain JSON values."""
    errand: Order | Listing | None = None
    """What an `order` or `listing` item is about: it says whose it is."""
