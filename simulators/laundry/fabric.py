"""What water, heat and rubbing do to a piece of clothing.

Water left after spinning fits the EU's spin classes for cotton: 116 % at 400/min, 73 % at 800, 63 %
at 1000, 52 % at 1400 (a drum of 50 cm). The other fibres' figures are assumed in proportion to
the water they take up.
"""

import math
from dataclasses import dataclass, field

from hub.model.care import Composition, Fibre, Process, Tumbling
from simulators.laundry.plan import GarmentPlan

DRUM_RADIUS_M = 0.25
GRAVITY = 9.81
HALF_G = 43.0
"""Times gravity at which half of the free water is out; with `GROWTH`, fitted to cotton."""
GROWTH = 0.85
DIRT_G_PER_KG = 12.0
"""Dirt in a kilogram of wholly soiled clothes; assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloth:
    """How a fibre takes water, kg of water a kg of dry fibre."""

    soaked: float
    bound: float
    """What no spinning gets out."""
    critical: float
    """Below this it dries slower and slower."""


COTTON = Cloth(soaked=2.0, bound=0.35, critical=0.25)
_CLOTHS = {
    Fibre.COTTON: COTTON,
    Fibre.LINEN: Cloth(soaked=1.8, bound=0.33, critical=0.25),
    Fibre.HEMP: Cloth(soaked=1.8, bound=0.33, critical=0.25),
    Fibre.VISCOSE: Cloth(soaked=2.2, bound=0.60, critical=0.35),
    Fibre.MODAL: Cloth(soaked=2.1, bound=0.50, critical=0.30),
    Fibre.LYOCELL: Cloth(soaked=2.1, bound=0.50, critical=0.30),
    Fibre.WOOL: Cloth(soaked=1.6, bound=0.35, critical=0.33),
    Fibre.CASHMERE: Cloth(soaked=1.6, bound=0.35, critical=0.33),
    Fibre.MOHAIR: Cloth(soaked=1.5, bound=0.33, critical=0.33),
    Fibre.SILK: Cloth(soaked=1.3, bound=0.25, critical=0.22),
    Fibre.ACETATE: Cloth(soaked=0.9, bound=0.15, critical=0.12),
    Fibre.POLYESTER: Cloth(soaked=0.6, bound=0.05, critical=0.04),
    Fibre.POLYAMIDE: Cloth(soaked=0.7, bound=0.10, critical=0.08),
    Fibre.ACRYLIC: Cloth(soaked=0.8, bound=0.10, critical=0.06),
    Fibre.ELASTANE: Cloth(soaked=0.4, bound=0.04, critical=0.03),
    Fibre.DOWN: Cloth(soaked=1.4, bound=0.30, critical=0.40),
    Fibre.LEATHER: Cloth(soaked=0.8, bound=0.40, critical=0.40),
    Fibre.FUR: Cloth(soaked=1.0, bound=0.35, critical=0.35),
}
FELTS_FROM = 20
"""Percent of wool."""
_FELTING = (Fibre.WOOL, Fibre.CASHMERE, Fibre.MOHAIR)


def cloth(fibres: Composition) -> Cloth:
    """Return the mean of its fibres, by mass."""
    shares = [(_CLOTHS[fibre], percent / 100) for fibre, percent in fibres.shares]
    return Cloth(
        soaked=sum(one.soaked * share for one, share in shares),
        bound=sum(one.bound * share for one, share in shares),
        critical=sum(one.critical * share for one, share in shares),
    )


def spin_g(per_min: float) -> float:
    """Return the acceleration at the drum's wall, in times gravity."""
    return (per_min * 2 * math.pi / 60) ** 2 * DRUM_RADIUS_M / GRAVITY


def retained(one: Cloth, per_min: float) -> float:
    """Return the water left after long spinning, kg a kg of dry cloth."""
    pull = math.pow(spin_g(per_min) / HALF_G, GROWTH)
    return one.bound + (one.soaked - one.bound) / (1 + pull)


@dataclass(slots=True, kw_only=True)
class Piece:
    """One garment as it really is, whatever anybody knows of it."""

    id: str
    plan: GarmentPlan
    soil: float = 0.0
    water_kg: float = 0.0
    dust_mg: float = 0.0
    damage: set[str] = field(default_factory=set)
    """`felted`, `shrunk`, `faded`, `stained`, `worn`, `slack`, `spoilt`: by a wrong course."""
    cloth: Cloth = field(init=False)

    def __post_init__(self) -> None:
        self.cloth = cloth(self.plan.fibres)

    @property
    def dry_kg(self) -> float:
        return self.plan.mass_kg

    @property
    def mass_kg(self) -> float:
        return self.plan.mass_kg + self.water_kg

    @property
    def dirt_g(self) -> float:
        return self.soil * DIRT_G_PER_KG * self.dry_kg

    @property
    def felts(self) -> bool:
        return self.plan.fibres.share(*_FELTING) >= FELTS_FROM


def wash_harm(piece: Piece, *, process: Process, water_c: float) -> None:
    """Note what a wash in this water does that the label forbids, or the fibre."""
    washing, fibres = piece.plan.label.washing, piece.plan.fibres
    if process > washing.process:
        piece.damage.add("spoilt" if washing.process is Process.NOT_AT_ALL else "worn")
    # A washer's thermostat swings by a few degrees, and labels allow for it.
    if water_c > washing.max_temperature_c + 4:
        piece.damage.add("faded")
    if piece.felts and (process > Process.VERY_MILD or water_c > 44):  # noqa: PLR2004 - °C
        piece.damage.add("felted")
    if fibres.share(Fibre.LEATHER, Fibre.FUR):
        piece.damage.add("spoilt")


def run_harm(pieces: list[Piece], *, water_c: float) -> None:
    """Note whites that colours ran into."""
    running = any(piece.plan.colour.bleeds for piece in pieces)
    if running and water_c > 20:  # noqa: PLR2004 - °C
        for piece in pieces:
            if piece.plan.colour == "white":
                piece.damage.add("stained")


def drum_harm(piece: Piece, *, air_c: float, lying_still: bool) -> None:
    """Note what tumbling in such air does that the label forbids, or the fibre."""
    tumbling, fibres = piece.plan.label.tumbling, piece.plan.fibres
    if tumbling is Tumbling.NONE or air_c > tumbling.max_temperature_c + 4:
        piece.damage.add("shrunk")
    if piece.felts and (air_c > 50 or not lying_still):  # noqa: PLR2004 - °C
        piece.damage.add("shrunk")
    if fibres.share(Fibre.ELASTANE) >= 5 and air_c > 66:  # noqa: PLR2004 - percent, °C
        piece.damage.add("slack")


def steam_harm(piece: Piece, *, air_c: float) -> None:
    """Note what hot steam does to what hangs in it."""
    if piece.plan.fibres.share(Fibre.LEATHER, Fibre.FUR):
        piece.damage.add("spoilt")
    gentle = piece.felts or piece.plan.fibres.share(Fibre.SILK) >= 10  # noqa: PLR2004 - percent
    if gentle and air_c > 56:  # noqa: PLR2004 - °C
        piece.damage.add("shrunk")


def moisture_pct(pieces: list[Piece]) -> float:
    """Return the water in percent of the dry mass; 0 where there is nothing."""
    dry = sum(piece.dry_kg for piece in pieces)
    return 100 * sum(piece.water_kg for piece in pieces) / dry if dry else 0.0
