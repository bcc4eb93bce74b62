"""What a sensor makes of the truth when something is wrong with it."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from hub.model import Value

DROPPED = 0.3
"""Share of readings that a sensor which drops out leaves out."""
NOISY = 1.5
"""Standard deviation of a noisy sensor, in the property's unit."""
BOUNCES = (60, 170, 260, 410)
"""Milliseconds after which a worn contact changes again."""


class SensorFault(StrEnum):
    STUCK = "stuck"
    """Says for ever what it said last."""
    NOISE = "noise"
    DROPOUT = "dropout"
    BOUNCE = "bounce"
    """A door's contact opens and closes a few times before it settles."""


@dataclass(slots=True, kw_only=True)
class Sensors:
    """The sensors of one device."""

    rng: Random
    fault: SensorFault | None = None
    until_ms: int | None = None
    """None: for good."""

    def now(self, now_ms: int) -> SensorFault | None:
        """Return the fault, and end it when its time is over."""
        if self.until_ms is not None and now_ms >= self.until_ms:
            self.fault = self.until_ms = None
        return self.fault

    def read(
        self, truth: dict[str, Value], *, said: dict[str, Value], now_ms: int
    ) -> dict[str, Value]:
        """Return what is said of the truth, after what was `said` before; numbers only suffer."""
        fault = self.now(now_ms)
        if fault is None or fault is SensorFault.BOUNCE:
            return truth
        return {
            name: value
            for name, true in truth.items()
            for value in [self._one(fault, true, said.get(name, true))]
            if value is not None
        }

    def _one(self, fault: SensorFault, true: Value, said: Value) -> Value | None:
        if not isinstance(true, float):
            return true
        match fault:
            case SensorFault.STUCK:
                return said
            case SensorFault.NOISE:
                return round(true + self.rng.gauss(0, NOISY), 2)
            case SensorFault.DROPOUT:
                return None if self.rng.random() < DROPPED else true
            case SensorFault.BOUNCE:
                return true
