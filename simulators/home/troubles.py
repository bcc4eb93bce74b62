"""What goes wrong in homes, by chance and by seed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from random import Random

from hub.errors import InvalidInputError
from simulators.chance import chance
from simulators.faults import Faults
from simulators.home.acts import Act, Do
from simulators.home.people import Calendar
from simulators.home.sensors import SensorFault

DAY_MINUTES = 24 * 60
BAD_WIFI = Faults(loss=0.02, late=0.02, twice=0.02, disorder=0.02)
GOOD_WIFI = Faults()
CLOCKS_OFF_MIN = (-600, -45, -6, 7, 40, 600)
PLUGGED = frozenset({"fridge", "washer", "dryer", "styler", "speaker"})
SENSING = frozenset({"fridge", "washer", "dryer", "styler"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubles:
    """`wifi` and `clock` are shares of devices; the others happen so often a day in each home.

    Raises:
        InvalidInputError: a number below 0, or a share above 1.
    """

    wifi: float = 0.0
    clock: float = 0.0
    stuck: float = 0.0
    noise: float = 0.0
    dropout: float = 0.0
    bounce: float = 0.0
    unplug: float = 0.0

    def __post_init__(self) -> None:
        numbers = [getattr(self, one.name) for one in fields(self)]
        if min(numbers) < 0 or max(self.wifi, self.clock) > 1:
            message = "a fault's number is not negative, and a share is at most 1"
            raise InvalidInputError(message)

    def network(self, rng: Random) -> Faults:
        """Return how one device's network is."""
        return BAD_WIFI if rng.random() < self.wifi else GOOD_WIFI

    def clock_off_ms(self, rng: Random) -> int:
        """Return how wrong one device's clock is."""
        return rng.choice(CLOCKS_OFF_MIN) * 60_000 if rng.random() < self.clock else 0


_USUAL = {
    "wifi": 0.1,
    "clock": 0.05,
    "stuck": 0.3,
    "noise": 0.3,
    "dropout": 0.5,
    "bounce": 0.5,
    "unplug": 0.3,
}


def parse_troubles(text: str) -> Troubles:
    """Return the troubles of `wifi,unplug=2`; one without a number is as often as usual.

    Raises:
        InvalidInputError: there is no such trouble, or its number makes no sense.
    """
    found: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = part.partition("=")
        if name not in _USUAL:
            message = f"there is no fault {name!r}; there are {', '.join(_USUAL)}"
            raise InvalidInputError(message)
        try:
            found[name] = float(number) if number else _USUAL[name]
        except ValueError:
            message = f"{part!r}: the number after {name} cannot be read"
            raise InvalidInputError(message) from None
    return Troubles(**found)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadDays:
    """What goes wrong in one home, day by day."""

    troubles: Troubles
    seed: int
    home: int
    slots: Sequence[str]
    calendar: Calendar

    def acts(self, day: date) -> Iterator[Act]:
        rng = chance(self.seed, self.home, "troubles", day.isoformat())
        plugged = [slot for slot in self.slots if slot in PLUGGED]
        sensing = [slot for slot in self.slots if slot in SENSING]
        for minute in _times(rng, self.troubles.unplug if plugged else 0.0):
            hours = rng.uniform(0.5, 5)
            yield self._act(day, minute, Do.UNPLUG, rng.choice(plugged), hours=hours)
        for fault in SensorFault:
            often = getattr(self.troubles, fault.value) if sensing else 0.0
            for minute in _times(rng, often):
                slot, hours = rng.choice(sensing), rng.uniform(0.2, 6)
                yield self._act(day, minute, Do.FAULT, slot, hours=hours, fault=fault.value)

    def _act(
        self, day: date, minute: float, do: Do, slot: str, *, hours: float, **more: object
    ) -> Act:
        at_ms, for_ms = self.calendar.at(day, minute), round(hours * 3_600_000)
        return Act(at_ms=at_ms, do=do, device=slot, for_ms=for_ms, more=more)


def _times(rng: Random, a_day: float) -> Iterator[float]:
    """Return the minutes of a day on which something happens that comes so often."""
    minute = rng.expovariate(a_day / DAY_MINUTES) if a_day else DAY_MINUTES
    while minute < DAY_MINUTES:
        yield minute
        minute += rng.expovariate(a_day / DAY_MINUTES)
