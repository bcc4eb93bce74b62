"""How washer, dryer and styler say what they measure and what happens to them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from random import Random
from typing import Any, ClassVar

from hub.model import DeviceKind, Value
from simulators.appliance import NOBODY, ORDINARY, Appliance
from simulators.home.sensors import BOUNCES, SensorFault, Sensors
from simulators.messages import Habits, Note, Witnesses

STANDBY_W = 0.8


class Telling(Appliance, ABC):
    """An appliance with sensors, a power meter and a door."""

    made_as: ClassVar[DeviceKind]

    def __init__(  # noqa: PLR0913 - who it is, and how it lives
        self,
        device: str,
        base: str,
        *,
        boot: str,
        rng: Random,
        witnesses: Witnesses = NOBODY,
        habits: Habits = ORDINARY,
        room_c: float = 22.0,
    ) -> None:
        super().__init__(
            device, base, kind=self.made_as, boot=boot, witnesses=witnesses, habits=habits
        )
        self.rng = rng
        self.room_c = room_c
        self.sensors = Sensors(rng=rng)
        self.door_open = False
        self.power_w = STANDBY_W
        self.energy_kwh = 0.0
        self._said_ms = -1
        self._told = (-1, 0)

    @abstractmethod
    def measured(self) -> dict[str, float]:
        """Return what its sensors would say if they were right."""

    def facts(self) -> dict[str, Value]:
        """Return what it knows of itself for sure."""
        return {
            "door_open": self.door_open,
            "power": round(self.power_w, 1),
            "energy": round(self.energy_kwh, 3),
        }

    def say_state(
        self, now_ms: int, *, everything: bool = False, always: Collection[str] = ()
    ) -> None:
        """Say what has changed since it was last said and what is `always` said, or everything."""
        if not self.powered:
            return
        # Two readings of one instant would contradict each other.
        at_ms = self._said_ms = max(now_ms, self._said_ms + 1)
        sensed: dict[str, Value] = {n: round(v, 2) for n, v in self.measured().items()}
        said = self.sensors.read(sensed, said=self.values, now_ms=at_ms)
        truth = {name: self._within(name, value) for name, value in said.items()} | self.facts()
        fresh = {
            name: value
            for name, value in truth.items()
            if everything or name in always or self.values.get(name) != value
        }
        if fresh:
            self.measure(at_ms, fresh)

    def _within(self, name: str, value: Value) -> Value:
        """Return the value as a sensor's electronics bounds it."""
        spec = self.kind.properties[name]
        number = float(value)
        number = number if spec.minimum is None else max(spec.minimum, number)
        return number if spec.maximum is None else min(spec.maximum, number)

    def tell(self, event: str, now_ms: int, data: Mapping[str, object]) -> None:
        """Say an event; several of one instant have each an id."""
        if not self.powered:
            return
        at_ms, number = self._told
        self._told = (now_ms, number + 1 if at_ms == now_ms else 0)
        identity = f"{event}-{now_ms}-{self._told[1]}"
        self.happen(event, now_ms, identity=identity, data=data)

    def move_door(self, now_ms: int, *, to: bool) -> None:
        """Say that the door moved; a worn contact says it more often than it did."""
        self.door_open = to
        self.say_state(now_ms)
        if self.powered and self.sensors.now(now_ms) is SensorFault.BOUNCE:
            for number, after_ms in enumerate(BOUNCES):
                self._said_ms = now_ms + after_ms
                self.measure(self._said_ms, {"door_open": to if number % 2 else not to})

    # -------------------------------------------------------------------------------- memory

    def restorers(self) -> dict[str, Callable[[Any], object]]:
        return super().restorers() | {"energy": self._restore_energy}

    def _restore_energy(self, kwh: float) -> None:
        self.energy_kwh = kwh

    def noted_with_reading(self) -> Note:
        return super().noted_with_reading() | {"energy": self.energy_kwh}

    def snapshot(self) -> Iterator[Note]:
        yield from super().snapshot()
        yield {"energy": self.energy_kwh}
