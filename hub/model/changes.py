"""What stages answer with: each class a rank higher than what it came from, so the flow ends."""

from dataclasses import dataclass

from hub.model.alarms import Alarm
from hub.model.commands import Command
from hub.model.condition import Threshold, Transition
from hub.model.made_often import made_often
from hub.model.messages import DeviceEvent, Sample
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
