"""Of two values at one device, property and time the first stays; shared by every series store."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from hub.model import Quality, Sample, Value
from hub.ports import RefusedSample

PointKey = tuple[str, str, int]
"""(kind, device, at_ms)"""
CONFLICT = "conflict"
QUALITY = "quality"
"""Under this name, which no property may have, a point's quality stands among its values."""


def point_key(sample: Sample) -> PointKey:
    return (sample.kind, sample.device, sample.at_ms)


class Settled(NamedTuple):
    """What is to be written of a sample; a tuple, as one is made for each."""

    values: Mapping[str, Value]
    """Those that are not there yet."""
    opens: bool
    """The point was not there: its `received` is this sample's."""
    quality: Quality
    """GOOD also where the point is marked already."""
    refused: RefusedSample | None = None


class FirstWins:
    """The points that one call to `write` knows of: stored before, or earlier in the call."""

    def __init__(self) -> None:
        self._known: dict[PointKey, Mapping[str, Value]] = {}

    def remember(self, stored: Mapping[PointKey, Mapping[str, Value]]) -> None:
        for key, values in stored.items():
            self._known[key] = {**values, **self._known.get(key, {})}

    def settle(self, sample: Sample, values: Mapping[str, Value]) -> Settled:
        """Return what of `values` is new, and what contradicts an earlier value."""
        key = (sample.kind, sample.device, sample.at_ms)
        known = self._known.get(key)
        if known is not None:
            return self._merge(sample, values, known)
        quality = sample.quality
        bad = quality is not Quality.GOOD
        self._known[key] = {**values, QUALITY: quality.value} if bad else values
        return Settled(values, opens=True, quality=quality)

    def _merge(
        self, sample: Sample, values: Mapping[str, Value], known: Mapping[str, Value]
    ) -> Settled:
        new = {name: value for name, value in values.items() if name not in known}
        marks = bool(new) and sample.quality is not Quality.GOOD and QUALITY not in known
        quality = sample.quality if marks else Quality.GOOD
        self._known[point_key(sample)] = {
            **known,
            **new,
            **({QUALITY: quality.value} if marks else {}),
        }
        contrary = {
            name: value for name, value in values.items() if known.get(name, value) != value
        }
        refused = None
        if contrary:
            refused = RefusedSample(sample=replace(sample, values=contrary), reason=CONFLICT)
        return Settled(new, opens=False, quality=quality, refused=refused)
