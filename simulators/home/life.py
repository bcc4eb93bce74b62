"""What a home is made of: who lives there, and what they carry."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from simulators.appliance import Appliance
from simulators.home.acts import Act
from simulators.home.people import Calendar, Resident
from simulators.home.voices import Phone
from simulators.home.watch import DailyWatch
from simulators.messages import Happening

SOMEONE = "someone"
"""What a panel sees of a person who carries no device."""


class CannotBeDoneError(Exception):
    """What was to be done makes no sense now; it is told and left out."""


@dataclass(slots=True, kw_only=True)
class Life:
    """Where somebody is and what they carry."""

    who: Resident
    watch: DailyWatch | None = None
    phone: Phone | None = None
    at_home: bool = True
    asleep: bool = False
    slept_ms: int | None = None

    @property
    def carried(self) -> str:
        """Return the id of the device a panel sees: the watch if worn, else the phone."""
        if self.watch is not None and self.watch.worn:
            return self.watch.device
        return self.phone.device if self.phone is not None else SOMEONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Housing:
    """What a home is made of."""

    number: int
    seed: int
    people: tuple[Resident, ...]
    devices: Mapping[str, Appliance]
    """By slot: `fridge`, `watch/Mina`."""
    days: Callable[[date], Sequence[Act]]
    """Returns what happens on a day; asked once a day."""
    calendar: Calendar
    routine: bool = True
    """Whether people live their days; else only what a scenario says is done."""
    boot: Callable[[], str]
    """Makes the boot id of a device that was without power."""
    tell: Callable[[Happening], None] = field(default=lambda _: None)
