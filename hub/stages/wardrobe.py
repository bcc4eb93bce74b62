"""Where garments are, as the machines that hold them say."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from hub.model import DeadLetter, DeviceEvent, DeviceState, Garment
from hub.model.changes import Keep, Recorded
from hub.model.garments import MACHINES, seen_by
from hub.model.view import View

NAMING = frozenset({"load_added", "cycle_finished", "garments_hung"})
EMPTYING = frozenset({"load_taken", "garments_taken"})
MAX_GARMENTS = 200
"""Named by one event."""
MAX_ID = 64


def hear(recorded: Recorded, view: View) -> Iterable[Keep | DeadLetter]:
    """Move the household's garments that a machine speaks of; note the ids that are none of them.

    A garment of another home is noted like one that does not exist.
    """
    event = recorded.event
    if event.type not in NAMING | EMPTYING:
        return
    state = view.state(event.device)
    if state is None or state.device.kind not in MACHINES:
        return
    garments = {one.id: one for one in view.kept_in(Garment, state.device.household)}
    named = _named(event)
    if named is None:
        yield _noted(event, "garments is a list of at most 200 ids")
        return
    unknown = [name for name in named if name not in garments]
    if unknown:
        yield _noted(event, f"{len(unknown)} of {len(named)} garments are none of this home")
    for garment in _concerned(event, named, garments):
        moved = seen_by(garment, _of_this_home(event, state), kind=state.device.kind)
        if moved is not None:
            yield Keep(moved.garment)


def _named(event: DeviceEvent) -> tuple[str, ...] | None:
    names = event.data.get("garments", [])
    if not isinstance(names, list) or len(names) > MAX_GARMENTS:
        return None
    if not all(isinstance(name, str) and len(name) <= MAX_ID for name in names):
        return None
    return tuple(dict.fromkeys(names))


def _concerned(
    event: DeviceEvent, named: tuple[str, ...], garments: Mapping[str, Garment]
) -> Iterator[Garment]:
    """Yield those named; where a machine is emptied and names none, all that it holds."""
    if named or event.type in NAMING:
        yield from (garments[name] for name in named if name in garments)
    else:
        yield from (one for one in garments.values() if one.device == event.device)


def _of_this_home(event: DeviceEvent, state: DeviceState) -> DeviceEvent:
    """Return the event as a cause of its own, and not of a time that is still to come.

    Two machines may give their events the same ids, and a machine whose clock is ahead would hold
    the garment until that time comes.
    """
    at_ms = min(event.at_ms, event.received_ms)
    return replace(event, id=f"{state.device.id}/{event.id}", at_ms=at_ms)


def _noted(event: DeviceEvent, reason: str) -> DeadLetter:
    digest = hashlib.sha256(repr(sorted(event.data.items())).encode()).hexdigest()
    name = hashlib.sha256(f"{event.device}\n{event.id}\nwardrobe".encode()).hexdigest()
    return DeadLetter(
        id=f"w-{name[:16]}",
        device=event.device,
        source="wardrobe",
        topic=f"event {event.type}",
        at_ms=event.received_ms,
        reason=reason,
        payload_hash=digest,
        excerpt="",
    )
