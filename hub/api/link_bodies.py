"""Links and scenes as they are written and shown; `docs/links.md` explains each member."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BeforeValidator, Field

from hub.api.bodies import Body, Id, Name, Shown
from hub.api.rule_bodies import ScheduleBody
from hub.api.times import moment
from hub.errors import InvalidInputError
from hub.model import Link, LinkRun, LinkSpec, Scene
from hub.model.link_gives import LinkNames, gives, trigger_words
from hub.model.links import LONGEST_PER_S, LONGEST_S, MAX_ACTIONS, MAX_CONDITIONS, MOST_RUNS
from hub.model.settable import LARGEST

MAX_TEXT = 1000
_BOUNDED = Field(ge=-LARGEST, le=LARGEST)


def _bounded(value: object) -> object:
    """Refuse a number as it was written: an integer might be rounded to one that fits."""
    if isinstance(value, int | float) and not abs(value) <= LARGEST:
        message = "a number lies between -2^53 and 2^53"
        raise ValueError(message)
    return value


Value = Annotated[
    bool
    | Annotated[int, _BOUNDED]
    | Annotated[float, _BOUNDED]
    | Annotated[str, Field(max_length=256)],
    BeforeValidator(_bounded),
]
Compared = Literal["above", "below", "equals", "differs"]
Day = Annotated[int, Field(ge=0, le=6)]
PropertyName = Annotated[str, Field(max_length=64)]
Sentence = Annotated[str, Field(min_length=1, max_length=300)]

# -------------------------------------------------------------------------------------- triggers


class ReadingTriggerBody(Body):
    """A property comes to stand so; it must have been otherwise before."""

    type: Literal["reading"]
    property: PropertyName = Field(examples=["door_open"])
    device: Id | None = None
    kind: PropertyName | None = None
    """Every device of this kind in the home; give either this or `device`."""
    comparison: Compared = "equals"
    value: Value | None = None
    """Null with `differs`: any change."""
    for_s: float = Field(default=0, ge=0, le=LONGEST_S)
    """It must stay so this long; survives restarts."""


class EventTriggerBody(Body):
    type: Literal["event"]
    event: PropertyName = Field(examples=["cycle_finished"])
    device: Id | None = None
    kind: PropertyName | None = None


class AlarmTriggerBody(Body):
    type: Literal["alarm"]
    change: Literal["opened", "cleared"] = "opened"
    rule: Id | None = None
    """Null: any rule of the home."""


class TimeTriggerBody(Body):
    type: Literal["time"]
    minute: int = Field(ge=0, le=1439, examples=[420])
    """Of the author's local day."""
    days: list[Day] = Field(default=[0, 1, 2, 3, 4, 5, 6], min_length=1, max_length=7)
    """Monday is 0."""


class PresenceTriggerBody(Body):
    type: Literal["presence"]
    change: Literal["arrives", "leaves", "first_in", "last_out"]
    person: Id | None = None
    """`me`, or null for anybody; nobody makes links on another person."""


TriggerBody = Annotated[
    ReadingTriggerBody
    | EventTriggerBody
    | AlarmTriggerBody
    | TimeTriggerBody
    | PresenceTriggerBody,
    Field(discriminator="type"),
]

# ------------------------------------------------------------------------------------ conditions


class PropertyConditionBody(Body):
    type: Literal["property"]
    device: Id
    property: PropertyName
    comparison: Compared = "equals"
    value: Value


class WhenBody(ScheduleBody):
    days: list[Day] = Field(default=[0, 1, 2, 3, 4, 5, 6], min_length=1, max_length=7)
    """Days on which the window starts; Monday is 0."""


class TimeConditionBody(Body):
    type: Literal["time"]
    schedule: WhenBody


class PresenceConditionBody(Body):
    type: Literal["presence"]
    at_home: bool
    person: Id | None = None


class AlarmConditionBody(Body):
    type: Literal["alarm"]
    rule: Id
    active: bool = True


class ExpressionConditionBody(Body):
    type: Literal["expression"]
    cel: str = Field(min_length=1, max_length=MAX_TEXT, examples=["hour >= 22 || hour < 6"])


ConditionBody = Annotated[
    PropertyConditionBody
    | TimeConditionBody
    | PresenceConditionBody
    | AlarmConditionBody
    | ExpressionConditionBody,
    Field(discriminator="type"),
]

# --------------------------------------------------------------------------------------- actions


class DesiredActionBody(Body):
    type: Literal["desired"]
    device: Id
    values: dict[PropertyName, Value] = Field(min_length=1, max_length=50)


class CommandActionBody(Body):
    type: Literal["command"]
    device: Id
    name: PropertyName
    args: dict[PropertyName, Value] = Field(default={}, max_length=50)
    expires_s: float = Field(default=600, ge=1, le=7 * 86400)


class SceneActionBody(Body):
    type: Literal["scene"]
    scene: Id


class PresetActionBody(Body):
    """Tell the next machine which course the load of the trigger needs."""

    type: Literal["preset"]
    device: Id
    expires_s: float = Field(default=86400, ge=60, le=7 * 86400)


class NeedActionBody(Body):
    """Tell a device what your body needs after the workout or night that set the link off."""

    type: Literal["need"]
    device: Id


class OrderActionBody(Body):
    """Propose an order; nothing is ordered before you say so."""

    type: Literal["order"]
    service: Id


class SayActionBody(Body):
    type: Literal["say"]
    text: dict[Literal["ko", "en"], Sentence] = Field(min_length=1)
    person: Id | None = None
    """Null: whoever is at home."""
    private: bool = False


ActionBody = Annotated[
    DesiredActionBody
    | CommandActionBody
    | SceneActionBody
    | PresetActionBody
    | NeedActionBody
    | OrderActionBody
    | SayActionBody,
    Field(discriminator="type"),
]

# ----------------------------------------------------------------------------------------- links


class LinkParts(Body):
    """What a link does; in a change, what is left out stays."""

    name: Name | None = None
    trigger: TriggerBody | None = None
    conditions: list[ConditionBody] | None = Field(default=None, max_length=MAX_CONDITIONS)
    actions: list[ActionBody] | None = Field(default=None, min_length=1, max_length=MAX_ACTIONS)
    wait_s: float | None = Field(default=None, ge=0, le=LONGEST_S)
    most: int | None = Field(default=None, ge=1, le=MOST_RUNS)
    per_s: float | None = Field(default=None, ge=1, le=LONGEST_PER_S)
    enabled: bool | None = None

    def over(self, spec: LinkSpec | None) -> LinkSpec:
        """Return the spec with what this body says in it.

        Raises:
            InvalidInputError: something is missing, or does not fit together.
        """
        said = self.model_dump(exclude_none=True, include=set(LinkParts.model_fields))
        plain: dict[str, Any] = {} if spec is None else msgspec.to_builtins(spec)
        try:
            return msgspec.convert({**plain, **said}, LinkSpec)
        except msgspec.ValidationError as error:
            raise InvalidInputError(str(error)) from None


class LinkBody(LinkParts):
    household: Id = Field(examples=["h_5d0c"])
    person: Id = "me"
    """Whose link it is: yours, or that of a child whose guardian you are."""
    name: Name = Field(examples=["Light when it gets dark"])
    trigger: TriggerBody
    conditions: list[ConditionBody] = Field(default=[], max_length=MAX_CONDITIONS)
    actions: list[ActionBody] = Field(min_length=1, max_length=MAX_ACTIONS)
    wait_s: float = Field(default=0, ge=0, le=LONGEST_S)
    """Between the trigger and the actions; conditions are looked at after it."""
    most: int = Field(default=30, ge=1, le=MOST_RUNS)
    """Set off more often than this within `per_s`, the link has run away and is paused."""
    per_s: float = Field(default=60, ge=1, le=LONGEST_PER_S)
    enabled: bool = True


class LinkShown(Shown):
    id: str
    household: str
    author: str
    revision: int
    personal: bool
    """It touches what is somebody's own, and only they see it."""
    enabled: bool
    paused: dict[str, str]
    """By language, why the hub stopped it; empty while it runs."""
    set_off_by: dict[str, str]
    gives: list[dict[str, str]]
    """By language, what flows from where to where because of this link, and its conditions."""
    name: str
    trigger: dict[str, Any]
    conditions: list[dict[str, Any]]
    actions: list[dict[str, Any]]
    wait_s: float
    most: int
    per_s: float
    changed_at: datetime


def shown(link: Link, names: LinkNames) -> LinkShown:
    plain = msgspec.to_builtins(link.spec)
    return LinkShown(
        id=link.id,
        household=link.household,
        author=link.author,
        revision=link.revision,
        personal=link.personal,
        paused=dict(link.paused),
        set_off_by=dict(trigger_words(link.spec.trigger, names)),
        gives=[dict(one) for one in gives(link.spec, names)],
        changed_at=moment(link.since_ms),
        **plain,
    )


NO_COMMANDS: Mapping[str, Mapping[str, str]] = MappingProxyType({})


class RunShown(Shown):
    id: str
    link: str
    at: datetime
    outcome: str
    """`done`, `waiting`, `not_now`, `stopped` or `failed`."""
    reason: dict[str, str]
    """By language; empty where it was done."""
    trigger: dict[str, Any]
    checked: list[dict[str, Any]]
    did: list[dict[str, Any]]
    """Each action with what it `led_to`; for commands, `commands` has the status and reason now."""
    chain: list[str]
    """The links that led to it, the first cause first."""


def run_shown(run: LinkRun, commands: Mapping[str, Mapping[str, str]] = NO_COMMANDS) -> RunShown:
    """Return the run as it is shown; `commands`: what became of those it sent, by id."""
    return RunShown(
        id=run.id,
        link=run.link,
        at=moment(run.at_ms),
        outcome=run.outcome.value,
        reason=dict(run.reason),
        trigger=dict(run.trigger),
        checked=[dict(one) for one in run.checked],
        did=[_did(one, commands) for one in run.did],
        chain=list(run.chain),
    )


def _did(done: Mapping[str, Any], commands: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    sent = {name: commands[name] for name in done.get("led_to", ()) if name in commands}
    return {**done, "commands": sent} if sent else dict(done)


# ---------------------------------------------------------------------------------------- scenes


class SceneBody(Body):
    household: Id = Field(examples=["h_5d0c"])
    name: Name = Field(examples=["Good night"])
    desired: dict[Id, dict[PropertyName, Value]] = Field(min_length=1, max_length=50)
    """By device: settable properties and what they become."""


class SceneShown(Shown):
    id: str
    household: str
    author: str
    revision: int
    name: str
    desired: dict[str, dict[str, float | int | bool | str]]


def scene_shown(scene: Scene) -> SceneShown:
    return SceneShown(
        id=scene.id,
        household=scene.household,
        author=scene.author,
        revision=scene.revision,
        name=scene.name,
        desired={device: dict(values) for device, values in scene.desired.items()},
    )
