"""Courses that the hub made ready for loads that are coming."""

from collections.abc import Iterator

import msgspec

MOST = 20


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    load: str
    course: str
    garments: tuple[str, ...] = ()
    hang: tuple[str, ...] = ()
    """What must not go in."""
    reason: dict[str, str] = {}
    temperature: float | None = None
    """°C, for a washer."""
    spin: float | None = None


class Presets:
    """One a load, a newer one in the place of an older; shown in the order in which they came."""

    def __init__(self) -> None:
        self._by_load: dict[str, Preset] = {}

    def __iter__(self) -> Iterator[Preset]:
        return iter(self._by_load.values())

    @property
    def next(self) -> Preset | None:
        return next(iter(self), None)

    def of(self, load: str) -> Preset | None:
        return self._by_load.get(load)

    def keep(self, preset: Preset) -> None:
        self._by_load.pop(preset.load, None)
        self._by_load[preset.load] = preset
        while len(self._by_load) > MOST:
            del self._by_load[next(iter(self._by_load))]

    def use(self, load: str) -> Preset | None:
        """Return the load's preset, which is then no longer ready."""
        return self._by_load.pop(load, None)
