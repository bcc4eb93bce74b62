"""Thresholds as data: when a condition holds, and how the answer grows and backs off."""

import math
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from hub.errors import InvalidInputError


class Direction(StrEnum):
    ABOVE = "above"
    BELOW = "below"


class AlertMode(StrEnum):
    BOTH = "both"
    TOUCH = "touch"
    SOUND = "sound"


@dataclass(frozen=True, slots=True, kw_only=True)
class Haptic:
    pattern: str
    """`single`, `double`, `triple`, `pulse` or `continuous`."""
    amplitude: float
    """0 to 1."""
    repeat: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    tone: str
    """`soft`, `rise`, `chime` or `alarm`."""
    volume: float
    """0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    haptic: Haptic
    sound: Sound
    wait_s: float
    """How long this step stands before the next one; on the top step, before it is repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Steps from gentle to insistent; amplitude and volume never fall on the way up.

    Raises:
        InvalidInputError: no step, a falling amplitude or volume, or a wait under a second.
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not self.steps:
            message = "a ladder needs at least one step"
            raise InvalidInputError(message)
        for step in self.steps:
            if not 1 <= step.wait_s < math.inf:
                message = f"wait_s is {step.wait_s}; a step stands for at least 1 s"
                raise InvalidInputError(message)
            if not (0 <= step.haptic.amplitude <= 1 and 0 <= step.sound.volume <= 1):
                message = "amplitude and volume are between 0 and 1"
                raise InvalidInputError(message)
        for lower, upper in zip(self.steps, self.steps[1:], strict=False):
            if upper.haptic.amplitude < lower.haptic.amplitude:
                message = "a ladder's amplitude never falls on the way up"
                raise InvalidInputError(message)
            if upper.sound.volume < lower.sound.volume:
                message = "a ladder's volume never falls on the way up"
                raise InvalidInputError(message)


DEFAULT_LADDER = Ladder(
    steps=(
        Step(
            haptic=Haptic(pattern="single", amplitude=0.3),
            sound=Sound(tone="soft", volume=0.1),
            wait_s=10,
        ),
        Step(
            haptic=Haptic(pattern="double", amplitude=0.45, repeat=2),
            sound=Sound(tone="rise", volume=0.25),
            wait_s=10,
        ),
        Step(
            haptic=Haptic(pattern="double", amplitude=0.6, repeat=3),
            sound=Sound(tone="rise", volume=0.4),
            wait_s=10,
        ),
        Step(
            haptic=Haptic(pattern="triple", amplitude=0.8, repeat=3),
            sound=Sound(tone="chime", volume=0.6),
            wait_s=8,
        ),
        Step(
            haptic=Haptic(pattern="continuous", amplitude=1.0, repeat=5),
            sound=Sound(tone="alarm", volume=0.8),
            wait_s=8,
        ),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    name: str
    offset: float = 0.0
    """How far beyond the limit this level begins, in the property's unit; the first is 0."""
    first_step: int = 0
    """The lowest ladder step (from 0) at which this level is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When answers go out; outside of it the alarm is recorded and suppressed by design."""

    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    """Days of the week on which the window starts, Monday is 0."""
    start_minute: int = 0
    """Minute of the person's local day, inclusive."""
    end_minute: int = 24 * 60
    """Exclusive; a smaller one than `start_minute` runs over midnight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSpec:
    """A threshold on one numeric property of one device or of every device of a kind.

    Booleans count as 0 and 1. `docs/alarms.md` says how each number is used.

    Raises:
        InvalidInputError: levels do not begin at offset 0 and grow, or a number makes no sense.
    """

    name: str
    property: str
    kind: str | None = None
    """Every device of this kind in the household; give either this or `devices`."""
    devices: tuple[str, ...] = ()
    direction: Direction = Direction.ABOVE
    limit: float | None = None
    """In the property's unit; None asks for the person's own limit of this property."""
    levels: tuple[Level, ...] = (Level(name="over"),)
    hysteresis: float = 0.0
    """How far back inside the limit the value must come before the alarm clears."""
    dwell_s: float = 0.0
    """How long the value must stay beyond the limit before the alarm is raised."""
    gap_s: float = 30.0
    """Silence longer than this proves nothing: a dwell begins again."""
    recurrence_s: float = 1800.0
    """A crossing within this time of the last clearing starts a step higher than that one did."""
    no_data_s: float | None = None
    """Raise a no-data alarm after this long without a reading, in the hub's time."""
    schedule: Schedule | None = None
    freshness_s: float = 30.0
    """Nobody is touched for a reading older than this when it reaches the hub."""
    ladder: Ladder = DEFAULT_LADDER
    mode: AlertMode = AlertMode.BOTH
    max_amplitude: float = 1.0
    max_volume: float = 1.0
    responders: tuple[str, ...] = ()
    """Devices that answer; none named: the device itself if it can, else the person's that can."""
    contact: str | None = None
    """A person who agreed to be told when the top step goes unanswered."""
    contact_after_s: float = 60.0
    enabled: bool = True

    def __post_init__(self) -> None:
        if (self.kind is None) == (not self.devices):
            message = "name either a kind or devices, not both and not neither"
            raise InvalidInputError(message)
        offsets = [level.offset for level in self.levels]
        grow = all(lower < upper for lower, upper in pairwise([*offsets, math.inf]))
        if not offsets or offsets[0] != 0 or not grow:
            message = "levels begin at offset 0 and grow"
            raise InvalidInputError(message)
        if min(level.first_step for level in self.levels) < 0:
            message = "first_step counts from 0"
            raise InvalidInputError(message)
        durations = (self.dwell_s, self.gap_s, self.recurrence_s, self.freshness_s)
        others = (self.contact_after_s, self.hysteresis, self.no_data_s or 0)
        if not all(0 <= number < math.inf for number in (*durations, *others)):
            message = "durations and hysteresis are finite and not negative"
            raise InvalidInputError(message)
        if not math.isfinite(self.limit or 0):
            message = f"limit is {self.limit}"
            raise InvalidInputError(message)
        if not (0 <= self.max_amplitude <= 1 and 0 <= self.max_volume <= 1):
            message = "max_amplitude and max_volume are between 0 and 1"
            raise InvalidInputError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A `RuleSpec` somebody made for a household, with an identity."""

    id: str
    household: str
    person: str | None
    """Whose devices it watches; None: every device of the household that matches."""
    spec: RuleSpec
    since_ms: int = 0
    """When it was made or changed: it does not judge what was before."""
    revision: int = 1
