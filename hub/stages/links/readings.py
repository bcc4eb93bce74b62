"""Readings that set links off: found by the limits they cross, at once or when it has lasted."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from hub.model import (
    DeviceState,
    Link,
    Quality,
    ReadingTrigger,
    Sample,
    Timer,
    Value,
)
from hub.model.changes import Admitted, StateChanged, TimerEnded, Triggered
from hub.model.links import holds
from hub.model.view import View
from hub.stages.links.looking import may_look
from hub.stages.links.timing import Held, held_of, hold_id, hold_timer

SETTLE_MS = 10_000
"""What comes right behind a reading, out of a device's outbox, is heard before it has lasted."""

Set = StateChanged | Triggered | Timer | TimerEnded


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
    values, linked = sample.values, state.linked
    for name in (name for name in properties if name in values):
        links, value, before = properties[name], values[name], linked.get(name)
        if before is None:
            # What holds already when a link first looks has not come about.
            seen[name] = value
            continue
        began, ended = links.crossed(before, value), links.crossed(value, before)
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
    yield Triggered(
        link=link.id,
        cause=cause,
        facts=facts,
        chain=chain,
        now_ms=sample.received_ms,
        person=_person(state),
    )


def _person(state: DeviceState) -> str | None:
    return state.person.id if state.person else None


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


def lasted(device: str, subject: str, view: View, *, now_ms: int) -> Iterator[Triggered]:
    """Set off the link whose timer came due, if what began then holds still."""
    held = held_of(subject)
    link, state = view.kept(Link, held.link), view.state(device)
    trigger = link.spec.trigger if link else None
    if link is None or state is None or not isinstance(trigger, ReadingTrigger):
        return
    if held.due_ms <= link.since_ms:
        # It came due for the link as it was.
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
            now_ms=now_ms,
            person=_person(state),
        )
