"""Whether a link's conditions hold now, and what each of them saw, in words."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from hub.errors import InvalidInputError
from hub.model import (
    AlarmCondition,
    ExpressionCondition,
    Link,
    LinkCondition,
    PresenceCondition,
    PropertyCondition,
    TimeCondition,
)
from hub.model.link_words import compared, words
from hub.model.links import Words, holds
from hub.model.local_time import local_time, within
from hub.model.view import View
from hub.stages.links.looking import at_home, facts_for, may_know, may_look


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One condition: whether it holds, and what it saw."""

    condition: LinkCondition
    held: bool
    saw: Words

    def plain(self) -> Mapping[str, object]:
        """Return it as a run keeps it."""
        return {
            "condition": msgspec.to_builtins(self.condition),
            "held": self.held,
            "saw": dict(self.saw),
        }


def check(
    condition: LinkCondition,
    *,
    link: Link,
    trigger: Mapping[str, object],
    view: View,
    now_ms: int,
) -> Checked:
    """Look whether a condition holds. What cannot be known or worked out does not hold."""
    if isinstance(condition, ExpressionCondition):
        facts = facts_for(link, trigger, view, now_ms=now_ms)
        held, saw = _expression(condition.cel, facts, view)
    elif isinstance(condition, TimeCondition):
        held, saw = _time(condition, link, now_ms)
    else:
        held, saw = _looked(condition, link, view)
    return Checked(condition=condition, held=held, saw=saw)


def _looked(
    condition: PropertyCondition | PresenceCondition | AlarmCondition, link: Link, view: View
) -> tuple[bool, Words]:
    match condition:
        case PropertyCondition():
            return _property(condition, link, view)
        case PresenceCondition():
            return _presence(condition, link, view)
        case AlarmCondition():
            return _alarm(condition, link, view)


def _time(condition: TimeCondition, link: Link, now_ms: int) -> tuple[bool, Words]:
    at = local_time(now_ms, link.time_zone).strftime("%H:%M")
    held = within(condition.schedule, now_ms, link.time_zone)
    return held, words(f"현재 {at}", f"it was {at}")


def _property(condition: PropertyCondition, link: Link, view: View) -> tuple[bool, Words]:
    state = view.state(condition.device)
    if state is None or state.device.household != link.household:
        return False, words("기기가 없습니다", "the device is not there")
    if not may_look(link, state):
        return False, words(
            "다른 사람의 기기라서 볼 수 없습니다",
            "the device is somebody else's, so the link may not look at it",
        )
    value = state.twin.reported.get(condition.property)
    held = holds(condition.comparison, value, condition.value)
    kind = view.kind(state.device.kind)
    saw = compared(condition, device=state.device.name, kind=kind, saw=value, held=held)
    return held, saw


def _presence(condition: PresenceCondition, link: Link, view: View) -> tuple[bool, Words]:
    if condition.person is not None and not may_know(link, condition.person):
        return False, words(
            "다른 사람의 재실은 볼 수 없습니다",
            "whether somebody else is at home is not for this link to know",
        )
    found = at_home(link, view, person=condition.person)
    if found is None:
        return False, words("재실을 알 수 없습니다", "nobody knows who is at home")
    saw = words("집에 있음", "at home") if found else words("집에 없음", "nobody at home")
    if condition.person is not None and not found:
        saw = words("집에 없음", "not at home")
    return found is condition.at_home, saw


def _alarm(condition: AlarmCondition, link: Link, view: View) -> tuple[bool, Words]:
    states = (view.state(device) for device in view.devices_in(link.household))
    active = any(
        alarm.rule == condition.rule and alarm.active
        for state in states
        if state is not None and may_look(link, state)
        for alarm in state.alarms.values()
    )
    saw = words("알림 켜짐", "the alarm is active") if active else words("알림 없음", "no alarm")
    return active is condition.active, saw


def _expression(expression: str, facts: Mapping[str, object], view: View) -> tuple[bool, Words]:
    try:
        held = view.evaluate(expression, facts)
    except InvalidInputError as error:
        return False, words(
            "조건식을 계산할 수 없습니다", f"the expression could not be worked out: {error}"
        )
    text = expression if len(expression) <= 80 else f"{expression[:79]}…"  # noqa: PLR2004 - a line
    return held, words(
        f"{text}: {'참' if held else '거짓'}", f"{text} is {'true' if held else 'false'}"
    )
