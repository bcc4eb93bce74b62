"""A watch worn all day: a value a minute, every second while its wearer runs, and the night."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from hub.model import Value
from simulators.appliance import NOBODY, ORDINARY
from simulators.messages import Habits, Witnesses
from simulators.runner import Body, Runner, somebody
from simulators.watch import Watch

MINUTE_MS = 60_000
SLOW_MINUTES = 10
"""Minutes between two values of what changes slowly."""
DRAIN_A_MINUTE = 0.045
"""Percent of the battery: two weeks it is not, a day and a half it is."""
CHARGE_A_MINUTE = 2.0


class Activity(StrEnum):
    ASLEEP = "asleep"
    STILL = "still"
    MOVING = "moving"


_EFFORT = {Activity.ASLEEP: -0.03, Activity.STILL: 0.09, Activity.MOVING: 0.24}
"""Share of the heart-rate reserve; asleep it lies under the resting rate."""
_STEPS = {Activity.ASLEEP: 0, Activity.STILL: 3, Activity.MOVING: 45}
"""A minute, at most."""


@dataclass(slots=True, kw_only=True)
class _Run:
    runner: Runner
    start_ms: int
    at_ms: int
    beats: int = 0
    beat_sum: float = 0.0
    highest: float = 0.0
    distance_m: float = 0.0
    mass_kg: float = 65.0

    def count(self, values: Mapping[str, Value]) -> None:
        beat = float(values["heart_rate"])
        self.beats += 1
        self.beat_sum += beat
        self.highest = max(self.highest, beat)
        self.distance_m = float(values["distance"])

    def summary(self) -> dict[str, object]:
        kilometres = self.distance_m / 1000
        return {
            "sport": self.runner.sport,
            "duration_s": (self.at_ms - self.start_ms) // 1000,
            "distance_m": round(self.distance_m, 1),
            # Running costs about 1 kcal a kilogram and kilometre.
            # Source: Margaria et al. (1963), J. Appl. Physiol. 18, 367-370.
            "energy_kcal": round(kilometres * self.mass_kg, 1),
            "mean_heart_rate": round(self.beat_sum / max(self.beats, 1), 1),
            "max_heart_rate": self.highest,
        }


class DailyWatch(Watch):
    """Time passes for it in `step`; its wearer's day is told to it in between."""

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
        super().__init__(device, base, boot=boot, witnesses=witnesses, habits=habits)
        self.activity = Activity.STILL
        self.worn = True
        self._rng = rng
        self._body = somebody(rng, obedience=rng.uniform(0.4, 1.0))
        self._mass_kg = rng.uniform(50, 85)
        self._heart = self._body.resting + 10
        self._battery = rng.uniform(40, 100)
        self._steps = 0
        self._says_ms = rng.randrange(0, MINUTE_MS, 5000)
        self._at_ms: int | None = None
        self._run: _Run | None = None

    @property
    def running(self) -> bool:
        return self._run is not None

    def step(self, now_ms: int) -> None:
        """Measure what is due until now."""
        if self._at_ms is None:
            self._at_ms = now_ms
            self.measure(now_ms, {"worn": self.worn})
        if self._run is not None:
            self._run_on(self._run, now_ms)
        minute = (self._at_ms - self._says_ms) // MINUTE_MS + 1
        while minute * MINUTE_MS + self._says_ms <= now_ms:
            self._minute(minute, minute * MINUTE_MS + self._says_ms)
            minute += 1
        self._at_ms = now_ms

    def wear(self, now_ms: int) -> None:
        self._put(now_ms, worn=True)

    def take_off(self, now_ms: int) -> None:
        """Lay it on its charger."""
        self._put(now_ms, worn=False)

    def start_run(self, now_ms: int) -> None:
        if self._run is not None:
            return
        self.wear(now_ms)
        runner = Runner(self._body, rng=self._rng)
        self._run = _Run(runner=runner, start_ms=now_ms, at_ms=now_ms, mass_kg=self._mass_kg)
        identity = f"workout-{self.outbox.boot}-{now_ms}-on"
        self.happen("workout_started", now_ms, identity=identity, data={"sport": runner.sport})

    def stop_run(self, now_ms: int) -> None:
        run, self._run = self._run, None
        if run is not None:
            identity = f"workout-{self.outbox.boot}-{run.start_ms}-off"
            self.happen("workout_stopped", now_ms, identity=identity, data=run.summary())

    def sleep_ended(self, start_ms: int, end_ms: int) -> None:
        """Sum up the night."""
        minutes = (end_ms - start_ms) // MINUTE_MS
        awake = round(minutes * self._rng.uniform(0.03, 0.12))
        asleep = minutes - awake
        resting = round(self._body.resting + self._rng.gauss(0, 1.5), 1)
        data = {
            "start_ms": start_ms,
            "end_ms": end_ms,
            "asleep_min": asleep,
            "deep_min": round(asleep * self._rng.uniform(0.12, 0.22)),
            "rem_min": round(asleep * self._rng.uniform(0.17, 0.26)),
            "awake_min": awake,
            "resting_heart_rate": resting,
            "hrv_ms": round(max(12.0, 110 - resting + self._rng.gauss(0, 6)), 1),
        }
        self.happen("sleep_ended", end_ms, identity=f"night-{self.device}-{end_ms}", data=data)

    @property
    def body(self) -> Body:
        return self._body

    # ------------------------------------------------------------------------------- details

    def _put(self, now_ms: int, *, worn: bool) -> None:
        if self.worn != worn:
            self.worn = worn
            self.measure(now_ms, {"worn": worn})

    def _run_on(self, run: _Run, now_ms: int) -> None:
        while run.at_ms < now_ms:
            values = dict(run.runner.measure(urge=self.signals.urge(run.at_ms)).values)
            values.pop("worn", None)
            # The day's own count goes on; the runner's begins at nothing.
            values["steps"] = self._steps + int(values["steps"])
            run.count(values)
            self.measure(run.at_ms, values)
            run.at_ms += 1000

    def _minute(self, number: int, at_ms: int) -> None:
        charging = CHARGE_A_MINUTE if not self.worn else -DRAIN_A_MINUTE
        self._battery = min(100.0, max(3.0, self._battery + charging))
        if self._run is not None:
            return
        values: dict[str, Value] = {}
        if self.worn:
            values["heart_rate"] = self._beat()
            self._steps += self._rng.randint(0, _STEPS[self.activity])
        if number % SLOW_MINUTES == 0:
            values |= {"battery": round(self._battery, 1), "steps": self._steps}
            values |= self._skin()
        if values:
            self.measure(at_ms, values)

    def _beat(self) -> float:
        body = self._body
        settled = body.resting + (body.maximum - body.resting) * _EFFORT[self.activity]
        self._heart += (settled - self._heart) * 0.3 + self._rng.gauss(0, 1.5)
        self._heart = min(max(self._heart, 38.0), body.maximum)
        return float(round(self._heart))

    def _skin(self) -> dict[str, Value]:
        if not self.worn:
            return {}
        warmer = 0.8 if self.activity is Activity.ASLEEP else 0.0
        return {
            "skin_temperature": round(33.2 + warmer + self._rng.gauss(0, 0.15), 2),
            "spo2": float(round(min(100.0, 97.2 + self._rng.gauss(0, 0.6)))),
        }
