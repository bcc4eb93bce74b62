"""What comes in: a device's words, a person's wishes, and time.

Times named `_ms` are milliseconds since 1970 UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hub.model.commands import CommandStatus
from hub.model.devices import Connection, DeviceKind, Value
from hub.model.links import Link
from hub.model.made_often import made_often
from hub.model.orders import Listing, Order
from hub.model.services import Call, CallStatus, Slot, Update


class Quality(StrEnum):
    GOOD = "good"
    SUSPECT = "suspect"
    """An implausible jump; not believed until a second reading agrees."""
    BAD = "bad"
    """Means nothing: the sensor is not worn."""
    CLOCK = "clock"
    """The device's clock is far from the hub's: stored, never acted on."""


@made_often
@dataclass(frozen=True, slots=True)
class Sample:
    """The readings of one device at one instant, as one element of `up/telemetry` carries them.

    The hot path moves samples, not readings: an object a property would triple its cost.
    """

    device: str
    kind: str
    at_ms: int
    received_ms: int
    values: Mapping[str, Value]
    boot: str | None = None
    seq: int | None = None
    timed: bool = True
    """False where the device gave no time and `at_ms` is the hub's."""
    quality: Quality = Quality.GOOD
    late: bool = False
    """Not newer than all the device said before: a series store looks for a conflict first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A sequence number the device gave up on; counts as received."""

    device: str
    boot: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEvent:
    """A momentary fact; its id makes it once."""

    device: str
    id: str
    at_ms: int
    received_ms: int
    type: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateReport:
    """What a device reports of its settable and slow properties."""

    device: str
    values: Mapping[str, Value]
    revision: int
    received_ms: int
    retained: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    device: str
    connection: Connection
    received_ms: int
    retained: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A device's answer to a command."""

    device: str
    command: str
    status: str
    """`delivered`, `accepted`, `succeeded`, `rejected` or `failed`."""
    reason: str
    received_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """What intake refused, and why; becomes a dead letter."""

    device: str
    topic: str
    received_ms: int
    reason: str
    payload_hash: str
    """SHA-256, hexadecimal."""
    excerpt: str = ""
    """At most 200 characters, with control characters escaped; for the operator's eyes."""
    payload: bytes = b""
    """The whole of it where it is short enough to be tried again."""
    boot: str | None = None
    seq: int | None = None
    """Where the refused thing was numbered: it counts as received."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRequest:
    """A person asks a device for something."""

    command: str
    """The id the command will have."""
    device: str
    name: str
    args: Mapping[str, object]
    author: str
    now_ms: int
    expires_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequest:
    command: str
    device: str
    author: str
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredRequest:
    """A person sets desired properties; None as a value takes one back."""

    device: str
    values: Mapping[str, Value | None]
    revision: int | None
    """The revision the person saw; a stale one is refused. None overwrites."""
    author: str
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeRequest:
    alarm: str
    device: str
    author: str
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SnoozeRequest:
    alarm: str
    device: str
    author: str
    until_ms: int
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandProgress:
    """What the command sender did: sent it, or gave it up."""

    device: str
    command: str
    status: CommandStatus
    reason: str
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired:
    """A timer of the record store came due."""

    id: str
    kind: str
    device: str
    subject: str
    now_ms: int


# ------------------------------------------------------------------- the home, links and services


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A device says what it is, on `up/description`."""

    device: str
    kind: DeviceKind
    """As described; the name may have to be another one."""
    fingerprint: str
    """SHA-256 of the description in canonical form, hexadecimal."""
    received_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceRequest:
    """A person says that they are at home, or away."""

    household: str
    person: str
    at_home: bool
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequest:
    """A person makes a link, changes it, or switches it on or off."""

    link: Link
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkEndRequest:
    link: str
    author: str
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneRequest:
    """A person sets a scene."""

    scene: str
    author: str
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentAnswer:
    """A person answers what they were asked, in the app."""

    moment: str
    answer: str
    """`yes` or `no`."""
    author: str
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """A person asks a partner for something; the order begins at `asking`."""

    order: Order
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAcceptance:
    """A person accepts what was proposed or quoted."""

    order: str
    author: str
    now_ms: int
    slot: Slot | None = None
    """Of the quote; None takes the first."""
    address: str = ""
    """Needed to accept a quote."""
    name: str = ""
    """Whom the courier asks for."""
    area: str = ""
    """Coarse: what a quote is asked for with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancellation:
    order: str
    author: str
    now_ms: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRequest:
    """A person offers a garment at a market."""

    listing: Listing
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingWithdrawal:
    listing: str
    author: str
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DealAnswer:
    """A person accepts, declines, or says that the piece has changed hands."""

    listing: str
    deal: str
    answer: str
    """`accept`, `decline` or `hand_over`."""
    author: str
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRetry:
    """An operator sends a dead call again."""

    call: Call
    about: Order | Listing
    """As the records have it: one that has ended is held in memory no more."""
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallProgress:
    """What the service caller did: is about to try, was answered, gave up, or puts off."""

    call: str
    status: CallStatus
    """`queued` where it was only tried, or put off."""
    attempts: int
    next_ms: int
    reason: str
    update: Update | None
    """The partner's answer, where there is one."""
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerWord:
    """A partner's webhook, its signature checked."""

    service: str
    hook: str
    """The webhook's own id, which makes it once."""
    update: Update
    now_ms: int
    ended: Order | None = None
    """The order it is about, where that has ended and is held in memory no more."""
