"""A device says what it is, and is that from now on, while the hub runs."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

import msgspec

from hub.errors import InvalidInputError
from hub.model import (
    UNDESCRIBED,
    DeadLetter,
    DescribedKind,
    Description,
    fits_series_of,
)
from hub.model.changes import KindDescribed
from hub.model.view import View

MOST_KINDS = 50
"""Kinds that the devices of one home may describe."""
SUFFIX = 8
"""Hexadecimal digits that tell two descriptions of one name apart."""


def describe(said: Description, view: View) -> Iterable[KindDescribed | DeadLetter]:
    """Give the device the kind it described.

    Two descriptions of one name that differ are two kinds: else the devices of one home could
    change what those of another may say. A home may add to a kind that it alone has.
    """
    state = view.state(said.device)
    if state is None:
        return ()
    known = view.kept(DescribedKind, state.device.kind)
    if known is None and state.device.kind != UNDESCRIBED:
        reason = (
            f"it was claimed as a {state.device.kind}, which says itself what it is; "
            f"claim it as {UNDESCRIBED!r}"
        )
        return (_refused(said, reason),)
    described = _kind_of(said, state.device.household, view)
    if described is known:
        return ()
    if described is None:
        reason = f"{MOST_KINDS} kinds were described in this home; no more are taken"
        return (_refused(said, reason),)
    return (KindDescribed(device=said.device, described=described),)


def _kind_of(said: Description, home: str, view: View) -> DescribedKind | None:
    """Return the kind that the device is of: one that is there, one that grew, or a new one.

    None where the home has described too many: each may become a measurement, for ever.
    """
    for name in (said.kind.name, f"{said.kind.name}_{said.fingerprint[:SUFFIX]}"):
        there = view.kept(DescribedKind, name)
        if there is None:
            if not view.has_kind(name):
                return _new(said, name, home) if _room_in(home, view) else None
        elif there.fingerprint == said.fingerprint:
            return there if there.household == home else replace(there, shared=True)
        elif there.household == home and not there.shared:
            if fits_series_of(there.kind, said.kind):
                # An older firmware says less; what the newer one said stays.
                return there
            if fits_series_of(said.kind, there.kind):
                return _new(said, name, home)
    message = f"two descriptions of {said.kind.name!r} have one fingerprint"
    raise InvalidInputError(message)


def _room_in(home: str, view: View) -> bool:
    return sum(1 for _ in view.kept_in(DescribedKind, home)) < MOST_KINDS


def _new(said: Description, name: str, home: str) -> DescribedKind:
    return DescribedKind(
        id=name,
        household=home,
        kind=replace(said.kind, name=name),
        fingerprint=said.fingerprint,
        at_ms=said.received_ms,
    )


def _refused(said: Description, reason: str) -> DeadLetter:
    excerpt = msgspec.json.encode(said.kind)[:200].decode("utf-8", "replace")
    return DeadLetter(
        id=f"d-{hashlib.sha256(f'{said.device}|{said.fingerprint}'.encode()).hexdigest()[:16]}",
        device=said.device,
        source="describe",
        topic="description",
        at_ms=said.received_ms,
        reason=reason,
        payload_hash=said.fingerprint,
        excerpt=excerpt,
    )
