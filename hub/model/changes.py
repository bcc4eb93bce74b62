"""What stages answer with: each class a rank higher than what it came from, so the flow ends."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.model.alarms import Alarm
from hub.model.commands import Command
from hub.model.condition import Threshold, Transition
from hub.model.devices import Value
from hub.model.home import DescribedKind, Moment, Presence
from hub.model.kept import Kept
from hub.model.made_often import made_often
from hub.model.messages import DeviceEvent, Sample
from hub.model.orders import Order
from hub.model.rules import RuleSpec
from hub.model.state import DeviceState


@made_often
@dataclass(frozen=True, slots=True)
class Admitted:
    """A sample seen for the first time; it goes to the series store."""

    sample: Sample


@dataclass(frozen=True, slots=True)
class Recorded:
    """A device event seen for the first time."""

    event: DeviceEvent


@made_often
@dataclass(frozen=True, slots=True)
class StateChanged:
    """What must survive of a device changed."""

    state: DeviceState


@dataclass(frozen=True, slots=True)
class AlarmChanged:
    alarm: Alarm


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """A step of the ladder was reached in event time; whether anybody feels it is for delivery."""

    alarm: str
    threshold: Threshold
    transition: Transition
    received_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hush:
    """An alarm that was felt has ended or was answered."""

    alarm: Alarm
    spec: RuleSpec | None
    """Of its rule; None where that is no more."""
    now_ms: int


@dataclass(frozen=True, slots=True)
class CommandQueued:
    """A new command, before the queue has made room for it."""

    command: Command


@dataclass(frozen=True, slots=True)
class CommandChanged:
    command: Command


@dataclass(frozen=True, slots=True)
class TimerEnded:
    id: str


@dataclass(frozen=True, slots=True)
class DesiredDue:
    """The device's desired state has to go out."""

    device: str


@made_often
@dataclass(frozen=True, slots=True)
class ReceiptDue:
    """Something numbered or named of this device is durable after this commit."""

    device: str
    boot: str | None = None
    event: str | None = None


# ------------------------------------------------------------------- the home, links and services


@dataclass(frozen=True, slots=True)
class Keep:
    """Something with an identity is new, or another than it was."""

    thing: Kept


@dataclass(frozen=True, slots=True)
class Drop:
    """A kept thing is no more."""

    kind: type[Kept]
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KindDescribed:
    """A device said what it is: its kind may be new, and the device is of it from now on."""

    device: str
    described: DescribedKind


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmTurned:
    """An alarm was opened or cleared, in the present as far as the hub knows."""

    alarm: Alarm
    change: str
    """`opened` or `cleared`."""
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceChanged:
    """Somebody came home or left."""

    presence: Presence
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggered:
    """Something set a link off."""

    link: str
    cause: str
    """Names the one occasion: the same occasion gives the same run."""
    facts: Mapping[str, object]
    """Device, property, value, event, data …: for the record and for conditions."""
    chain: tuple[str, ...]
    """The links that led to it, the first cause first."""
    now_ms: int
    waited: bool = False
    """The link's wait is over."""
    person: str | None = None
    """Whose own it is that set it off; None: the home's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAsked:
    """An order begins: proposed by a link or asked for by a person."""

    order: Order
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentAnswered:
    """A person said yes or no to what they were asked."""

    moment: Moment
    answer: str
    person: str | None
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredAsked:
    """A link or a scene sets desired properties."""

    device: str
    values: Mapping[str, Value]
    author: str
    """`link:{run}`, or the person who set the scene."""
    chain: tuple[str, ...]
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentRaised:
    """There is something worth telling a person."""

    moment: Moment
    now_ms: int
