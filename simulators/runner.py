"""A modelled runner: a heart that follows the legs, and legs that may follow the wrist."""

import math
from dataclasses import dataclass
from random import Random

from hub.model import Value
from simulators.sources import Measurement

TOP_STEP = 5
SLOW_EVERY = 60
"""Seconds between two measurements of what changes slowly."""
WALK = 1.4
"""Metres a second."""
RISE_S = 28.0
FALL_S = 45.0
"""Time constants of the heart, faster up than down; chosen to look like the recordings."""
DRIFT = 8.0
"""Beats a minute that the same speed costs more after an hour, by warming and drying out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Whose heart it is, and how readily they listen."""

    resting: float = 58.0
    maximum: float = 188.0
    speed_at_maximum: float = 4.6
    """Metres a second at which the heart would settle at its maximum."""
    obedience: float = 0.7
    """0 never slows down for the wrist; 1 slows at the first gentle touch."""


def somebody(rng: Random, *, obedience: float) -> Body:
    """Return a believable runner, another one for each seed."""
    return Body(
        resting=rng.uniform(48, 68),
        maximum=rng.uniform(176, 198),
        speed_at_maximum=rng.uniform(4.0, 5.2),
        obedience=obedience,
    )


class Runner:
    """Warms up, then runs hard and easy by turns, until the wrist says otherwise."""

    sport = "running"

    def __init__(self, body: Body, *, rng: Random) -> None:
        self._body = body
        self._rng = rng
        self._second = 0
        self._speed = 0.0
        self._heart = body.resting + 12
        self._noise = 0.0
        self._distance = 0.0
        self._steps = 0.0
        self._skin = 32.4
        self._battery = rng.uniform(70, 100)
        self._phase_speed = 0.45 * body.speed_at_maximum
        self._phase_left = rng.randint(45, 90)
        self._hard = False
        self._resting_left = 0

    def measure(self, *, urge: int) -> Measurement:
        """Return the next second; a runner ends only when somebody stops them."""
        self._listen(urge)
        self._move()
        self._beat()
        measurement = Measurement(self._second * 1000, self._values())
        self._second += 1
        return measurement

    def _listen(self, urge: int) -> None:
        """The more insistent the wrist, the likelier they slow down, and they rest a while."""
        chance = self._body.obedience * (urge / TOP_STEP) ** 1.5 / 2
        if self._body.obedience >= 1 and urge:
            chance = 1.0
        if urge and self._rng.random() < chance:
            self._resting_left = self._rng.randint(35, 60)
        elif self._resting_left:
            self._resting_left -= 1

    def _move(self) -> None:
        self._phase_left -= 1
        if self._phase_left <= 0:
            self._hard = not self._hard
            share = self._rng.uniform(0.80, 0.92) if self._hard else self._rng.uniform(0.48, 0.58)
            self._phase_speed = share * self._body.speed_at_maximum
            self._phase_left = self._rng.randint(120, 200) if self._hard else 80
        wanted = WALK if self._resting_left else self._phase_speed
        change = max(-0.35, min(0.25, wanted - self._speed))
        self._speed = max(0.0, self._speed + change + self._rng.gauss(0, 0.03))
        self._distance += self._speed
        self._steps += self._cadence() / 60

    def _cadence(self) -> float:
        """Steps a minute; running begins at about 150."""
        if self._speed < 0.3:  # noqa: PLR2004 - standing
            return 0.0
        return 80 + 22 * self._speed if self._speed < 2 else 138 + 9.5 * self._speed  # noqa: PLR2004 - from walking to running

    def _beat(self) -> None:
        body = self._body
        effort = min(self._speed / body.speed_at_maximum, 1.05)
        settled = body.resting + (body.maximum - body.resting) * effort
        settled += DRIFT * min(self._second / 3600, 1.5)
        time_constant = RISE_S if settled > self._heart else FALL_S
        self._heart += (settled - self._heart) / time_constant
        self._noise = 0.8 * self._noise + self._rng.gauss(0, 0.5)
        self._skin += (34.2 + effort - self._skin) / 600

    def _values(self) -> dict[str, Value]:
        values: dict[str, Value] = {
            "heart_rate": float(round(self._heart + self._noise)),
            "cadence": float(round(self._cadence())),
            "speed": round(self._speed, 2),
            "steps": int(self._steps),
            "distance": round(self._distance, 1),
        }
        if self._second == 0:
            values["worn"] = True
        if self._second % SLOW_EVERY == 0:
            values["spo2"] = float(round(97.3 - 1.2 * self._speed / 5 + self._rng.gauss(0, 0.4)))
            values["skin_temperature"] = round(self._skin, 2)
            values["altitude"] = round(38 + 6 * math.sin(self._distance / 400), 1)
            # A watch with its positioning on lasts about fourteen hours.
            values["battery"] = round(max(self._battery - self._second / 504, 0.0), 1)
        return values
