"""What a stage may look at: an immutable snapshot, cheap to ask."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from hub.model.condition import Threshold
from hub.model.devices import DeviceKind
from hub.model.rules import Rule
from hub.model.state import DeviceState


class View(Protocol):
    """The devices, rules and kinds as they are after the messages before, also uncommitted ones."""

    touch_gap_ms: int
    """Least hub time between two touches of one alarm."""

    def state(self, device: str) -> DeviceState | None: ...

    def kind(self, name: str) -> DeviceKind: ...

    def rule(self, rule: str) -> Rule | None: ...

    def thresholds(self, device: str) -> Mapping[str, Sequence[Threshold]]:
        """Return what watches the device, by property; limits already personal."""

    def threshold(self, device: str, rule: str) -> Threshold | None: ...

    def has_agreed(self, *, person: str, contact: str) -> bool:
        """Return whether `contact` agreed to be told when `person` does not answer."""

    def on_its_way(self, command: str) -> bool:
        """Return whether the command is not sent yet and cannot be called back any more."""

    def devices_of(self, person: str) -> Iterable[str]:
        """Return the devices bound to the person now."""

    def devices_in(self, household: str) -> Iterable[str]: ...
