"""A tumble dryer: air, heat and water in the drum, and an estimate of the time left."""

import math
from collections.abc import Mapping

from devices.dryer import KIND
from hub.model import Value
from hub.model.care import DRY_TEMPERATURE_C, DryCourse, Dryness
from simulators.laundry.fabric import Piece, drum_harm, moisture_pct
from simulators.laundry.machine import Machine
from simulators.laundry.tub import CLOTH_J, WATER_J

HEATER_W = 2200.0
FAN_W = 180.0
DRUM_J = 9000.0
LOSS_W = 9.0
"""W a K to the room."""
LATENT_J = 2.4e6
"""J to evaporate a kilogram of water."""
EVAPORATES = 2.2e-4
"""kg a second and kg of dry load at 60 °C while it is wet; the double 14 °C higher. Assumed."""
DOUBLES_C = 14.0
MAX_LOAD_KG = 9.0
WEIGH_S = 60.0
COOL_S = 300.0
TIMED_S = 3600.0
LONGEST_S = 4 * 3600.0
TUMBLES_ON_S = 3600.0
"""How long it turns now and then after the end, against creases."""
LEFT_PCT: Mapping[Dryness, float] = {
    Dryness.EXTRA: 1.0,
    Dryness.NORMAL: 3.0,
    Dryness.LOW: 6.0,
    Dryness.DAMP: 12.0,
}
"""Moisture at which it ends."""
SLOWS_PCT = 20.0
"""Moisture below which the estimate takes it that a load dries slower and slower."""


class Dryer(Machine):
    """`moisture_pct` falls while it runs; wool that is tumbled shrinks, as it would."""

    made_as = KIND

    def _furnish(self) -> None:
        self.settings |= {"course": str(DryCourse.COTTONS), "dryness": str(Dryness.NORMAL)}
        self.drum_c = self.room_c
        self._ran_s = 0.0
        self._cooled_s = 0.0
        self._rate_kg_s = 0.0
        self._after_s = TUMBLES_ON_S

    # ------------------------------------------------------------------------------ the cycle

    def unfit(self, course: str) -> str:
        if course == DryCourse.NONE:
            return "what is inside must not be tumbled"
        mass = sum(piece.dry_kg for piece in self.pieces)
        return f"{mass:.1f} kg is too much" if mass > MAX_LOAD_KG else ""

    def begin(self) -> None:
        self._ran_s = self._cooled_s = self._after_s = 0.0
        self._rate_kg_s = self._usual_rate()
        self.phase = "weight_sensing"
        self.remaining_s = self._estimate()

    def run(self, seconds: float) -> bool:
        self._ran_s += seconds
        self.power_w = FAN_W
        if self._ran_s <= WEIGH_S:
            self.phase = "weight_sensing"
        elif not self._cooled_s and not self._dry_enough():
            self.phase = "drying"
            self._dry(seconds)
        else:
            self.phase = "cooling"
            self._cooled_s += seconds
            self._evaporate(seconds, heater_w=0.0)
        self.remaining_s = self._estimate()
        return self._cooled_s >= COOL_S

    def _dry_enough(self) -> bool:
        if self.course == DryCourse.TIME:
            return self._ran_s >= TIMED_S
        return moisture_pct(self.pieces) <= self._target_pct

    @property
    def _target_pct(self) -> float:
        return LEFT_PCT[Dryness(str(self.settings["dryness"]))]

    def _dry(self, seconds: float) -> None:
        wanted_c = DRY_TEMPERATURE_C[DryCourse(self.course)]
        # The heater is on for the share of the time that holds the temperature.
        missing = (wanted_c - self.drum_c) * self._heat_j_k / seconds
        rate = sum(self._rate(piece) for piece in self.pieces)
        holding = rate * LATENT_J + LOSS_W * (self.drum_c - self.room_c)
        heater = min(HEATER_W, max(0.0, missing + holding))
        self.power_w = FAN_W + heater
        lost = self._evaporate(seconds, heater_w=heater)
        if self.drum_c > wanted_c - 2:
            # What it loses while it warms up says nothing of what it will lose.
            self._rate_kg_s += (lost / seconds - self._rate_kg_s) * seconds / 300
        still = self.course == DryCourse.WOOL_BASKET
        for piece in self.pieces:
            drum_harm(piece, air_c=self.drum_c, lying_still=still)

    @property
    def _heat_j_k(self) -> float:
        dry = sum(piece.dry_kg for piece in self.pieces)
        water = sum(piece.water_kg for piece in self.pieces)
        return dry * CLOTH_J + water * WATER_J + DRUM_J

    def _rate(self, piece: Piece) -> float:
        """Return kg a second: steady while it is wet, less and less below its critical moisture."""
        wetness = piece.water_kg / piece.dry_kg / piece.cloth.critical
        heat = math.pow(2, (self.drum_c - 60) / DOUBLES_C)
        return EVAPORATES * piece.dry_kg * heat * min(1.0, wetness)

    def _evaporate(self, seconds: float, *, heater_w: float) -> float:
        """Let water go and heat come; return the kilograms that went."""
        lost = 0.0
        for piece in self.pieces:
            out = min(piece.water_kg, self._rate(piece) * seconds)
            piece.water_kg -= out
            lost += out
        gained = heater_w * seconds - lost * LATENT_J
        gained -= LOSS_W * (self.drum_c - self.room_c) * seconds
        # Evaporation cools to no less than the wet-bulb temperature of the room.
        self.drum_c = max(self.room_c - 6, self.drum_c + gained / self._heat_j_k)
        return lost

    def _estimate(self) -> float:
        """Return the seconds left by the rate seen of late, which falls towards the end."""
        cooling = COOL_S - self._cooled_s
        if self.course == DryCourse.TIME:
            return max(0.0, TIMED_S - self._ran_s) + cooling
        dry = sum(piece.dry_kg for piece in self.pieces)
        water = sum(piece.water_kg for piece in self.pieces)
        target = dry * self._target_pct / 100
        if water <= target or self._cooled_s:
            return cooling
        slows = min(water, max(target, dry * SLOWS_PCT / 100))
        amount = water - slows + slows * math.log(slows / target)
        return min(LONGEST_S, amount / max(self._rate_kg_s, 2e-5)) + cooling

    def _usual_rate(self) -> float:
        """Return kg a second as this course has them with such a load, before any is seen."""
        wanted_c = DRY_TEMPERATURE_C[DryCourse(self.course)]
        dry = sum(piece.dry_kg for piece in self.pieces)
        by_air = EVAPORATES * dry * math.pow(2, (wanted_c - 60) / DOUBLES_C)
        return 0.8 * min(by_air, HEATER_W / LATENT_J)

    # ---------------------------------------------------------------------------------- rest

    def rest(self, seconds: float) -> None:
        """Cool down; what is wet dries by itself, slowly; turn now and then after the end."""
        self.drum_c = self.room_c + (self.drum_c - self.room_c) * math.exp(-seconds / 1500)
        if self.powered and self.waiting and self.phase in {"cooling", "wrinkle_prevent"}:
            self._after_s += seconds
            over = self._after_s >= TUMBLES_ON_S
            self.phase = "finish" if over else "wrinkle_prevent"
            turning = self._after_s % 300 < 2 * seconds
            self.power_w = self.power_w if over or not turning else FAN_W

    # -------------------------------------------------------------------------------- saying

    def measured(self) -> dict[str, float]:
        return {
            "moisture": moisture_pct(self.pieces),
            "drum_temperature": self.drum_c,
            "load_mass": sum(piece.mass_kg for piece in self.pieces),
        }

    def facts(self) -> dict[str, Value]:
        return super().facts() | {"load_waiting": self.waiting}

    def result(self) -> Mapping[str, object]:
        return {"moisture": round(moisture_pct(self.pieces), 1)}
