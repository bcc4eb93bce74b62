"""What speaks to people: the phone in a pocket and the speaker in a room."""

from collections.abc import Mapping
from random import Random

from devices.phone import KIND as PHONE
from devices.speaker import KIND as SPEAKER
from hub.model import Value
from simulators.appliance import NOBODY, ORDINARY, Appliance
from simulators.messages import Habits, Witnesses

PHONE_SAYS_MS = 900_000
DRAIN_A_DAY = 70.0
"""Percent of a phone's battery in a day's use; assumed."""
CHARGE_A_DAY = 1200.0
DAY_MS = 86_400_000


class Phone(Appliance):
    """Says whether it is at home, by its Wi-Fi."""

    def __init__(  # noqa: PLR0913 - who it is, and how it lives
        self,
        device: str,
        base: str,
        *,
        boot: str,
        rng: Random,
        witnesses: Witnesses = NOBODY,
        habits: Habits = ORDINARY,
    ) -> None:
        super().__init__(device, base, kind=PHONE, boot=boot, witnesses=witnesses, habits=habits)
        self.at_home = True
        self.charging = False
        self._battery = rng.uniform(50, 100)
        self._says_ms = rng.randrange(0, PHONE_SAYS_MS, 5000)
        self._at_ms: int | None = None

    def step(self, now_ms: int) -> None:
        at_ms = now_ms if self._at_ms is None else self._at_ms
        change = CHARGE_A_DAY if self.charging else -DRAIN_A_DAY
        self._battery = min(100.0, max(5.0, self._battery + change * (now_ms - at_ms) / DAY_MS))
        if self._at_ms is None or _passed(at_ms, now_ms, self._says_ms, every_ms=PHONE_SAYS_MS):
            self._say(now_ms)
        self._at_ms = now_ms

    def come_home(self, now_ms: int) -> None:
        self._go(now_ms, at_home=True)

    def leave(self, now_ms: int) -> None:
        self._go(now_ms, at_home=False)

    def _go(self, now_ms: int, *, at_home: bool) -> None:
        if self.at_home != at_home:
            self.at_home = at_home
            self._say(now_ms)

    def _say(self, now_ms: int) -> None:
        self.measure(now_ms, {"at_home": self.at_home, "battery": round(self._battery, 1)})


class Speaker(Appliance):
    """Sounds and speaks, unless it is muted."""

    def __init__(  # noqa: PLR0913 - who it is, and how it lives
        self,
        device: str,
        base: str,
        *,
        boot: str,
        rng: Random,
        witnesses: Witnesses = NOBODY,
        habits: Habits = ORDINARY,
    ) -> None:
        super().__init__(device, base, kind=SPEAKER, boot=boot, witnesses=witnesses, habits=habits)
        self.settings |= {"volume": float(rng.randrange(30, 70, 5)), "muted": False}
        self._said: Mapping[str, Value] = {}

    def step(self, now_ms: int) -> None:
        """Say its settings when they changed."""
        if self._said != self.settings:
            self._said = dict(self.settings)
            self.measure(now_ms, self._said)

    def obey(self, name: str, args: Mapping[str, object], now_ms: int) -> tuple[str, str]:
        if name in {"alert", "say"} and (self.settings["muted"] or not self.settings["volume"]):
            return "rejected", "muted"
        return super().obey(name, args, now_ms)


def _passed(before_ms: int, now_ms: int, offset_ms: int, *, every_ms: int) -> bool:
    """Return whether a multiple of `every_ms`, shifted, lies after `before_ms` up to now."""
    return (before_ms - offset_ms) // every_ms < (now_ms - offset_ms) // every_ms
