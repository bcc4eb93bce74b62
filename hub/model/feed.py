"""What a listener hears live, after it was committed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

FeedKind = Literal["reading", "alarm", "command", "status", "twin", "event"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One thing that happened to a device; who may hear it is decided for each listener."""

    kind: FeedKind
    device: str
    at_ms: int
    """When it happened, in the device's time where it has one; decides whose it is."""
    body: Mapping[str, object]
    """Plain JSON values."""
