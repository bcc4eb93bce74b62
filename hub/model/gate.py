"""Who may read whose data, and for what: the one decision that every read of it passes.

Personal is what a device says of the person it is bound to at that time. A device bound to nobody
says it of the home.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.model.people import Purpose, Role

GUARDIANS = frozenset({Role.OWNER, Role.ADULT})
MEMBERS = GUARDIANS | {Role.CHILD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who asks, and what they are in which household."""

    person: str
    roles: Mapping[str, Role] = field(default_factory=dict)
    """By household."""
    is_operator: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose data it is."""

    household: str
    """Where the device lives."""
    person: str | None = None
    """Whom the device was bound to at that time; None: it speaks of the home."""
    role: Role | None = None
    """What that person is in this household."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    allowed: bool
    reason: str
    """For the person who was refused, and for the access log."""


def permits(*, purpose: Purpose, reader: Reader | None, subject: Subject | None) -> Verdict:
    """Return whether `reader` may read data of `subject` for `purpose`.

    Args:
        purpose: what it is read for; nothing is read without one.
        reader: the person who asks; None is the hub itself.
        subject: whose data; None for the installation's own, which is nobody's.
    """
    if reader is None:
        return _hub_itself(purpose)
    match purpose:
        case Purpose.SELF_VIEW | Purpose.ORDERING:
            return _oneself(reader, subject)
        case Purpose.HOUSEHOLD_VIEW:
            return _housemate(reader, subject)
        case Purpose.LINKING:
            return _linker(reader, subject)
        case Purpose.OPERATION:
            return _operator(reader, subject)
        case Purpose.ALERTING:
            return _refused("alerting is the hub's own purpose, never a person's")


def purpose_of(reader: Reader, subject: Subject) -> Purpose:
    """Return for what a person looks at this subject's data."""
    return Purpose.SELF_VIEW if subject.person == reader.person else Purpose.HOUSEHOLD_VIEW


def knows(reader: Reader, subject: Subject) -> bool:
    """Return whether the reader may know that the device exists, and its name.

    A guest knows the home's devices, not those that people wear.
    """
    if subject.person == reader.person:
        return True
    role = reader.roles.get(subject.household)
    return role is not None and (role is not Role.GUEST or subject.person is None)


def shares_home(reader: Reader, subject: Subject) -> Verdict:
    """Return whether the reader may see what people who live together see of each other.

    Who is at home, and whose garments are where: for the adults of the home, who answer the door
    and do the laundry. A child sees its own and what is nobody's.
    """
    role = reader.roles.get(subject.household)
    if role is None or role is Role.GUEST:
        return _refused("only for those who live here")
    if subject.person in (None, reader.person):
        return _allowed("their own, or their home's")
    if role in GUARDIANS:
        return _allowed("adult of the same home")
    return _refused("the adults of the home see this of others")


def manages(reader: Reader, subject: Subject) -> Verdict:
    """Return whether the reader may hand the device on, renew its token, or set its rules.

    Nobody does so with what another adult wears: a rule or a new binding would show them
    readings that the gate keeps from them.
    """
    if reader.roles.get(subject.household) not in GUARDIANS:
        return _refused("only an owner or adult of the household may change this")
    if subject.person in (None, reader.person) or subject.role is Role.CHILD:
        return _allowed("owner or adult of the household")
    return _refused("the device is bound to another adult, who alone may change this")


def administers(reader: Reader, subject: Subject) -> Verdict:
    """Return whether the reader may rename the device or shut it out."""
    if reader.roles.get(subject.household) is Role.OWNER:
        return _allowed("owner of the household")
    return manages(reader, subject)


def _hub_itself(purpose: Purpose) -> Verdict:
    if purpose is Purpose.ALERTING:
        return _allowed("the hub compares a reading with the person's own limit")
    return _refused("the hub reads for alerting only")


def _oneself(reader: Reader, subject: Subject | None) -> Verdict:
    if subject is not None and subject.person == reader.person:
        return _allowed("their own")
    return _refused("not their own")


def _housemate(reader: Reader, subject: Subject | None) -> Verdict:
    if subject is None:
        return _refused("no household")
    role = reader.roles.get(subject.household)
    if role is None:
        return _refused("not of this household")
    if role is Role.GUEST:
        return _refused("guests see no readings")
    if subject.person is None:
        return _allowed("a device of their home")
    if subject.role is Role.CHILD and role in GUARDIANS:
        return _allowed("guardian of a child of this household")
    return _refused("the device is bound to another person")


def _linker(reader: Reader, subject: Subject | None) -> Verdict:
    if subject is None:
        return _refused("no household")
    if subject.person == reader.person:
        return _allowed("their own, by a link of their own")
    if subject.person is None and reader.roles.get(subject.household) in MEMBERS:
        return _allowed("what the home says, by a link of a member's own")
    return _refused("a link sees of people only the one who made it")


def _operator(reader: Reader, subject: Subject | None) -> Verdict:
    if not reader.is_operator:
        return _refused("operators only")
    if subject is not None:
        return _refused("operation never needs what a device says of a person or a home")
    return _allowed("operator")


def _allowed(reason: str) -> Verdict:
    return Verdict(allowed=True, reason=reason)


def _refused(reason: str) -> Verdict:
    return Verdict(allowed=False, reason=reason)
