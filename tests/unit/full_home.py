"""A home with the real kinds: a fridge, a speaker, phones and watches of two people."""

from collections.abc import Mapping

from devices.fridge import KIND as FRIDGE
from hub.flow import Draft
from hub.model import DeviceEvent, DeviceState, Person, Presence, Sample, Value, presence_id
from tests.unit.small_home import HOME, MINA, T0, known, memory, state

JOON = Person(id="p-joon", name="Joon")
DEVICES = (
    state("f-1", kind="fridge", person=None),
    state("s-1", kind="speaker", person=None),
    state("x-1", kind="washer", person=None),
    state("d-1", kind="dryer", person=None),
    state("ph-mina", kind="phone", person=MINA),
    state("w-mina", person=MINA),
    state("w-joon", person=JOON),
)


def full_home(*devices: DeviceState) -> Draft:
    found = memory(*(devices or DEVICES))
    found.kinds["fridge"] = FRIDGE
    return Draft(found)


def committed(done: Draft) -> Draft:
    """Return the draft of the next group, after this one was committed with what it keeps."""
    done.memory.states.update(done.states)
    for (kind, identity), thing in done.things.items():
        if thing is None:
            done.memory.drop(kind, identity)
        else:
            done.memory.keep(thing)
    return Draft(done.memory)


def said(
    seen: Draft,
    device: str,
    values: Mapping[str, Value],
    *,
    at_ms: int,
    received_ms: int | None = None,
) -> Sample:
    """Return a sample of the device."""
    kind = known(seen, device).device.kind
    return Sample(device, kind, at_ms, at_ms if received_ms is None else received_ms, values)


def happened(
    device: str, kind: str, data: Mapping[str, object], *, name: str = "e-1", at_ms: int = T0
) -> DeviceEvent:
    return DeviceEvent(device=device, id=name, at_ms=at_ms, received_ms=at_ms, type=kind, data=data)


def presence_of(seen: Draft, person: str) -> Presence | None:
    return seen.kept(Presence, presence_id(HOME, person))


def at_home_of(seen: Draft, person: str) -> bool | None:
    """Return whether the person is at home; None where nothing is known."""
    presence = presence_of(seen, person)
    return None if presence is None else presence.at_home
