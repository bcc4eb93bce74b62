"""Links and scenes as people make them: made, changed, switched, ended, set."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace

from hub.errors import UnknownError
from hub.model import (
    Command,
    DeviceState,
    Link,
    LinkEndRequest,
    LinkRequest,
    NeedAction,
    ReadingTrigger,
    Scene,
    SceneRequest,
    Timer,
    TimeTrigger,
    derived_id,
)
from hub.model.changes import CommandQueued, DesiredAsked, Drop, Keep, StateChanged, TimerEnded
from hub.model.settable import check_settable
from hub.model.view import View
from hub.stages.links.looking import may_look
from hub.stages.links.timing import hold_id, minute_id, minute_timer

NEED_END_MS = 7 * 24 * 3600_000
"""A fridge may be off for days, and still shows what it was told."""

Made = Keep | Drop | StateChanged | Timer | TimerEnded | CommandQueued


def change(asked: LinkRequest, view: View) -> Iterable[Made]:
    """Put the link in force as it is now; what holds already does not set it off."""
    known = view.kept(Link, asked.link.id)
    link = replace(asked.link, recent_ms=(), told={})
    answers: list[Made] = []
    if known is not None:
        told = _still_told(known, link)
        link = replace(link, recent_ms=known.recent_ms, told=told)
        answers += _ended_timers(known, view)
        answers += _ended_needs(known, view, asked.now_ms, still=told)
    answers.append(Keep(link))
    if link.runs:
        answers += _begun(link, view, asked.now_ms)
    return answers


def end(asked: LinkEndRequest, view: View) -> Iterable[Made]:
    """End the link and what it keeps alive; its runs stay in the record.

    Raises:
        UnknownError: there is none.
    """
    link = view.kept(Link, asked.link)
    if link is None:
        what = "link"
        raise UnknownError(what, asked.link)
    return (
        Drop(Link, link.id),
        *_ended_timers(link, view),
        *_ended_needs(link, view, asked.now_ms, still=()),
    )


def set_scene(asked: SceneRequest, view: View) -> Iterable[DesiredAsked]:
    """Set every device of the scene.

    Raises:
        UnknownError: no such scene, or a device of it is no more.
        InvalidInputError: a device takes other values by now.
    """
    scene = view.kept(Scene, asked.scene)
    if scene is None:
        what = "scene"
        raise UnknownError(what, asked.scene)
    for device, values in scene.desired.items():
        state = view.state(device)
        if state is None or state.device.household != scene.household:
            what = "device"
            raise UnknownError(what, device)
        for name, value in values.items():
            check_settable(view.kind(state.device.kind), name, value)
    return [
        DesiredAsked(
            device=device, values=values, author=asked.author, chain=(), now_ms=asked.now_ms
        )
        for device, values in scene.desired.items()
    ]


def _begun(link: Link, view: View, now_ms: int) -> Iterator[StateChanged | Timer]:
    trigger = link.spec.trigger
    if isinstance(trigger, TimeTrigger):
        yield minute_timer(link, trigger, after_ms=now_ms)
    elif isinstance(trigger, ReadingTrigger):
        for state in _sources(link, trigger, view):
            reported = state.twin.reported.get(trigger.property)
            if reported is not None and may_look(link, state):
                linked = {**state.linked, trigger.property: reported}
                yield StateChanged(replace(state, linked=linked))


def _sources(link: Link, trigger: ReadingTrigger, view: View) -> Iterator[DeviceState]:
    """Yield the devices that the link is on."""
    if trigger.device is not None:
        state = view.state(trigger.device)
        if state is not None and state.device.household == link.household:
            yield state
        return
    for device in view.devices_in(link.household):
        state = view.state(device)
        if state is not None and state.device.kind == trigger.kind:
            yield state


def _ended_timers(link: Link, view: View) -> Iterator[TimerEnded]:
    trigger = link.spec.trigger
    if isinstance(trigger, TimeTrigger):
        yield TimerEnded(minute_id(link.id))
    elif isinstance(trigger, ReadingTrigger) and trigger.for_s:
        for state in _sources(link, trigger, view):
            yield TimerEnded(hold_id(link.id, state.device.id))


def _still_told(known: Link, link: Link) -> Mapping[str, int]:
    """Return the needs that the link told as it was and that have their cause in it still."""
    same = link.author == known.author and link.spec.trigger == known.spec.trigger
    if not (link.runs and same):
        return {}
    devices = {action.device for action in link.spec.actions if isinstance(action, NeedAction)}
    return {device: until_ms for device, until_ms in known.told.items() if device in devices}


def _ended_needs(
    link: Link, view: View, now_ms: int, *, still: Container[str]
) -> Iterator[CommandQueued]:
    """Take back what devices were told of a body, but for those that `still` may know it."""
    for device, until_ms in sorted(link.told.items()):
        state = view.state(device)
        if state is None or device in still or until_ms <= now_ms:
            continue
        yield CommandQueued(
            Command(
                id=derived_id("cmd", link.id, link.revision, device, "need_end", now_ms),
                device=device,
                name="need_end",
                args={"link": link.id},
                issued_ms=now_ms,
                expires_ms=now_ms + NEED_END_MS,
                key=f"need:{link.id}",
                cause=link.id,
                recipient=link.author,
                insistent=True,
            )
        )
