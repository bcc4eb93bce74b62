"""Water, heat and dirt in a washer's tub."""

import math
from dataclasses import dataclass, field

from hub.model.care import Process
from simulators.laundry.fabric import DIRT_G_PER_KG, Piece, retained

WATER_J = 4186.0
"""J a kg and K."""
CLOTH_J = 1350.0
DRUM_J = 12_000.0
"""Of drum and tub, J a K."""
LOSS_W = 7.0
"""W a K to the room."""
HEATER_W = 2000.0
FLOW_KG_S = 0.13
"""From the tap, about 8 L a minute."""
PUMP_KG_S = 0.25
CLEAR_G_L = 1.2
"""Dirt in water at which 63 % of the light is lost."""

_SCRUB = {Process.NORMAL: 0.035, Process.MILD: 0.027, Process.VERY_MILD: 0.019, Process.HAND: 0.014}
"""Share of its dirt that a piece loses a minute at 40 °C; assumed."""


@dataclass(slots=True)
class Tub:
    pieces: list[Piece] = field(default_factory=list)
    water_kg: float = 0.0
    """Free in the tub, besides what the pieces hold."""
    water_c: float = 22.0
    dirt_g: float = 0.0
    """In the water, free or held."""

    @property
    def dry_kg(self) -> float:
        return sum(piece.dry_kg for piece in self.pieces)

    @property
    def load_kg(self) -> float:
        return sum(piece.mass_kg for piece in self.pieces)

    @property
    def held_kg(self) -> float:
        """The water in the pieces."""
        return sum(piece.water_kg for piece in self.pieces)

    @property
    def heat_j_k(self) -> float:
        """What a kelvin more costs."""
        return (self.water_kg + self.held_kg) * WATER_J + self.dry_kg * CLOTH_J + DRUM_J

    @property
    def turbidity_pct(self) -> float:
        """Return the light that the water takes away."""
        if self.water_kg < 1:
            return 0.0
        grams = self.dirt_g / (self.water_kg + self.held_kg)
        return 100 * (1 - math.exp(-grams / CLEAR_G_L))

    def fill(self, seconds: float, *, inlet_c: float, upto_kg: float) -> bool:
        """Let water in; the pieces drink first. Return whether there is enough."""
        fresh = FLOW_KG_S * seconds
        before = self.heat_j_k
        for piece in self.pieces:
            drunk = min(piece.cloth.soaked * piece.dry_kg - piece.water_kg, fresh / 2)
            piece.water_kg += max(0.0, drunk)
            fresh -= max(0.0, drunk)
        self.water_kg += fresh
        gained = self.heat_j_k - before
        self.water_c = (before * self.water_c + gained * inlet_c) / self.heat_j_k
        return self.water_kg >= upto_kg

    def heat(self, seconds: float) -> float:
        """Heat with full power; return the watts taken."""
        self.water_c = min(98.0, self.water_c + HEATER_W * seconds / self.heat_j_k)
        return HEATER_W

    def cool(self, seconds: float, *, room_c: float) -> None:
        """Lose heat to the room."""
        rate = LOSS_W / self.heat_j_k
        self.water_c = room_c + (self.water_c - room_c) * math.exp(-rate * seconds)

    def scrub(self, seconds: float, *, process: Process) -> None:
        """Rub: dirt goes from the pieces into the water, quicker in the heat."""
        share = _SCRUB[process] * math.pow(2, (self.water_c - 40) / 20) * seconds / 60
        for piece in self.pieces:
            loosened = piece.dirt_g * min(1.0, share)
            piece.soil -= loosened / (DIRT_G_PER_KG * piece.dry_kg)
            self.dirt_g += loosened

    def drain(self, seconds: float) -> bool:
        """Pump water out with the dirt in it; return whether it is empty."""
        out = min(self.water_kg, PUMP_KG_S * seconds)
        self._lose(out)
        self.water_kg -= out
        return self.water_kg <= 0

    def spin(self, seconds: float, *, per_min: float) -> None:
        """Throw water out of the pieces; most of what will go goes in three minutes."""
        for piece in self.pieces:
            least = retained(piece.cloth, per_min) * piece.dry_kg
            out = max(0.0, piece.water_kg - least) * (1 - math.exp(-seconds / 70))
            self._lose(out)
            piece.water_kg -= out

    def empty(self) -> None:
        self._lose(self.water_kg)
        self.water_kg = 0.0

    def _lose(self, out_kg: float) -> None:
        """Let the dirt go that is in so much water."""
        water = self.water_kg + self.held_kg
        if water > 0:
            self.dirt_g *= max(0.0, 1 - out_kg / water)
