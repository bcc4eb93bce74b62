"""What a stage may look at: an immutable snapshot, cheap to ask."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from hub.model.condition import Threshold
from hub.model.devices import DeviceKind
from hub.model.kept import K
from hub.model.links import LinksOn
from hub.model.rules import Rule
from hub.model.state import DeviceState


class View(Protocol):
    """The devices, rules and kinds as they are after the messages before, also uncommitted ones."""

    touch_gap_ms: int
    """Least hub time between two touches of one alarm."""

    def state(self, device: str) -> DeviceState | None: ...

    def kind(self, name: str) -> DeviceKind: ...

    def has_kind(self, name: str) -> bool: ...

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

    def kept(self, kind: type[K], identity: str) -> K | None:
        """Return the thing of this class with this id, of those that are held in memory."""

    def kept_in(self, kind: type[K], household: str) -> Iterable[K]:
        """Return the household's things of this class, of those that are held in memory."""

    def links_on(self, device: str) -> LinksOn:
        """Return the links that readings and events of the device may set off."""

    def links_at(self, household: str) -> Iterable[str]:
        """Return the ids of the household's links on alarms and on presence."""

    def evaluate(self, expression: str, facts: Mapping[str, object]) -> bool:
        """Return what a CEL expression says of the facts.

        Raises:
            InvalidInputError: it does not compile, is no condition, or cannot be worked out.
        """
