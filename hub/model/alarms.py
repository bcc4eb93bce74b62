"""An alarm: a condition that holds or held, and what people did about it."""

from dataclasses import dataclass
from enum import StrEnum

from hub.model.condition import Transition


class Cause(StrEnum):
    THRESHOLD = "threshold"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Active or cleared, acknowledged or not, shelved by a person, suppressed by design.

    `transitions`, `opened_ms`, `cleared_ms`, `peak` are the record in event time; the rest is what
    people and silence decided, in the hub's time.
    """

    id: str
    rule: str
    device: str
    household: str
    person: str | None
    property_name: str
    cause: Cause
    limit: float | None
    since_ms: int
    opened_ms: int
    cleared_ms: int | None = None
    peak: float | None = None
    """The value furthest beyond the limit."""
    level: int = 0
    step: int = 0
    transitions: tuple[Transition, ...] = ()
    acknowledged_ms: int | None = None
    acknowledged_by: str | None = None
    acknowledged_level: int | None = None
    snoozed_until_ms: int | None = None
    snoozed_by: str | None = None
    suppressed: bool = False
    felt: bool = False
    """Somebody was touched because of it."""
    felt_alone: tuple[tuple[int, int], ...] = ()
    """(device time ms, step) at which the device alerted by itself."""
    contact_told_ms: int | None = None
    withdrawn: bool = False
    """A late reading showed that it never was."""

    @property
    def active(self) -> bool:
        return self.cleared_ms is None and not self.withdrawn
