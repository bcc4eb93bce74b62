"""A washer: its program as stages, each of which ends when the physics says so."""

from collections.abc import Mapping
from dataclasses import dataclass

from devices.washer import KIND
from hub.model import Value
from hub.model.care import WASH_PROFILES, Process, WashCourse
from simulators.laundry.fabric import moisture_pct, run_harm, wash_harm
from simulators.laundry.machine import Machine
from simulators.laundry.presets import Preset
from simulators.laundry.tub import FLOW_KG_S, HEATER_W, LOSS_W, Tub
from simulators.settings import fitting

INLET_C = 14.0
MAX_LOAD_KG = 11.0
MOTOR_W: Mapping[Process, float] = {
    Process.NORMAL: 160.0,
    Process.MILD: 120.0,
    Process.VERY_MILD: 80.0,
    Process.HAND: 60.0,
}
WEIGH_W = 60.0
SPIN_W = 380.0
PUMP_W = 35.0
HOT_C = 50.0
"""The door stays locked over hotter water."""
SPIN_TRIES = 4
DRAIN_LIMIT_S = 300.0
UNBALANCED = "UE"
BLOCKED = "OE"


@dataclass(slots=True, kw_only=True)
class Stage:
    """One thing after the other; `done_s` counts how long it has lasted."""

    phase: str
    does: str
    """`fill`, `wash`, `rinse`, `drain` or `spin`; `turn` only turns the drum."""
    least_s: float
    done_s: float = 0.0
    per_min: int = 0


@dataclass(frozen=True, slots=True)
class _Length:
    minutes: int
    rinses: int


_LENGTHS: Mapping[WashCourse, _Length] = {
    WashCourse.COTTONS: _Length(55, 3),
    WashCourse.ECO: _Length(130, 2),
    WashCourse.QUICK: _Length(12, 1),
    WashCourse.SYNTHETICS: _Length(40, 3),
    WashCourse.SPORTSWEAR: _Length(30, 2),
    WashCourse.DOWN: _Length(35, 4),
    WashCourse.DELICATES: _Length(25, 3),
    WashCourse.WOOL: _Length(18, 2),
    WashCourse.HAND_WASH: _Length(16, 2),
}
"""Minutes of washing proper, without filling, rinsing and spinning."""


class Washer(Machine):
    """Set `drain_blocked` or `unbalanced` to have it fail; `mend` sets it right."""

    made_as = KIND

    def _furnish(self) -> None:
        self.settings |= {
            "course": str(WashCourse.COTTONS),
            "wash_temperature": 40.0,
            "spin_speed": 1400.0,
        }
        self.tub = Tub(water_c=self.room_c)
        self.stages: list[Stage] = []
        self.drain_blocked = False
        self.unbalanced = False
        self.spin_tries = 0
        self._target_c = 40.0
        self._process = Process.NORMAL

    # ------------------------------------------------------------------------------ the cycle

    def unfit(self, course: str) -> str:
        if course not in set(map(str, WashCourse)):
            return f"there is no course {course!r}"
        mass = sum(piece.dry_kg for piece in self.pieces)
        return f"{mass:.1f} kg is too much" if mass > MAX_LOAD_KG else ""

    def begin(self) -> None:
        course = WashCourse(self.course)
        profile, length = WASH_PROFILES[course], _LENGTHS[course]
        wanted = float(self.settings["wash_temperature"])
        self._target_c = max(min(wanted, profile.hottest_c), profile.coolest_c)
        self._process = profile.process
        self.tub.pieces = list(self.pieces)
        self.spin_tries = 0
        spin = round(min(float(self.settings["spin_speed"]), profile.spin_per_min))
        self.stages = _program(length, spin=spin)
        self.phase = self.stages[0].phase
        self.remaining_s = self._estimate()

    def run(self, seconds: float) -> bool:
        if not self.stages:
            return True
        stage = self.stages[0]
        self.phase = stage.phase
        stage.done_s += seconds
        ended = self._does(stage, seconds)
        self.tub.cool(seconds, room_c=self.room_c)
        if ended:
            self.stages.pop(0)
        self.remaining_s = self._estimate()
        return not self.stages

    def _does(self, stage: Stage, seconds: float) -> bool:
        """Let one stage go on; return whether it has ended."""
        match stage.does:
            case "fill":
                return self._fill(seconds)
            case "wash":
                return self._wash(stage, seconds)
            case "rinse":
                return self._rinse(stage, seconds)
            case "drain":
                return self._drain(stage, seconds)
            case "spin":
                return self._spin(stage, seconds)
            case _:
                return self._turn(stage)

    def _turn(self, stage: Stage) -> bool:
        self.power_w = WEIGH_W
        return stage.done_s >= stage.least_s

    def _fill(self, seconds: float) -> bool:
        self.power_w = 45.0
        return self.tub.fill(seconds, inlet_c=INLET_C, upto_kg=self._bath_kg())

    def _bath_kg(self) -> float:
        """Free water: gentle courses swim in more of it."""
        gentle = self._process <= Process.VERY_MILD
        return 5.0 + (1.6 if gentle else 0.7) * self.tub.dry_kg + (5.0 if gentle else 0.0)

    def _wash(self, stage: Stage, seconds: float) -> bool:
        self.power_w = MOTOR_W[self._process]
        if self.tub.water_c < self._target_c - 0.3:
            self.power_w += self.tub.heat(seconds)
        self.tub.scrub(seconds, process=self._process)
        for piece in self.pieces:
            wash_harm(piece, process=self._process, water_c=self.tub.water_c)
        run_harm(self.pieces, water_c=self.tub.water_c)
        warm = self.tub.water_c >= self._target_c - 1
        return stage.done_s >= stage.least_s and warm

    def _rinse(self, stage: Stage, seconds: float) -> bool:
        self.power_w = MOTOR_W[self._process]
        self.tub.scrub(seconds, process=self._process)
        return stage.done_s >= stage.least_s

    def _drain(self, stage: Stage, seconds: float) -> bool:
        self.power_w = PUMP_W
        if not self.drain_blocked:
            return self.tub.drain(seconds) and stage.done_s >= stage.least_s
        if stage.done_s >= DRAIN_LIMIT_S:
            stage.done_s = 0.0
            self.fail(BLOCKED)
        return False

    def _spin(self, stage: Stage, seconds: float) -> bool:
        """Find the balance at the beginning, else spread the load anew and try again."""
        self.power_w = SPIN_W * stage.per_min / 1400 + PUMP_W
        first = stage.done_s <= seconds
        if first and self._out_of_balance():
            self.spin_tries += 1
            if self.spin_tries >= SPIN_TRIES:
                self.spin_tries, stage.done_s = 0, 0.0
                self.fail(UNBALANCED)
                return False
            stage.done_s = 0.0
            self.stages.insert(0, Stage(phase="spin", does="turn", least_s=150))
            return False
        self.tub.spin(seconds, per_min=stage.per_min)
        return stage.done_s >= stage.least_s

    def _out_of_balance(self) -> bool:
        """A single heavy piece is harder to spread than many."""
        heaviest = max((piece.mass_kg for piece in self.pieces), default=0.0)
        uneven = heaviest / max(self.tub.load_kg, 0.1)
        return self.unbalanced or self.rng.random() < 0.4 * uneven**2

    def _estimate(self) -> float:
        """Return the seconds left, heating and filling as the physics has them now."""
        left = sum(max(0.0, stage.least_s - stage.done_s) for stage in self.stages)
        washing = [stage for stage in self.stages if stage.does == "wash"]
        if washing:
            colder = max(0.0, self._target_c - self.tub.water_c)
            watts = HEATER_W - LOSS_W * max(0.0, self._target_c - self.room_c)
            bath = self.tub.heat_j_k + 4186 * max(0.0, self._bath_kg() - self.tub.water_kg)
            heating = colder * bath / watts
            left += max(0.0, heating - max(0.0, washing[0].least_s - washing[0].done_s))
        fills = sum(stage.does == "fill" for stage in self.stages)
        return left + fills * self._bath_kg() / FLOW_KG_S

    def ready(self, preset: Preset, now_ms: int) -> None:
        super().ready(preset, now_ms)
        for name, value in (("wash_temperature", preset.temperature), ("spin_speed", preset.spin)):
            fit = None if value is None else fitting(self.kind.properties[name], value)
            if fit is not None:
                self.set(name, fit, now_ms)

    # ---------------------------------------------------------------------------------- rest

    def rest(self, seconds: float) -> None:
        self.tub.cool(seconds, room_c=self.room_c)
        if self.state == "stopped" and not self.waiting and not self.pieces:
            self.tub.empty()

    def locked(self) -> str:
        if self.state == "running" and self.phase == "spin":
            return "it spins"
        if self.tub.water_kg > 1 and self.tub.water_c > HOT_C:
            return f"the water has {self.tub.water_c:.0f} °C"
        return ""

    def stop(self, now_ms: int) -> str:
        problem = super().stop(now_ms)
        if not problem:
            self.stages = []
            if not self.drain_blocked:
                self.tub.empty()
        return problem

    def mend(self, now_ms: int) -> None:
        """Clean the drain, spread the load by hand."""
        self.drain_blocked = self.unbalanced = False
        super().mend(now_ms)

    # -------------------------------------------------------------------------------- saying

    def measured(self) -> dict[str, float]:
        return {
            "water_temperature": self.tub.water_c,
            "soil": self.tub.turbidity_pct,
            "load_mass": sum(piece.mass_kg for piece in self.pieces),
        }

    def facts(self) -> dict[str, Value]:
        closed = self.state == "running" and not self.door_open
        locked = closed or bool(self.locked())
        return super().facts() | {"door_locked": locked, "load_waiting": self.waiting}

    def result(self) -> Mapping[str, object]:
        self.phase = "finish"
        return {"moisture": round(moisture_pct(self.pieces), 1)}


def _program(length: _Length, *, spin: int) -> list[Stage]:
    stages = [
        Stage(phase="weight_sensing", does="turn", least_s=60),
        Stage(phase="wash", does="fill", least_s=0),
        Stage(phase="wash", does="wash", least_s=60.0 * length.minutes),
        Stage(phase="wash", does="drain", least_s=60),
    ]
    for _ in range(length.rinses):
        stages += [
            Stage(phase="rinse", does="fill", least_s=0),
            Stage(phase="rinse", does="rinse", least_s=240),
            Stage(phase="rinse", does="drain", least_s=60),
        ]
    stages.append(Stage(phase="spin", does="spin", least_s=420, per_min=spin))
    return stages
