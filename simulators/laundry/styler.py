"""A clothes styler: steam, dust and germs in its cabinet, and a mirror on its door."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from devices.styler import KIND
from hub.model.care import STEAM_C, StylerCourse
from hub.model.care_wash import home_can_clean
from simulators.laundry.fabric import Piece, steam_harm
from simulators.laundry.machine import Machine

CABINET_J = 22_000.0
LOSS_W = 6.0
AIRED_W = 50.0
"""W a K to the room, shut and with the flap open to cool."""
STEAMER_W = 1700.0
HEAT_PUMP_W = 750.0
FAN_W = 60.0
CABINET_M3 = 0.45
SETTLES_S = 240.0
FILTERS_S = 150.0
SHAKEN_S = 420.0
"""Time constants of dust: settling, in the filter, and off shaken clothes; assumed."""
DRIES_S = 1400.0
"""Time constant of damp clothes in moving warm air; assumed."""
SAFE_LOG = 6.0
"""What a test can still show: one in a million left."""
D60_S = 300.0
"""Seconds of moist heat at 60 °C that leave a tenth of a hardy virus; a tenth of it 12 °C higher.

Assumed, in the middle of what is published for enveloped viruses on cloth.
"""
Z_C = 12.0
MAX_PIECES = 6


@dataclass(frozen=True, slots=True)
class _Part:
    phase: str
    seconds: float
    steam: bool = False


_DRYING = (_Part("dry", 900), _Part("dehumidify", 600), _Part("cool", 240))
_PARTS: Mapping[StylerCourse, tuple[_Part, ...]] = {
    StylerCourse.REFRESH: (_Part("steam", 900, steam=True), *_DRYING),
    StylerCourse.SANITARY: (_Part("steam", 2400, steam=True), *_DRYING),
    StylerCourse.FINE: (_Part("steam", 480, steam=True), *_DRYING),
    StylerCourse.WOOL: (_Part("steam", 600, steam=True), *_DRYING),
    StylerCourse.GENTLE_DRY: (_Part("dry", 2700), _Part("dehumidify", 600), _Part("cool", 240)),
}
_MOODS = (
    ("minimal", "office"),
    ("casual", "weekend"),
    ("street", "layered"),
    ("sporty", "comfortable"),
    ("classic", "evening"),
)


class Styler(Machine):
    made_as = KIND

    def _furnish(self) -> None:
        self.settings |= {"course": str(StylerCourse.REFRESH)}
        self.cabinet_c = self.room_c
        self.humidity_pct = 45.0
        self.dust_mg = 0.02
        """In the air of the cabinet."""
        self.removed_mg = 0.0
        """By the filter, in this cycle."""
        self.log_reduction = 0.0
        """Tenfold reductions of viruses in this cycle."""
        self._parts: list[tuple[_Part, float]] = []

    # ------------------------------------------------------------------------------ the cycle

    def unfit(self, course: str) -> str:
        if course == StylerCourse.NONE:
            return "what hangs inside must not be steamed"
        return "too much hangs inside" if len(self.pieces) > MAX_PIECES else ""

    def begin(self) -> None:
        self.removed_mg = self.log_reduction = 0.0
        parts = _PARTS[StylerCourse(self.course)]
        self._parts = [(part, part.seconds) for part in parts]
        self.phase = parts[0].phase
        self.remaining_s = sum(part.seconds for part in parts)

    def run(self, seconds: float) -> bool:
        part, left = self._parts[0]
        self.phase = part.phase
        self._air(part, seconds)
        self._dust(seconds, shaking=part.phase in {"steam", "dry"})
        self._germs(seconds)
        for piece in self.pieces:
            steam_harm(piece, air_c=self.cabinet_c)
            if not part.steam:
                piece.water_kg *= math.exp(-seconds / DRIES_S)
        self._parts[0] = (part, left - seconds)
        if left <= seconds:
            self._parts.pop(0)
        self.remaining_s = sum(rest for _, rest in self._parts)
        return not self._parts

    def _air(self, part: _Part, seconds: float) -> None:
        """Bring heat and humidity to what this part of the course wants."""
        hottest = float(STEAM_C[StylerCourse(self.course)])
        wanted_c = {"dehumidify": 35.0, "cool": self.room_c}.get(part.phase, hottest)
        wanted_pct = 92.0 if part.steam else 25.0
        limit = STEAMER_W if part.steam else HEAT_PUMP_W
        missing = (wanted_c - self.cabinet_c) * CABINET_J / seconds
        heater = max(0.0, min(limit, missing + LOSS_W * (self.cabinet_c - self.room_c)))
        self.power_w = FAN_W + heater
        flap = AIRED_W if self.cabinet_c > wanted_c + 1 else LOSS_W
        gained = (heater - flap * (self.cabinet_c - self.room_c)) * seconds
        self.cabinet_c += gained / CABINET_J
        self.humidity_pct += (wanted_pct - self.humidity_pct) * (1 - math.exp(-seconds / 180))

    def _dust(self, seconds: float, *, shaking: bool) -> None:
        if shaking:
            for piece in self.pieces:
                off = piece.dust_mg * (1 - math.exp(-seconds / SHAKEN_S))
                piece.dust_mg -= off
                self.dust_mg += off
        caught = self.dust_mg * (1 - math.exp(-seconds / FILTERS_S))
        self.dust_mg -= caught
        self.removed_mg += caught

    def _germs(self, seconds: float) -> None:
        """Moist heat kills; dry heat takes four times as long."""
        tenth_s = D60_S * math.pow(10, (60 - self.cabinet_c) / Z_C)
        moist = 1.0 if self.humidity_pct > 70 else 0.25  # noqa: PLR2004 - percent
        self.log_reduction = min(SAFE_LOG, self.log_reduction + moist * seconds / tenth_s)

    def rest(self, seconds: float) -> None:
        share = 1 - math.exp(-seconds / 1200)
        self.cabinet_c += (self.room_c - self.cabinet_c) * share
        self.humidity_pct += (45 - self.humidity_pct) * share
        self.dust_mg *= math.exp(-seconds / SETTLES_S)

    # -------------------------------------------------------------------------------- people

    def look(self, now_ms: int, pieces: Sequence[Piece]) -> None:
        """Somebody wears these before the mirror: it sees a look."""
        mood = self.rng.choice(_MOODS)
        worn = [tag for piece in pieces for tag in piece.plan.tags]
        fibres = [str(piece.plan.fibres.shares[0][0]) for piece in pieces]
        identity = f"lk-{self.device}-{now_ms}"
        data = {
            "look": identity,
            "tags": list(dict.fromkeys([*mood, *worn, *fibres]))[:8],
            "palette": list(dict.fromkeys(piece.plan.rgb for piece in pieces))[:5],
            "picture": f"{self.device}/{identity}.jpg",
        }
        self.tell("look", now_ms, data)

    def say_loaded(self, now_ms: int, fresh: list[Piece]) -> None:
        """Say what was hung, and of which its label says that home cannot clean it."""
        garments = [piece.id for piece in fresh]
        self.tell("garments_hung", now_ms, {"load": self.load, "garments": garments})
        for piece in fresh:
            # It reads the label itself, whether or not its owner ever did.
            read = replace(piece.plan, labelled=True).garment(identity=piece.id, household="")
            if not home_can_clean(read).possible:
                self.tell("care_seen", now_ms, {"garment": piece.id})

    def say_taken(self, now_ms: int, taken: list[Piece]) -> None:
        garments = [piece.id for piece in taken]
        self.tell("garments_taken", now_ms, {"load": self.load, "garments": garments})

    # -------------------------------------------------------------------------------- saying

    def measured(self) -> dict[str, float]:
        return {
            "dust": 1000 * self.dust_mg / CABINET_M3,
            "dust_removed": self.removed_mg,
            "virus_reduction": 100 * (1 - math.pow(10, -self.log_reduction)),
            "humidity": self.humidity_pct,
            "cabinet_temperature": self.cabinet_c,
        }

    def result(self) -> Mapping[str, object]:
        self.phase = "finish"
        return {}
