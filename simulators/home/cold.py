"""The thermal model of a fridge: two compartments, one compressor, two doors.

Each compartment is its air (with the inner walls) and its food. Heat leaks in through the walls,
comes in with the air of the room while the door is open, and passes between air and food. The
compressor runs by hysteresis on the air. The numbers are chosen to give what households see: some
300 kWh a year, a cycle of an hour or less, and 10 Cel after a few minutes with the door open.
"""

from dataclasses import dataclass, field

FOOD_J_KG_K = 3600.0
"""Specific heat of food that is mostly water."""
SHELVES_J_K = 9_000.0
"""What takes part like food in an empty compartment."""
COOLING_W = 130.0
COMPRESSOR_W = 80.0
RAPID = 1.5
"""A compressor with an inverter turns so much faster while cooling rapidly."""
LAMP_W = 4.0
PANEL_W = 2.5
RAPID_BELOW_C = 2.0
"""How far below its setpoint the fridge is cooled while cooling rapidly."""


@dataclass(slots=True, kw_only=True)
class Compartment:
    setpoint_c: float
    band_c: float
    """The air may be so far above and below the setpoint."""
    leak_w_k: float
    """Through the walls, by kelvin between room and air."""
    draught_w_k: float
    """Through the open door, by kelvin between room and air."""
    air_j_k: float
    food_kg: float
    touch_w_k: float
    """Between air and food."""
    air_c: float = field(init=False)
    food_c: float = field(init=False)
    open: bool = False
    calling: bool = False
    """Whether it asks for cold."""

    def __post_init__(self) -> None:
        self.air_c = self.food_c = self.setpoint_c

    @property
    def food_j_k(self) -> float:
        return SHELVES_J_K + self.food_kg * FOOD_J_KG_K

    def put_in(self, mass_kg: float, *, at_c: float) -> None:
        """Put food in; it shares its warmth with what is there."""
        warm = mass_kg * FOOD_J_KG_K
        self.food_c = (self.food_c * self.food_j_k + at_c * warm) / (self.food_j_k + warm)
        self.food_kg += mass_kg

    def take_out(self, mass_kg: float) -> None:
        self.food_kg = max(0.0, self.food_kg - mass_kg)

    def call(self, lowered_c: float) -> None:
        """Ask for cold, or stop asking."""
        wanted = self.setpoint_c - lowered_c
        if self.air_c >= wanted + self.band_c:
            self.calling = True
        elif self.air_c <= wanted - self.band_c:
            self.calling = False

    def step(self, seconds: float, *, room_c: float, cooling_w: float) -> None:
        inward = self.leak_w_k + (self.draught_w_k if self.open else 0.0)
        between_w = self.touch_w_k * (self.food_c - self.air_c)
        into_air_w = inward * (room_c - self.air_c) + between_w - cooling_w
        self.air_c += into_air_w * seconds / self.air_j_k
        self.food_c -= between_w * seconds / self.food_j_k


def usual_fridge() -> Compartment:
    return Compartment(
        setpoint_c=4.0,
        band_c=1.0,
        leak_w_k=1.2,
        draught_w_k=22.0,
        air_j_k=9_000.0,
        food_kg=12.0,
        touch_w_k=9.0,
    )


def usual_freezer() -> Compartment:
    return Compartment(
        setpoint_c=-18.0,
        band_c=1.5,
        leak_w_k=0.65,
        draught_w_k=12.0,
        air_j_k=9_000.0,
        food_kg=15.0,
        touch_w_k=8.0,
    )


@dataclass(slots=True, kw_only=True)
class ColdMachine:
    """Both compartments and what keeps them cold."""

    room_c: float = 22.0
    fridge: Compartment = field(default_factory=usual_fridge)
    freezer: Compartment = field(default_factory=usual_freezer)
    rapid: bool = False
    powered: bool = True
    power_w: float = 0.0
    energy_kwh: float = 0.0

    def step(self, seconds: float) -> None:
        """Let a few seconds pass; stable up to a minute."""
        self.fridge.call(RAPID_BELOW_C if self.rapid else 0.0)
        self.freezer.call(0.0)
        calling = [c for c in (self.fridge, self.freezer) if c.calling and self.powered]
        speed = RAPID if self.rapid else 1.0
        for part in (self.fridge, self.freezer):
            share = 1 / len(calling) if part.calling and calling else 0.0
            part.step(seconds, room_c=self.room_c, cooling_w=share * COOLING_W * speed)
        self.power_w = self._power_w(running=bool(calling), speed=speed)
        self.energy_kwh += self.power_w * seconds / 3.6e6

    def _power_w(self, *, running: bool, speed: float) -> float:
        if not self.powered:
            return 0.0
        lamps = LAMP_W * (self.fridge.open + self.freezer.open)
        return PANEL_W + lamps + (COMPRESSOR_W * speed**1.2 if running else 0.0)
