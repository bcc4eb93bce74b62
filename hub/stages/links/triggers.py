"""What sets links off besides readings: events, alarms, people coming and going, and time."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from hub.model import (
    AlarmTrigger,
    EventTrigger,
    Link,
    LinkRun,
    PresenceTrigger,
    Timer,
    TimerFired,
    TimeTrigger,
    derived_id,
)
from hub.model.changes import (
    AlarmTurned,
    PresenceChanged,
    Recorded,
    TimerEnded,
    Triggered,
)
from hub.model.home import Presence
from hub.model.view import View
from hub.stages.links.looking import may_know, may_look
from hub.stages.links.readings import lasted
from hub.stages.links.timing import (
    HOLD,
    TIME,
    WAIT,
    is_due,
    minute_of,
    minute_timer,
)

MAX_DATA = 16_000
"""Bytes of an event's data, as JSON, beyond which links do not see it."""
EVENT = "event:"
"""Before an event's name, in a device's echoes."""
CUT = {"left_out": "too large"}


# ---------------------------------------------------------------------------------------- events


def hear(recorded: Recorded, view: View) -> Iterable[Triggered]:
    """Find the links on an event of a device."""
    event = recorded.event
    links = view.links_on(event.device).events.get(event.type, ())
    state = view.state(event.device)
    if not links or state is None:
        return ()
    facts = {
        "type": "event",
        "device": event.device,
        "name": state.device.name,
        "event": event.type,
        "id": event.id,
        "data": _bounded(event.data),
        "at_ms": event.at_ms,
    }
    echo = state.echoes.get(EVENT + event.type)
    chain = echo.chain if echo is not None and echo.until_ms >= event.received_ms else ()
    found = (view.kept(Link, identity) for identity in links)
    return [
        Triggered(
            link=link.id,
            cause=f"{event.device}:{event.id}",
            facts=facts,
            chain=chain,
            now_ms=event.received_ms,
            person=state.person.id if state.person else None,
        )
        for link in found
        if link is not None and link.runs and may_look(link, state)
        if event.at_ms >= link.since_ms and isinstance(link.spec.trigger, EventTrigger)
    ]


def _bounded(data: Mapping[str, object]) -> Mapping[str, object]:
    return data if len(msgspec.json.encode(data)) <= MAX_DATA else CUT


# ----------------------------------------------------------------------------- alarms and presence


def turn(turned: AlarmTurned, view: View) -> Iterable[Triggered]:
    """Find the links on an alarm that opened or cleared."""
    alarm = turned.alarm
    state = view.state(alarm.device)
    echo = state.echoes.get(alarm.property_name) if state else None
    chain = echo.chain if echo is not None and echo.until_ms >= turned.now_ms else ()
    facts = {
        "type": "alarm",
        "alarm": alarm.id,
        "rule": alarm.rule,
        "device": alarm.device,
        "property": alarm.property_name,
        "change": turned.change,
        "level": alarm.level,
        "at_ms": turned.now_ms,
    }
    return [
        Triggered(
            link=link.id,
            cause=f"{alarm.id}:{turned.change}",
            facts=facts,
            chain=chain,
            now_ms=turned.now_ms,
            person=alarm.person,
        )
        for link, trigger in _links_at(alarm.household, view)
        if isinstance(trigger, AlarmTrigger)
        if trigger.change == turned.change and trigger.rule in {None, alarm.rule}
        if may_know(link, alarm.person)
    ]


def come_or_go(changed: PresenceChanged, view: View) -> Iterable[Triggered]:
    """Find the links on somebody's coming or going."""
    presence = changed.presence
    others = any(
        other.at_home
        for other in view.kept_in(Presence, presence.household)
        if other.person != presence.person
    )
    if presence.at_home:
        said = {"arrives"} if others else {"arrives", "first_in"}
    else:
        said = {"leaves"} if others else {"leaves", "last_out"}
    return [
        Triggered(
            link=link.id,
            cause=derived_id("pr", presence.id, presence.since_ms, trigger.change),
            facts=_presence_facts(trigger, presence),
            chain=(),
            now_ms=changed.now_ms,
            person=trigger.person,
        )
        for link, trigger in _links_at(presence.household, view)
        if isinstance(trigger, PresenceTrigger) and trigger.change in said
        if trigger.person is None or trigger.person == presence.person == link.author
    ]


def _presence_facts(trigger: PresenceTrigger, presence: Presence) -> Mapping[str, object]:
    """Name the person only where the link is on them: others of the home see what it does."""
    facts = {"type": "presence", "change": trigger.change, "at_ms": presence.since_ms}
    return facts if trigger.person is None else {**facts, "person": trigger.person}


def _links_at(household: str, view: View) -> Iterator[tuple[Link, object]]:
    for identity in view.links_at(household):
        link = view.kept(Link, identity)
        if link is not None and link.runs:
            yield link, link.spec.trigger


# ---------------------------------------------------------------------------------------- timers


def wake(fired: TimerFired, view: View) -> Iterable[Triggered | Timer | TimerEnded]:
    """Go on where a timer of a link came due."""
    match fired.kind:
        case kind if kind == HOLD:
            return (
                TimerEnded(fired.id),
                *lasted(fired.device, fired.subject, view, now_ms=fired.now_ms),
            )
        case kind if kind == WAIT:
            return (TimerEnded(fired.id), *_waited(fired, view))
        case kind if kind == TIME:
            return _struck(fired, view)
        case _:
            return ()


def _waited(fired: TimerFired, view: View) -> Iterator[Triggered]:
    run = view.kept(LinkRun, fired.subject)
    if run is not None:
        yield Triggered(
            link=run.link,
            cause=run.cause,
            facts=run.trigger,
            chain=run.chain,
            now_ms=fired.now_ms,
            waited=True,
        )


def _struck(fired: TimerFired, view: View) -> Iterable[Triggered | Timer | TimerEnded]:
    struck = minute_of(fired.subject)
    link = view.kept(Link, struck.link)
    trigger = link.spec.trigger if link else None
    if link is None or not link.runs or not isinstance(trigger, TimeTrigger):
        return (TimerEnded(fired.id),)
    if struck.due_ms <= link.since_ms or not is_due(link, trigger, struck.due_ms):
        # It came due for the link as it was; the one that waits now is for what it is.
        return (minute_timer(link, trigger, after_ms=max(link.since_ms, struck.due_ms)),)
    facts = {"type": "time", "minute": trigger.minute, "at_ms": struck.due_ms}
    again = minute_timer(link, trigger, after_ms=max(fired.now_ms, struck.due_ms))
    triggered = Triggered(
        link=link.id,
        cause=f"minute:{struck.due_ms}",
        facts=facts,
        chain=(),
        now_ms=fired.now_ms,
    )
    return (again, triggered)
