"""What sets links off: readings, events, alarms, the time of day, and people coming and going."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import msgspec

from hub.model import (
    AlarmTrigger,
    DeviceState,
    EventTrigger,
    Link,
    LinkRun,
    PresenceTrigger,
    Quality,
    ReadingTrigger,
    Sample,
    Timer,
    TimerFired,
    TimeTrigger,
    Value,
    derived_id,
)
from hub.model.changes import (
    Admitted,
    AlarmTurned,
    PresenceChanged,
    Recorded,
    StateChanged,
    TimerEnded,
    Triggered,
)
from hub.model.home import Presence
from hub.model.links import holds
from hub.model.view import View
from hub.stages.links.looking import may_know, may_look
from hub.stages.links.timing import (
    HOLD,
    TIME,
    WAIT,
    Held,
    held_of,
    hold_id,
    hold_timer,
    minute_of,
    minute_timer,
)

SETTLE_MS = 10_000
"""What comes right behind a reading, out of a device's outbox, is heard before it has lasted."""
MAX_DATA = 16_000
"""Bytes of an event's data, as JSON, beyond which links do not see it."""
EVENT = "event:"
"""Before an event's name, in a device's echoes."""
CUT = {"left_out": "too large"}

Set = StateChanged | Triggered | Timer | TimerEnded


# -------------------------------------------------------------------------------------- readings


def watch(admitted: Admitted, view: View) -> Iterable[Set]:
    """Find the links that a fresh, good reading crosses; late and doubtful ones set nothing off."""
    sample = admitted.sample
    properties = view.links_on(sample.device).properties
    if not properties or sample.late or sample.quality is not Quality.GOOD:
        return ()
    state = view.state(sample.device)
    if state is None:
        return ()
    seen: dict[str, Value] = {}
    crossings: list[_Crossing] = []
    for name, value in sample.values.items():
        links = properties.get(name)
        if links is None:
            continue
        before = state.linked.get(name)
        if before is None:
            # What holds already when a link first looks has not come about.
            seen[name] = value
            continue
        began = tuple(links.crossed(before, value))
        ended = tuple(links.crossed(value, before))
        if began or ended:
            seen[name] = value
            crossings.append(_Crossing(name, before, value, began, ended))
    if not seen:
        return ()
    changed = StateChanged(replace(state, linked={**state.linked, **seen}))
    return (changed, *_crossed(crossings, sample, state, view))


@dataclass(frozen=True, slots=True)
class _Crossing:
    """One property's step, and the links whose trigger began or ceased to hold by it."""

    name: str
    before: Value
    now: Value
    began: tuple[str, ...]
    ended: tuple[str, ...]


def _crossed(
    crossings: Iterable[_Crossing], sample: Sample, state: DeviceState, view: View
) -> Iterator[Triggered | Timer | TimerEnded]:
    for crossing in crossings:
        for identity in crossing.ended:
            trigger = _trigger_of(identity, view)
            if trigger is not None and trigger.for_s:
                yield TimerEnded(hold_id(identity, sample.device))
        for identity in crossing.began:
            link = view.kept(Link, identity)
            if link is not None and link.runs and may_look(link, state):
                yield from _set_off(link, crossing, sample, state)


def _trigger_of(identity: str, view: View) -> ReadingTrigger | None:
    link = view.kept(Link, identity)
    trigger = link.spec.trigger if link else None
    return trigger if isinstance(trigger, ReadingTrigger) else None


def _set_off(
    link: Link, crossing: _Crossing, sample: Sample, state: DeviceState
) -> Iterator[Triggered | Timer]:
    trigger = link.spec.trigger
    if not isinstance(trigger, ReadingTrigger) or sample.at_ms < link.since_ms:
        return
    numbered = f"{sample.boot}:{sample.seq}" if sample.seq is not None else str(sample.at_ms)
    cause = f"{sample.device}:{crossing.name}:{numbered}"
    chain = _chain(state, crossing.name, crossing, sample.received_ms)
    if trigger.for_s:
        held = Held(
            link=link.id,
            cause=cause,
            property=crossing.name,
            before=crossing.before,
            chain=chain,
            due_ms=sample.at_ms + round(trigger.for_s * 1000),
        )
        soonest_ms = sample.received_ms + min(round(trigger.for_s * 1000), SETTLE_MS)
        yield hold_timer(held, device=sample.device, due_ms=max(held.due_ms, soonest_ms))
        return
    facts = _reading_facts(state, crossing.name, crossing.now, crossing.before, sample.at_ms)
    yield Triggered(link=link.id, cause=cause, facts=facts, chain=chain, now_ms=sample.received_ms)


def _reading_facts(
    state: DeviceState, name: str, value: Value, before: Value, at_ms: int
) -> Mapping[str, object]:
    return {
        "type": "reading",
        "device": state.device.id,
        "name": state.device.name,
        "property": name,
        "value": value,
        "before": before,
        "at_ms": at_ms,
    }


def _chain(state: DeviceState, name: str, crossing: _Crossing, now_ms: int) -> tuple[str, ...]:
    """Return the links that this step follows from: those that asked for it, not long ago."""
    echo = state.echoes.get(name)
    if echo is None or echo.until_ms < now_ms:
        return ()
    asked = state.twin.desired.get(name)
    if asked is None or _leads_to(crossing.before, crossing.now, asked):
        return echo.chain
    return ()


def _leads_to(before: Value, now: Value, asked: object) -> bool:
    """Whether a step goes towards what was asked: a person who turns it back is no echo."""
    if now == asked:
        return True
    if isinstance(asked, str | bool) or not isinstance(asked, int | float):
        return False
    if isinstance(before, str) or isinstance(now, str):
        return False
    return min(before, asked) <= now <= max(before, asked)


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
        )
        for link, trigger in _links_at(alarm.household, view)
        if isinstance(trigger, AlarmTrigger)
        if trigger.change == turned.change and trigger.rule in {None, alarm.rule}
        if may_know(link, alarm.person)
    ]


def come_or_go(changed: PresenceChanged, view: View) -> Iterable[Triggered]:
    """Find the links on somebody's coming or going; facts name nobody but the link's author."""
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
            facts=_presence_facts(link, trigger, presence),
            chain=(),
            now_ms=changed.now_ms,
        )
        for link, trigger in _links_at(presence.household, view)
        if isinstance(trigger, PresenceTrigger) and trigger.change in said
        if trigger.person is None or trigger.person == presence.person == link.author
    ]


def _presence_facts(
    link: Link, trigger: PresenceTrigger, presence: Presence
) -> Mapping[str, object]:
    facts = {"type": "presence", "change": trigger.change, "at_ms": presence.since_ms}
    return facts | ({"person": link.author} if presence.person == link.author else {})


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
            return (TimerEnded(fired.id), *_lasted(fired, view))
        case kind if kind == WAIT:
            return (TimerEnded(fired.id), *_waited(fired, view))
        case kind if kind == TIME:
            return _struck(fired, view)
        case _:
            return ()


def _lasted(fired: TimerFired, view: View) -> Iterator[Triggered]:
    held = held_of(fired.subject)
    link, state = view.kept(Link, held.link), view.state(fired.device)
    trigger = link.spec.trigger if link else None
    if link is None or state is None or not isinstance(trigger, ReadingTrigger):
        return
    value = state.linked.get(held.property)
    if value is None or trigger.value is None or trigger.property != held.property:
        return
    if link.runs and may_look(link, state) and holds(trigger.comparison, value, trigger.value):
        facts = _reading_facts(state, held.property, value, held.before, held.due_ms)
        yield Triggered(
            link=link.id,
            cause=held.cause,
            facts={**facts, "for_s": trigger.for_s},
            chain=held.chain,
            now_ms=fired.now_ms,
        )


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
