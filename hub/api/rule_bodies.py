"""Rules as they are written and shown; `docs/alarms.md` says how each number is used."""

from dataclasses import asdict
from typing import Any, Literal

from pydantic import Field

from hub.api.bodies import Body, Id, Name
from hub.model import (
    DEFAULT_LADDER,
    AlertMode,
    Direction,
    Haptic,
    Ladder,
    Level,
    RuleSpec,
    Schedule,
    Sound,
    Step,
)

DAY_S = 86400
LARGEST = 1e12


class HapticBody(Body):
    pattern: Literal["single", "double", "triple", "pulse", "continuous"]
    amplitude: float = Field(ge=0, le=1)
    repeat: int = Field(default=1, ge=1, le=20)


class SoundBody(Body):
    tone: Literal["soft", "rise", "chime", "alarm"]
    volume: float = Field(ge=0, le=1)


class StepBody(Body):
    haptic: HapticBody
    sound: SoundBody
    wait_s: float = Field(ge=1, le=DAY_S)
    """How long this step stands before the next one; on the top step, before it is repeated."""


class LadderBody(Body):
    """From gentle to insistent; amplitude and volume never fall on the way up."""

    steps: list[StepBody] = Field(min_length=1, max_length=20)


class LevelBody(Body):
    name: Name
    offset: float = Field(default=0, ge=0, le=LARGEST)
    """How far beyond the limit it begins, in the property's unit; the first at 0."""
    first_step: int = Field(default=1, ge=1, le=20)
    """The lowest step of the ladder, from 1, at which it is answered."""


class ScheduleBody(Body):
    """When answers go out; outside of it alarms are recorded and nobody is touched."""

    days: list[int] = Field(default=[0, 1, 2, 3, 4, 5, 6], min_length=1, max_length=7)
    """Days on which the window starts; Monday is 0."""
    start_minute: int = Field(default=0, ge=0, le=1439)
    """Minute of the person's local day, inclusive."""
    end_minute: int = Field(default=1440, ge=0, le=1440)
    """Exclusive; a smaller one than `start_minute` runs over midnight."""


class RuleBody(Body):
    """A threshold on one numeric property of some devices, or of every device of a kind."""

    household: Id = Field(examples=["h_5d0c"])
    person: Id | None = Field(default=None, examples=["me"])
    """Whose devices it watches: `me` or a child of the household; null: all that match."""
    name: Name = Field(examples=["Take it easy"])
    property: str = Field(max_length=64, examples=["heart_rate"])
    """A number, integer or boolean of the kind; a boolean counts as 0 and 1."""
    kind: str | None = Field(default=None, max_length=64, examples=["watch"])
    """Every device of this kind; give either this or `devices`."""
    devices: list[Id] = Field(default=[], max_length=100, examples=[[]])
    direction: Direction = Direction.ABOVE
    limit: float | None = Field(default=None, ge=-LARGEST, le=LARGEST, examples=[150])
    """In the property's unit; null asks for the person's own limit (`heart_rate` only)."""
    levels: list[LevelBody] = Field(default=[LevelBody(name="over")], min_length=1, max_length=10)
    hysteresis: float = Field(default=0, ge=0, le=LARGEST, examples=[5])
    """How far back inside the limit the value must come before the alarm clears."""
    dwell_s: float = Field(default=0, ge=0, le=DAY_S, examples=[5])
    """How long the value must stay beyond the limit before the alarm is raised."""
    gap_s: float = Field(default=30, ge=0, le=DAY_S)
    """Silence longer than this proves nothing: a dwell begins again."""
    recurrence_s: float = Field(default=1800, ge=0, le=7 * DAY_S)
    """A crossing within this time of the last clearing starts a step higher."""
    no_data_s: float | None = Field(default=None, ge=1, le=30 * DAY_S)
    """Raise a no-data alarm after this long without a reading."""
    schedule: ScheduleBody | None = None
    freshness_s: float = Field(default=30, ge=1, le=DAY_S)
    """Nobody is touched for a reading older than this when it reaches the hub."""
    ladder: LadderBody | None = None
    """Null: the built-in five steps."""
    mode: AlertMode = AlertMode.BOTH
    max_amplitude: float = Field(default=1, ge=0, le=1)
    max_volume: float = Field(default=1, ge=0, le=1)
    responders: list[Id] = Field(default=[], max_length=20, examples=[[]])
    """Devices that answer; none: the device itself if it can, else the person's that can."""
    contact: Id | None = None
    """A member of the household who agreed to be told when the top step goes unanswered."""
    contact_after_s: float = Field(default=60, ge=1, le=DAY_S)
    enabled: bool = True

    def spec(self) -> RuleSpec:
        """Return what it says.

        Raises:
            InvalidInputError: the numbers do not fit together.
        """
        plain = self.model_dump(exclude={"household", "person", "levels", "schedule", "ladder"})
        return RuleSpec(
            **(plain | {"devices": tuple(self.devices), "responders": tuple(self.responders)}),
            levels=tuple(
                Level(name=one.name, offset=one.offset, first_step=one.first_step - 1)
                for one in self.levels
            ),
            schedule=_schedule(self.schedule),
            ladder=DEFAULT_LADDER if self.ladder is None else _ladder(self.ladder),
        )


class RuleShown(RuleBody):
    id: str
    revision: int


def shown(
    rule_id: str, revision: int, *, household: str, person: str | None, spec: RuleSpec
) -> RuleShown:
    """Return the rule as it is shown: with every number filled in."""
    plain: dict[str, Any] = {
        name: getattr(spec, name)
        for name in RuleBody.model_fields
        if name not in {"household", "person", "levels", "schedule", "ladder"}
    }
    plain |= {"devices": list(spec.devices), "responders": list(spec.responders)}
    return RuleShown.model_construct(
        id=rule_id,
        revision=revision,
        household=household,
        person=person,
        levels=[
            LevelBody.model_construct(
                name=one.name, offset=one.offset, first_step=one.first_step + 1
            )
            for one in spec.levels
        ],
        schedule=_schedule_body(spec.schedule),
        ladder=_ladder_body(spec.ladder),
        **plain,
    )


def _schedule(body: ScheduleBody | None) -> Schedule | None:
    if body is None:
        return None
    days = tuple(sorted({day % 7 for day in body.days}))
    return Schedule(days=days, start_minute=body.start_minute, end_minute=body.end_minute)


def _schedule_body(schedule: Schedule | None) -> ScheduleBody | None:
    if schedule is None:
        return None
    return ScheduleBody.model_construct(
        days=list(schedule.days),
        start_minute=schedule.start_minute,
        end_minute=schedule.end_minute,
    )


def _ladder(body: LadderBody) -> Ladder:
    return Ladder(
        steps=tuple(
            Step(
                haptic=Haptic(**step.haptic.model_dump()),
                sound=Sound(**step.sound.model_dump()),
                wait_s=step.wait_s,
            )
            for step in body.steps
        )
    )


def _ladder_body(ladder: Ladder) -> LadderBody:
    return LadderBody.model_construct(
        steps=[
            StepBody.model_construct(
                haptic=HapticBody.model_construct(**asdict(step.haptic)),
                sound=SoundBody.model_construct(**asdict(step.sound)),
                wait_s=step.wait_s,
            )
            for step in ladder.steps
        ]
    )
