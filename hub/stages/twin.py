"""The desired half of the twin, and whether the device is there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from hub.errors import InvalidInputError, RefusedError, UnknownError
from hub.model import (
    Connection,
    DesiredRequest,
    DeviceState,
    Echo,
    StatusReport,
    TwinChange,
    Value,
)
from hub.model.changes import DesiredAsked, DesiredDue, Keep, StateChanged
from hub.model.view import View

ECHO_MS = 10 * 60 * 1000
"""How long a change of a property counts as following from the link that asked for it."""

ALERT_RULES = "alert_rules"
"""The desired property that carries limits and ladders to a device that alerts alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesChanged:
    """What watches a device changed: its limits go down to it as well."""

    device: str
    alert_rules: tuple[object, ...]
    """Plain JSON values, one a threshold."""


def desire(asked: DesiredRequest, view: View) -> Iterable[StateChanged | DesiredDue | Keep]:
    """Set desired properties.

    Raises:
        UnknownError: no such device.
        InvalidInputError: a property that cannot be set.
        RefusedError: the twin has changed since the revision the person saw.
    """
    state = view.state(asked.device)
    if state is None:
        what = "device"
        raise UnknownError(what, asked.device)
    properties = view.kind(state.device.kind).properties
    for name in asked.values:
        if name not in properties or not properties[name].settable:
            message = f"{name!r} of a {state.device.kind} cannot be set"
            raise InvalidInputError(message)
    if asked.revision is not None and asked.revision != state.twin.revision:
        message = f"the twin is at revision {state.twin.revision}, not {asked.revision}"
        raise RefusedError(message)
    return _set(state, asked.values, author=asked.author, now_ms=asked.now_ms)


def ask(asked: DesiredAsked, view: View) -> Iterable[StateChanged | DesiredDue | Keep]:
    """Set what a link or a scene desires; what is so already, or will be, changes nothing.

    Whatever of it the device then reports follows from the links of the chain.
    """
    state = view.state(asked.device)
    if state is None:
        return ()
    desired, reported = state.twin.desired, state.twin.reported
    values = {
        name: value
        for name, value in asked.values.items()
        if desired.get(name) != value or reported.get(name, value) != value
    }
    if not values:
        return ()
    echo = Echo(chain=asked.chain, until_ms=asked.now_ms + ECHO_MS)
    state = replace(state, echoes={**state.echoes, **dict.fromkeys(values, echo)})
    return _set(state, values, author=asked.author, now_ms=asked.now_ms)


def _set(
    state: DeviceState, values: Mapping[str, Value | None], *, author: str, now_ms: int
) -> Iterable[StateChanged | DesiredDue | Keep]:
    twin = state.twin
    desired = {k: v for k, v in {**twin.desired, **values}.items() if v is not None}
    times = {**twin.desired_ms, **dict.fromkeys(values, now_ms)}
    device = state.device
    change = TwinChange(
        id=f"{device.id}:{twin.revision + 1}",
        household=device.household,
        device=device.id,
        revision=twin.revision + 1,
        at_ms=now_ms,
        author=author,
        values=values,
    )
    times = {name: at_ms for name, at_ms in times.items() if name in desired}
    changed = replace(state, twin=replace(twin, desired_ms=times))
    return (*_desired(changed, desired), Keep(change))


def rules_changed(changed: RulesChanged, view: View) -> Iterable[StateChanged | DesiredDue]:
    state = view.state(changed.device)
    if state is None or not view.kind(state.device.kind).alerts_alone:
        return ()
    rules = list(changed.alert_rules)
    if state.twin.desired.get(ALERT_RULES) == rules:
        return ()
    return _desired(state, {**state.twin.desired, ALERT_RULES: rules})


def _desired(state: DeviceState, desired: dict[str, object]) -> Iterable[StateChanged | DesiredDue]:
    twin = replace(state.twin, desired=desired, revision=state.twin.revision + 1)
    return (StateChanged(replace(state, twin=twin)), DesiredDue(state.device.id))


def connect(report: StatusReport, view: View) -> Iterable[StateChanged | DesiredDue]:
    """Take a device's word of its connection; one that comes back is brought up to date."""
    state = view.state(report.device)
    if state is None:
        return ()
    back = report.connection is Connection.READY
    came_back = back and not report.retained
    if state.connection is report.connection and not came_back:
        return ()
    changed = replace(
        state,
        connection=report.connection,
        heard_ms=report.received_ms,
        ready_ms=report.received_ms if came_back else state.ready_ms,
    )
    behind = back and state.twin.reported_revision < state.twin.revision
    return (StateChanged(changed), *((DesiredDue(report.device),) if behind else ()))
