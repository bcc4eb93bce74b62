"""What passes between a device and the world, apart from how it travels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

import msgspec

Note = dict[str, Any]
"""One line of a device's memory."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message for the broker, QoS 1."""

    topic: str
    payload: bytes
    retain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something worth a line to whoever looks on."""

    device: str
    at_ms: int
    what: str
    """`sent`, `felt`, `ended`, `event`, `reply`, `receipt`, `connected`, `offline`, …"""
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnesses:
    """Who is told what: `note` writes the device's memory, `tell` informs whoever looks on."""

    note: Callable[[Note], None] = lambda _: None
    tell: Callable[[Happening], None] = lambda _: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    zone: tzinfo = UTC
    """The wearer's time zone, for rules with a schedule."""
    resend_ms: int = 30_000
    """Simulated time without a receipt after which a message is sent again."""
    bundle: int = 1
    """Up to so many readings that are taken together go as one message."""


class CommandForm(msgspec.Struct):
    """A `down/command`; times are ms since 1970 UTC or ISO 8601."""

    id: str
    name: str
    args: dict[str, Any] = {}
    expires_at: int | float | datetime | None = None

    def expired(self, now_ms: int) -> bool:
        match self.expires_at:
            case None:
                return False
            case datetime() as at:
                return now_ms > at.astimezone(UTC).timestamp() * 1000
            case at_ms:
                return now_ms > at_ms


class ReceiptForm(msgspec.Struct):
    boot: str = ""
    seq: int = 0
    events: list[str] = []


class DesiredForm(msgspec.Struct):
    values: dict[str, Any] = {}
    revision: int = 0
