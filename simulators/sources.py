"""Where a watch's measurements come from: a recording, a model, or either with a loose sensor."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Protocol

from hub.model import Value

SPIKE = 70.0
"""Beats a minute that a slipping optical sensor adds for one reading."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What the sensors said at one instant."""

    offset_ms: int
    """Since the start of the workout; grows from one measurement to the next."""
    values: Mapping[str, Value]


class Source(Protocol):
    @property
    def sport(self) -> str: ...

    def measure(self, *, urge: int) -> Measurement | None:
        """Return the next measurement, None after the last.

        `urge` is the step of the ladder felt on the wrist, counted from 1; 0 while it is calm.
        """


class LooseSensor:
    """A source whose watch sits badly: single spikes, and spells of not being worn."""

    def __init__(self, source: Source, *, a_minute: float, rng: Random) -> None:
        self._source = source
        self._chance = a_minute / 60
        self._rng = rng
        self._off = 0

    @property
    def sport(self) -> str:
        return self._source.sport

    def measure(self, *, urge: int) -> Measurement | None:
        measurement = self._source.measure(urge=urge)
        if measurement is None:
            return None
        values = dict(measurement.values)
        if self._off:
            self._off -= 1
            values["worn"] = self._off == 0
            if self._off:
                values["heart_rate"] = float(self._rng.randint(30, 220))
        elif self._rng.random() < self._chance:
            if self._rng.random() < 0.5:  # noqa: PLR2004 - as often the one as the other
                self._off = self._rng.randint(5, 20)
                values["worn"] = False
            else:
                values["heart_rate"] = min(float(values.get("heart_rate", 70)) + SPIKE, 240.0)
        return Measurement(measurement.offset_ms, values)
