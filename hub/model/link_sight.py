"""What a link looks at and acts on, as far as it can be told without running it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from hub.model.links import (
    AlarmCondition,
    AlarmTrigger,
    EventTrigger,
    ExpressionCondition,
    LinkSpec,
    PresenceCondition,
    PresenceTrigger,
    ReadingTrigger,
    SayAction,
    SceneAction,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """All that decides whether a link touches what is somebody's own."""

    devices: frozenset[str]
    """Named by it, but for those of its scenes."""
    scenes: frozenset[str]
    kind: str | None
    """Any device of this kind sets it off."""
    rules: frozenset[str]
    """Their alarms set it off or decide it."""
    any_alarm: bool
    """Any alarm that it may know of sets it off."""
    author: bool
    """It is on its author, or cannot be shown not to be."""


def sight_of(spec: LinkSpec) -> Sight:
    trigger = spec.trigger
    looked = [
        devices_in(condition.cel)
        for condition in spec.conditions
        if isinstance(condition, ExpressionCondition)
    ]
    alarms = [
        part
        for part in (trigger, *spec.conditions)
        if isinstance(part, AlarmTrigger | AlarmCondition)
    ]
    return Sight(
        devices=frozenset(named_devices(spec)).union(*(found or () for found in looked)),
        scenes=frozenset(one.scene for one in spec.actions if isinstance(one, SceneAction)),
        kind=trigger.kind if isinstance(trigger, ReadingTrigger | EventTrigger) else None,
        rules=frozenset(part.rule for part in alarms if part.rule is not None),
        any_alarm=any(part.rule is None for part in alarms),
        author=None in looked or _is_on_somebody(spec),
    )


def named_devices(spec: LinkSpec) -> Iterator[str]:
    """Yield the devices that a link names, but for those of its scenes and expressions."""
    for part in (spec.trigger, *spec.conditions, *spec.actions):
        device = getattr(part, "device", None)
        if isinstance(device, str):
            yield device


def _is_on_somebody(spec: LinkSpec) -> bool:
    return any(
        part.person is not None
        for part in (spec.trigger, *spec.conditions)
        if isinstance(part, PresenceTrigger | PresenceCondition)
    ) or any(isinstance(action, SayAction) and action.private for action in spec.actions)


# ----------------------------------------------------------------------------------- expressions

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*)|(?P<token>"[^"\n]*"|'[^'\n]*'|[A-Za-z_][A-Za-z0-9_]*|&&|\|\||\S)"""
)
_UNSURE = ("\\", '"""', "'''")
"""With escapes or texts over several lines, where a text ends takes more than looking."""
_BEFORE_TEXT = {"", "(", "&&", "||", "?", ":"}
"""What may stand before `'x' in devices`, so that 'x' is all that is looked for."""


@lru_cache(maxsize=2000)
def devices_in(cel: str) -> frozenset[str] | None:
    """Return the devices that an expression looks at; None where its text does not show it.

    Neither does it where it looks at whether its author is at home.
    """
    if any(sign in cel for sign in _UNSURE):
        return None if "devices" in cel or "presence" in cel else frozenset()
    tokens = [found["token"] for found in _TOKEN.finditer(cel) if found["token"]]
    # So that each has enough around it.
    around = ["", "", "", *tokens, "", "", ""]
    devices: set[str] = set()
    for at in range(3, len(around) - 3):
        if around[at] == "presence" and not _is_anybody(around, at):
            return None
        if around[at] == "devices":
            device = _looked_up(around, at)
            if device is None:
                return None
            devices.add(device)
    return frozenset(devices)


def _is_anybody(tokens: Sequence[str], at: int) -> bool:
    if tokens[at - 1] == ".":
        return False
    behind = tokens[at + 1 : at + 4]
    return behind[:2] == [".", "anybody"] or (
        (behind[0], behind[2]) == ("[", "]") and _text(behind[1]) == "anybody"
    )


def _looked_up(tokens: Sequence[str], at: int) -> str | None:
    """Return the device of `devices['x']` or of `'x' in devices`; None for all else."""
    if tokens[at - 1] == ".":
        return None
    behind = tokens[at + 1 : at + 4]
    if (behind[0], behind[2]) == ("[", "]"):
        return _text(behind[1])
    if tokens[at - 1] == "in" and tokens[at - 3] in _BEFORE_TEXT and behind[0] not in {"[", "."}:
        return _text(tokens[at - 2])
    return None


def _text(token: str) -> str | None:
    return token[1:-1] if len(token) > 1 and token[0] in "'\"" else None
