"""What a link may look at: the home, and of people only its author."""

from collections.abc import Mapping

import msgspec

from hub.model import DeviceState, Link, Purpose, Reader, Role, Scene, Subject, permits
from hub.model.home import Presence
from hub.model.link_sight import sight_of
from hub.model.local_time import local_time
from hub.model.view import View

MAX_DATA = 4_000
"""Bytes of an event's data, as JSON, beyond which expressions do not see it: they may loop."""


def may_look(link: Link, state: DeviceState) -> bool:
    """Return whether what the device says now may set the link off or decide it."""
    return state.device.household == link.household and may_know(
        link, state.person.id if state.person else None
    )


def may_know(link: Link, person: str | None) -> bool:
    """Return whether the link may know something of this person; None: of the home."""
    # Whoever leaves a home takes their links along: the author is a member, no guest.
    reader = Reader(person=link.author, roles={link.household: Role.ADULT})
    subject = Subject(household=link.household, person=person)
    return permits(purpose=Purpose.LINKING, reader=reader, subject=subject).allowed


def touches_somebody(link: Link, view: View) -> bool:
    """Return whether the link looks at or acts on what is somebody's own now.

    But for what sets it off by its kind or as any alarm: that is known when it does.
    """
    sight = sight_of(link.spec)
    if link.personal or sight.author:
        return True
    scenes = (view.kept(Scene, name) for name in sight.scenes)
    desired = (device for scene in scenes if scene is not None for device in scene.desired)
    return any(_is_bound(device, view) for device in (*sight.devices, *desired)) or any(
        _watches_somebody(rule, link, view) for rule in sight.rules
    )


def _watches_somebody(name: str, link: Link, view: View) -> bool:
    rule = view.rule(name)
    if rule is None:
        return False
    if rule.person is not None or any(_is_bound(device, view) for device in rule.spec.devices):
        return True
    if rule.spec.kind is None:
        return False
    states = (view.state(device) for device in view.devices_in(link.household))
    return any(
        state is not None and state.person is not None and state.device.kind == rule.spec.kind
        for state in states
    )


def _is_bound(device: str, view: View) -> bool:
    state = view.state(device)
    return state is not None and state.person is not None


def at_home(link: Link, view: View, *, person: str | None) -> bool | None:
    """Return whether the person is at home, or anybody where None; None: nobody ever said."""
    known = [
        presence
        for presence in view.kept_in(Presence, link.household)
        if person is None or presence.person == person
    ]
    return any(presence.at_home for presence in known) if known else None


def facts_for(
    link: Link, trigger: Mapping[str, object], view: View, *, now_ms: int
) -> Mapping[str, object]:
    """Return what an expression of the link may look at; `docs/links.md` lists it."""
    local = local_time(now_ms, link.time_zone)
    states = (view.state(device) for device in view.devices_in(link.household))
    return {
        "trigger": dict(_bounded(trigger)),
        "devices": {
            state.device.id: dict(state.twin.reported)
            for state in states
            if state is not None and may_look(link, state)
        },
        "presence": {
            "anybody": bool(at_home(link, view, person=None)),
            "me": bool(at_home(link, view, person=link.author)),
        },
        "hour": local.hour,
        "minute": local.minute,
        "weekday": local.weekday(),
    }


def _bounded(trigger: Mapping[str, object]) -> Mapping[str, object]:
    data = trigger.get("data")
    if data is None or len(msgspec.json.encode(data)) <= MAX_DATA:
        return trigger
    return {**trigger, "data": {"left_out": "too large"}}
